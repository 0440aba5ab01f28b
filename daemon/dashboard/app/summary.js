// @ts-check
/** The state of the instrument in one line, at the top of every view. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */
/** @import { Status } from "../net/types.js" */

import { h, show, write } from "../base/dom.js";
import { duration } from "../base/format.js";
import { t, term } from "../messages/index.js";
import { budget } from "../run/facts.js";
import { timeLeft } from "../run/times.js";

/**
 * How the engine is, as one word and the tone of its colour.
 * @param {Status | null} status
 * @returns {{word: string, tone: string}}
 */
export function stateOf(status) {
  if (!status) return { word: t("state.unknown"), tone: "off" };
  if (status.engine_state === null) return { word: t("state.away"), tone: "bad" };
  if (status.suspended) return { word: t("state.suspended"), tone: "warn" };
  const tones = /** @type {Record<string, string>} */ ({ running: "good", paused: "warn", pausing: "warn", panicked: "bad", idle: "off" });
  return { word: term("state", status.engine_state), tone: tones[status.engine_state] ?? "warn" };
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function summary(app, scope) {
  const pill = h("span", { class: "pill" });
  const plan = h("span", { class: "summary-plan" });
  const bar = h("progress", { class: "summary-bar", max: 1, value: 0, "aria-label": t("now.progress") });
  const left = h("span", { class: "summary-left" });
  const draw = () => {
    const status = app.feed.status.value;
    const { word, tone } = stateOf(status);
    write(pill, word);
    pill.className = `pill ${tone}`;
    const run = app.runs.run.value;
    const live = run && status?.run?.uid === run.uid;
    write(plan, status?.item ? planTitle(status.item.plan) : "");
    const all = live ? budget(run) : null;
    const points = status?.run?.points ?? 0;
    show(bar, live && all);
    if (all) bar.value = Math.min(points / all, 1);
    const rest = live ? timeLeft(run) : null;
    write(left, live ? [all ? t("now.of", { points, all }) : t("now.points", { points }), rest ? t("now.left", { time: duration(rest) }) : ""].filter(Boolean).join(" · ") : "");
  };
  const paint = scope.painter(draw);
  app.feed.status.watch(scope, paint);
  app.runs.run.watch(scope, paint);
  return h("div", { class: "summary", role: "status", "aria-live": "off" }, pill, plan, bar, left);
}

/** A plan's name as people read it. @param {string} name */
export function planTitle(name) {
  return term("plan", name).replaceAll("_", " ");
}

/** What a plan does, in the page's language. @param {{name: string, description: string}} plan */
export function planAbout({ name, description }) {
  const found = term("does", name);
  return found === name ? description : found;
}
