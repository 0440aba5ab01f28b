// @ts-check
/** Says across the page that what it shows is old, that somebody else is in control, or why the scan waits. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { h, show, write } from "../base/dom.js";
import { duration, moment } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { lockedBy } from "./app.js";

const TOLD = 8;
const SKEWED = 30;

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function banners(app, scope) {
  const stale = banner("bad", "warning");
  const back = banner("good", "history");
  const waits = banner("warn", "pause");
  const locked = banner("info", "lock");
  const skewed = banner("warn", "history");
  let until = 0;
  const draw = () => {
    const link = app.feed.link.value;
    const status = app.feed.status.value;
    const silent = (performance.now() - link.heard) / 1000;
    document.documentElement.classList.toggle("is-stale", link.stale);
    stale.say(link.stale && t("banner.stale", { time: duration(Math.floor(silent)) }) + (link.error && ` (${link.error})`));
    if (!link.stale && link.gap) {
      until = performance.now() + 1000 * TOLD;
      back.say(t("banner.back", { time: duration(link.gap) }));
      link.gap = 0;
    } else if (performance.now() > until || link.stale) back.say(false);
    const why = status?.suspended;
    waits.say(why ? t("banner.suspended", { reason: why.reason, since: moment(why.since) }) : status?.engine_state === "paused" && status.paused_by && t("banner.paused", { reason: status.paused_by }));
    const lock = lockedBy(app);
    locked.say(lock && t("banner.locked", { holder: lock.holder, since: moment(lock.since), note: lock.note || t("lock.no-note") }));
    skewed.say(Math.abs(app.feed.skew) > SKEWED && status && t("banner.skew", { time: duration(Math.abs(app.feed.skew)) }));
  };
  app.feed.link.watch(scope, draw);
  app.feed.status.watch(scope, draw);
  scope.every(0.5, draw);
  return h("div", { class: "banners" }, stale.element, back.element, waits.element, locked.element, skewed.element);
}

/**
 * @param {string} tone
 * @param {import("../base/icons.js").Icon} sign
 */
function banner(tone, sign) {
  const text = h("span", {});
  const element = h("div", { class: `banner ${tone}`, role: tone === "bad" ? "alert" : "status", hidden: true }, icon(sign), text);
  /** @param {string | false | null | undefined | 0} words */
  const say = (words) => {
    show(element, words);
    if (words) write(text, words);
  };
  return { element, say };
}
