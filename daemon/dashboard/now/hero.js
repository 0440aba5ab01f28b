// @ts-check
/** What goes on, how far it is, and the large buttons. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Status } from "../net/types.js" */

import { busy, CONTROL, finish, halt, startQueue } from "../app/actions.js";
import { may } from "../app/app.js";
import { controls, press } from "../app/controls.js";
import { planTitle, stateOf } from "../app/summary.js";
import { h, show, write } from "../base/dom.js";
import { duration, moment } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t, term } from "../messages/index.js";
import { watchRun } from "../run/chosen.js";
import { budget, chooses, gridPoints } from "../run/facts.js";
import { timeLeft } from "../run/times.js";

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function hero(app, scope) {
  const pill = h("span", { class: "pill large" });
  const title = h("h2", { class: "hero-title" });
  const about = h("p", { class: "hero-about" });
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("now.progress") });
  const points = h("strong", {});
  const left = h("span", {});
  const progress = h("div", { class: "hero-progress" }, bar, h("div", { class: "hero-numbers" }, points, left));
  const element = h("section", { class: "card hero", "aria-label": t("now.state") }, h("div", { class: "hero-words" }, h("div", { class: "hero-line" }, pill, title), about, progress), buttons(app, scope));
  const draw = () => {
    const status = app.feed.status.value;
    const { word, tone } = stateOf(status);
    write(pill, word);
    pill.className = `pill large ${tone}`;
    write(title, headline(app, status));
    write(about, details(app, status));
    const run = app.runs.run.value;
    const live = run && status?.run?.uid === run.uid;
    show(progress, live);
    if (!live || !run) return;
    const all = budget(run);
    show(bar, all);
    const done = Math.max(status.run?.points ?? 0, run.primary.length);
    if (all) bar.value = Math.min(done / all, 1);
    const grid = gridPoints(run);
    const early = chooses(run);
    write(points, all ? t(early ? "now.of-long" : "now.of-all", { points: done, all }) : t("now.points", { points: done }));
    const rest = timeLeft(run);
    write(left, [rest ? t(early ? "now.left-most" : "now.left", { time: duration(rest) }) : "", grid && grid !== all ? t("now.grid", { grid }) : ""].filter(Boolean).join(" · "));
  };
  const paint = scope.painter(draw);
  app.feed.status.watch(scope, paint);
  watchRun(app.runs.run, scope, paint);
  scope.every(1, paint);
  return element;
}

/**
 * @param {App} app
 * @param {Status | null} status
 */
function headline(app, status) {
  if (!status) return t("now.connecting");
  if (status.item) return planTitle(status.item.plan);
  if (status.engine_state === null) return t("now.away");
  if (status.queue_length) return t("now.waiting", { count: status.queue_length });
  return t("now.idle");
}

/**
 * @param {App} app
 * @param {Status | null} status
 */
function details(app, status) {
  const run = app.runs.run.value;
  if (status && status.engine_state === null) return status.processes.engine.detail;
  const mine = run?.loaded ? run : null;
  if (!mine?.start.uid) return status ? t("now.nothing-yet") : "";
  const { start } = mine;
  const live = status?.run?.uid === mine.uid;
  const sample = typeof start.sample === "object" ? start.sample?.name : start.sample;
  const names = [sample, start.operator, start.proposal].filter(Boolean).map(String);
  const scan = t("now.scan", { scan: start.scan_id ?? "–" });
  if (live) return [scan, ...names, t("now.since", { time: moment(start.time) })].join(" · ");
  const ending = mine.stop ? term("exit", mine.stop.exit_status) : "";
  return t("now.last", { scan, plan: planTitle(String(start.plan_name ?? "")), ending, time: moment(mine.stop?.time ?? start.time) });
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function buttons(app, scope) {
  const place = h("div", { class: "hero-buttons" });
  if (!may(app, CONTROL)) return place;
  const start = h("button", { type: "button", class: "button primary large", onclick: () => press(start, () => startQueue(app)) }, icon("play"), t("action.start-queue"));
  const fresh = h("a", { class: "button large", href: "#/queue?new=" }, icon("plus"), t("action.new-scan"));
  const more = h(
    "details",
    { class: "more" },
    h("summary", { class: "button large", "aria-label": t("action.more") }, icon("more")),
    h("div", { class: "menu-body card" }, entry(t("action.finish"), () => finish(app)), entry(t("action.halt"), () => halt(app))),
  );
  scope.listen(document, "click", (event) => !more.contains(event.target) && more.removeAttribute("open"));
  place.append(controls(app, scope, "large"), more, start, fresh);
  app.feed.status.watch(scope, (status) => {
    const active = busy(app);
    show(more, active);
    show(start, status && !active && status.queue_length > 0 && !status.queue_running);
    show(fresh, status && !active);
  });
  return place;

  /**
   * @param {string} text
   * @param {() => unknown} action
   */
  function entry(text, action) {
    const act = () => {
      more.removeAttribute("open");
      action();
    };
    return h("button", { type: "button", class: "button wide", onclick: act }, text);
  }
}
