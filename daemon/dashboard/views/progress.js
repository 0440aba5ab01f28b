// @ts-check
/** How fast a run comes to its result, and where its time goes. */

/** @import { View } from "../app/app.js" */

import { themeColour } from "../app/preferences.js";
import { address } from "../app/router.js";
import { empty } from "../app/shell.js";
import { h, show } from "../base/dom.js";
import { Chart } from "../chart/plotly.js";
import { t } from "../messages/index.js";
import { bestSoFar } from "../now/pictures.js";
import { ratePerHour, stageColumns } from "../progress/columns.js";
import { Totals } from "../progress/totals.js";
import { chosenRun, watchRun } from "../run/chosen.js";
import { isStack, maximizes, objective, objectiveUnit, rowsByPoint, values } from "../run/facts.js";
import { runTitle } from "../run/title.js";

/** @import { Run } from "../run/run.js" */

/** @type {View} */
export function view(app, root, scope, words) {
  const runs = chosenRun(app, scope, words);
  const charts = {
    best: new Chart(scope, t("progress.best"), "convergence", t("progress.best-about")),
    rate: new Chart(scope, t("progress.rate"), "points-per-hour", t("progress.rate-about")),
    instrument: new Chart(scope, t("progress.instrument"), "instrument-time"),
    computer: new Chart(scope, t("progress.computer"), "computer-time", t("progress.computer-about")),
  };
  const totals = new Totals();
  const grid = h("div", { class: "charts", hidden: true }, ...Object.values(charts).map((chart) => chart.element), totals.element);
  const nothing = empty("progress", t("progress.none"), t("progress.none-text"));
  root.append(h("div", { class: "title-row" }, h("h1", { class: "title" }, t("view.progress")), runTitle(runs, scope)), nothing, grid);
  charts.best.clicked = (point) => runs.value && (location.hash = address("map", { run: words.get("run"), point: Math.round(point.x) }));
  const draw = scope.painter(() => {
    const run = runs.value;
    const there = run !== null && run.primary.length > 0;
    show(grid, there);
    show(nothing, !there);
    if (!run || !there) return;
    show(charts.best.element, !isStack(run));
    if (!isStack(run)) convergence(charts.best, run);
    rate(charts.rate, run);
    stages(charts.instrument, run, "instrument");
    stages(charts.computer, run, "computer");
    totals.show(run);
  });
  watchRun(runs, scope, draw);
}

/**
 * @param {Chart} chart
 * @param {Run} run
 */
function convergence(chart, run) {
  const y = values(run);
  const x = Array.from(y, (_, index) => index + 1);
  const best = bestSoFar(y, maximizes(run));
  const rows = rowsByPoint(run);
  const error = x.map((point) => run.suggestions.number("agent_error", rows.get(point) ?? -1));
  const many = x.length > 2000;
  const dots = { x, y: Array.from(y), error_y: { type: "data", array: error, visible: x.length <= 200 && error.some(Number.isFinite), thickness: 1, width: 2 }, mode: "markers", marker: { size: many ? 3 : 6, color: themeColour("--series-7") }, name: t("progress.value"), type: "scatter" };
  const line = { x, y: Array.from(best), mode: "lines", line: { shape: "hv", width: 2.5, color: themeColour("--series-1") }, name: t("progress.best"), hoverinfo: "skip", type: "scatter" };
  chart.numbers = () => ({ point: x, value: y, error, best_so_far: best });
  const title = [objective(run), objectiveUnit(run)].filter(Boolean).join(" / ");
  chart.show([dots, line], { xaxis: { title: t("progress.point"), rangemode: "tozero" }, yaxis: { title } });
}

/**
 * @param {Chart} chart
 * @param {Run} run
 */
function rate(chart, run) {
  const { seconds, wall, instrument } = ratePerHour(run);
  const { unit, size } = timeUnit(seconds.at(-1) ?? 0);
  const x = Array.from(seconds, (each) => each / size);
  const line = (/** @type {ArrayLike<number>} */ y, /** @type {string} */ name, /** @type {string} */ tint) => ({ x, y: Array.from(y), mode: "lines", name, line: { color: themeColour(tint), width: 2 }, type: "scatter" });
  chart.numbers = () => ({ seconds, by_the_daemons_clock: wall, by_the_instruments_clock: instrument });
  const traces = [line(wall, t("progress.rate-wall"), "--series-1")];
  if (instrument.some((each, index) => Math.abs(each - wall[index]) > 0.05 * wall[index])) traces.push(line(instrument, t("progress.rate-instrument"), "--series-2"));
  chart.show(traces, { xaxis: { title: t("progress.since", { unit }), rangemode: "tozero" }, yaxis: { title: t("progress.rate"), rangemode: "tozero" } });
}

/** The unit in which a time is written on an axis. @param {number} seconds */
function timeUnit(seconds) {
  if (seconds > 3 * 3600) return { unit: "h", size: 3600 };
  return seconds > 300 ? { unit: "min", size: 60 } : { unit: "s", size: 1 };
}

/**
 * @param {Chart} chart
 * @param {Run} run
 * @param {"instrument" | "computer"} whose
 */
function stages(chart, run, whose) {
  const { points, columns, unit } = stageColumns(run, whose);
  const there = Object.entries(columns).filter(([, y]) => y.some(Number.isFinite));
  const traces = there.map(([stage, y]) => ({ x: points, y, type: "bar", name: t(/** @type {any} */ (`stage.${stage}`)) }));
  chart.numbers = () => ({ point: points, ...Object.fromEntries(Object.entries(columns).map(([stage, y]) => [`${stage} (${unit})`, y])) });
  chart.show(traces, { barmode: "stack", bargap: 0.12, xaxis: { title: t("progress.point") }, yaxis: { title: t("progress.time", { unit }) } });
}
