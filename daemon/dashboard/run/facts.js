// @ts-check
/** What a run has come to: the same facts as the terminal and the report show, worked out the same way. */

/** @import { Run } from "./run.js" */
/** @import { Region } from "../net/types.js" */

/**
 * @typedef {object} Axis
 * @property {string} name
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {number | null} points positions of the grid; null where there is none
 */

/**
 * @typedef {object} Choice
 * @property {number} number of the point, from 1
 * @property {number[]} position
 * @property {string} kind
 * @property {number} mean
 * @property {number} deviation
 * @property {number} acquisition
 */

/**
 * @typedef {object} Best
 * @property {number} value
 * @property {number} error
 * @property {number[]} position
 * @property {number} number of the point, from 1
 */

/** @param {Run} run @returns {Record<string, any>} */
export function parameters(run) {
  const found = run.start.parameters ?? run.start.plan_args;
  return found && typeof found === "object" && typeof found.axes === "object" ? found : {};
}

/** @param {Run} run @returns {Axis[]} */
export function axes(run) {
  return Object.entries(parameters(run).axes ?? {}).map(([name, axis]) => ({
    name,
    unit: run.primary.units[name] ?? "",
    low: axis.low,
    high: axis.high,
    points: axis.points ?? null,
  }));
}

/** @param {Run} run @returns {boolean} */
export function maximizes(run) {
  return parameters(run).maximize ?? true;
}

/** What is sought; where nothing is, the detector's main reading. @param {Run} run @returns {string} */
export function objective(run) {
  const wanted = parameters(run).objective;
  if (wanted) return wanted;
  for (const name of run.start.detectors ?? []) {
    const first = (run.keys[name] ?? []).find((key) => run.primary.columns.has(key));
    if (first) return first;
  }
  return "";
}

/** The objective's unit, where it is a reading. @param {Run} run */
export function objectiveUnit(run) {
  return run.primary.units[objective(run)] ?? "";
}

/** Positions of the full grid. @param {Run} run @returns {number | null} */
export function gridPoints(run) {
  const counts = axes(run).map((axis) => axis.points);
  return counts.length && counts.every(Boolean) ? counts.reduce((all, each) => /** @type {number} */ (all) * /** @type {number} */ (each), 1) : null;
}

/** The largest number of points. @param {Run} run @returns {number | null} */
export function budget(run) {
  return parameters(run).points ?? run.start.num_points ?? gridPoints(run);
}

/** Whether it is a stack of frames over the photon energy, which has no best point. @param {Run} run */
export function isStack(run) {
  return "components" in parameters(run);
}

/** Whether every next point is chosen, and the scan may end before all are measured. @param {Run} run */
export function chooses(run) {
  const { adaptive, surrogate } = parameters(run);
  return Boolean(adaptive) || surrogate !== undefined || run.suggestions.column("agent_next_kind").some(Boolean);
}

/** @param {Run} run @returns {Region[]} */
export function forbidden(run) {
  return parameters(run).forbidden ?? [];
}

/** Row of the suggestions by the number of the point. @param {Run} run */
export function rowsByPoint(run) {
  const points = run.suggestions.column("agent_point");
  return new Map(points.map((point, row) => [Number(point), row]));
}

/** The objective of every point, in order; NaN where it is not known. @param {Run} run @returns {Float64Array} */
export function values(run) {
  const found = new Float64Array(run.primary.length).fill(NaN);
  const newest = run.scores;
  if (run.suggestions.length) {
    const points = run.suggestions.column("agent_point");
    for (let row = 0; row < points.length; row++) {
      const index = Number(points[row]) - 1;
      if (index >= 0 && index < found.length) found[index] = run.suggestions.number("agent_value", row);
    }
  } else {
    const key = objective(run);
    for (let row = 0; row < found.length; row++) found[row] = run.primary.number(key, row);
  }
  for (let row = 0; row < Math.min(newest.length, found.length); row++) found[row] = newest[row];
  return found;
}

/** Where every point was measured, axis by axis. @param {Run} run @returns {Float64Array[]} */
export function positions(run) {
  return axes(run).map((axis) => {
    const found = new Float64Array(run.primary.length);
    for (let row = 0; row < found.length; row++) found[row] = run.primary.number(axis.name, row);
    return found;
  });
}

/** The best point so far, as the analyst sees it. @param {Run} run @returns {Best | null} */
export function best(run) {
  const all = values(run);
  const sign = maximizes(run) ? 1 : -1;
  let winner = -1;
  for (let row = 0; row < all.length; row++) {
    if (Number.isFinite(all[row]) && (winner < 0 || sign * all[row] > sign * all[winner])) winner = row;
  }
  if (winner < 0) return null;
  const names = axes(run).map((axis) => axis.name);
  const last = run.suggestions.length - 1;
  const told = run.suggestions.number("agent_best_value", last);
  const place = names.map((name) => run.suggestions.number(`agent_best_${name}`, last));
  const known = Number.isFinite(told) && place.length > 0 && place.every(Number.isFinite);
  if (known) winner = nearest(run, names, place) ?? winner;
  const row = rowsByPoint(run).get(winner + 1) ?? -1;
  const value = known ? told : all[winner];
  const error = value === run.suggestions.number("agent_value", row) ? run.suggestions.number("agent_error", row) : NaN;
  return { value, error, position: names.map((name) => run.primary.number(name, winner)), number: winner + 1 };
}

/**
 * @param {Run} run
 * @param {string[]} names
 * @param {number[]} place
 */
function nearest(run, names, place) {
  let found = null;
  let least = Infinity;
  for (let row = 0; row < run.primary.length; row++) {
    const distance = Math.hypot(...names.map((name, axis) => run.primary.number(name, row) - place[axis]));
    if (distance < least) [found, least] = [row, distance];
  }
  return found;
}

/** Where the next point will be measured, and why; null where nobody has chosen, or the run has ended. @param {Run} run @returns {Choice | null} */
export function choice(run) {
  const row = run.suggestions.length - 1;
  if (row < 0 || run.stop) return null;
  const position = axes(run).map((axis) => run.suggestions.number(`agent_next_${axis.name}`, row));
  if (!position.length || !position.every(Number.isFinite)) return null;
  const [mean, deviation, acquisition] = ["mean", "deviation", "acquisition"].map((name) => run.suggestions.number(`agent_next_${name}`, row));
  const kind = run.suggestions.text("agent_next_kind", row);
  return { number: run.suggestions.number("agent_point", row) + 1, position, kind, mean, deviation, acquisition };
}

/** Why a point was measured; null where nobody chose. @param {Run} run @param {number} number @returns {Choice | null} */
export function reason(run, number) {
  const row = rowsByPoint(run).get(number);
  if (row === undefined || !run.suggestions.text("agent_kind", row)) return null;
  const [mean, deviation, acquisition] = ["mean", "deviation", "acquisition"].map((name) => run.suggestions.number(`agent_${name}`, row));
  const position = axes(run).map((axis) => run.suggestions.number(`agent_${axis.name}`, row));
  return { number, position, kind: run.suggestions.text("agent_kind", row), mean, deviation, acquisition };
}

/**
 * The expected improvement over the best value so far, in the objective's unit; NaN without a model.
 * EI = σ (u Φ(u) + φ(u)) with u = (μ − best) / σ, after Jones, Schonlau and Welch (1998), eq. 15.
 * @param {Choice} choice
 * @param {number} best
 * @param {boolean} maximize
 */
export function improvement(choice, best, maximize) {
  if (!(choice.deviation > 0)) return NaN;
  const gain = maximize ? choice.mean - best : best - choice.mean;
  const u = gain / choice.deviation;
  return choice.deviation * (u * cumulative(u) + Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI));
}

/** Φ, to seven digits (Abramowitz and Stegun, 26.2.17). @param {number} u */
function cumulative(u) {
  const k = 1 / (1 + 0.2316419 * Math.abs(u));
  const series = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
  const tail = (Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI)) * series;
  return u >= 0 ? 1 - tail : tail;
}
