// @ts-check
/** How long the analyst takes, and how late the engine's loop was. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Run } from "../run/run.js" */

import { h, show } from "../base/dom.js";
import { facts } from "../base/facts.js";
import { count, duration } from "../base/format.js";
import { saveButtons, savePicture, saveTable } from "../base/save.js";
import { drawLines } from "../chart/lines.js";
import { t } from "../messages/index.js";
import { themed } from "../app/preferences.js";
import { watchRun } from "../run/chosen.js";
import { median } from "../run/times.js";

const LAST = 120;

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function latencyCard(app, scope) {
  const list = facts(["health.ask", "health.analyse", "health.waited", "health.late", "health.stalls"]);
  const chart = h("canvas", { class: "small-chart low-chart", role: "img", "aria-label": t("health.latency") });
  const saves = saveButtons(() => savePicture(chart, "analyst"), () => app.runs.run.value && save(app.runs.run.value));
  const paint = scope.painter(() => {
    const run = app.runs.run.value;
    if (!run) return;
    const column = (/** @type {string} */ name) => run.suggestions.column(name).map((value) => (typeof value === "number" ? value : NaN));
    const [ask, analyse, tell, waited] = ["agent_milliseconds", "agent_analyse_ms", "agent_tell_ms", "agent_waiting_ms"].map(column);
    const typical = (/** @type {number[]} */ values) => (values.length ? t("health.typical", { median: duration(median(values) / 1000), last: duration(values[values.length - 1] / 1000) }) : "–");
    list.write("health.ask", typical(ask));
    list.write("health.analyse", typical(analyse.map((value, index) => value + tell[index])));
    list.write("health.waited", typical(waited));
    const live = app.feed.status.value;
    const loop = (live?.run?.uid === run.uid && live.engine?.loop) || run.detail?.statistics?.loop;
    list.write("health.late", loop ? t("health.loop-late", { p99: duration(loop.p99 / 1000), worst: duration(loop.worst / 1000) }) : "");
    list.write("health.stalls", loop ? count(loop.stalls) : "");
    const y = ask.slice(-LAST);
    for (const element of [chart, saves]) show(element, y.some(Number.isFinite));
    drawLines(chart, [{ x: y.map((_, index) => ask.length - y.length + index + 1), y, colour: "--accent" }], { x: t("progress.point"), y: t("health.ask-ms"), whole: true });
  });
  watchRun(app.runs.run, scope, paint);
  themed.watch(scope, paint);
  scope.resized(chart, paint);
  return h("section", { class: "card" }, h("h2", {}, t("health.latency")), list.element, chart, saves);
}

/** How long the analyst took, point by point. @param {Run} run */
function save(run) {
  const { suggestions } = run;
  const names = ["milliseconds", "analyse_ms", "tell_ms", "waiting_ms"];
  saveTable({ point: suggestions.column("agent_point"), ...Object.fromEntries(names.map((name) => [name, suggestions.column(`agent_${name}`)])) }, "analyst");
}
