// @ts-check
/** The numbers of the charts about time. */

/** @import { Run } from "../run/run.js" */

import { COMPUTER, instrumentTimes } from "../run/times.js";

const WINDOW = 10;
/** More bars than this are means of several points. */
const BARS = 240;

/**
 * Points per hour over the last ten, by both clocks.
 * @param {Run} run
 * @returns {{seconds: Float64Array, wall: Float64Array, instrument: Float64Array}} since the start, and points per hour
 */
export function ratePerHour(run) {
  const wall = Float64Array.from(run.primary.column("time"), Number);
  const { done } = instrumentTimes(run);
  const start = Number(run.start.time ?? wall[0]);
  const count = Math.max(wall.length - 1, 0);
  const rates = (/** @type {Float64Array} */ times) => {
    return Float64Array.from({ length: count }, (_, index) => {
      const from = Math.max(index + 1 - WINDOW, 0);
      const span = times[index + 1] - times[from];
      return span > 0 ? (3600 * (index + 1 - from)) / span : NaN;
    });
  };
  return { seconds: Float64Array.from({ length: count }, (_, index) => wall[index + 1] - start), wall: rates(wall), instrument: rates(done) };
}

/**
 * Seconds or milliseconds per stage and point; of long runs, means of several points.
 * @param {Run} run
 * @param {"instrument" | "computer"} whose
 * @returns {{points: number[], columns: Record<string, number[]>, unit: string}}
 */
export function stageColumns(run, whose) {
  const all = whose === "instrument" ? instrumentStages(run) : computerStages(run);
  const length = Math.max(0, ...Object.values(all).map((values) => values.length));
  const step = Math.max(Math.ceil(length / BARS), 1);
  const points = Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step + 1 + (step - 1) / 2);
  const columns = Object.fromEntries(Object.entries(all).map(([stage, values]) => [stage, points.map((_, index) => mean(values, index * step, (index + 1) * step))]));
  return { points, columns, unit: whose === "instrument" ? "s" : "ms" };
}

/** @param {Run} run @returns {Record<string, ArrayLike<number>>} */
export function instrumentStages(run) {
  const { motion, exposure } = instrumentTimes(run);
  return { motion, exposure };
}

/** @param {Run} run @returns {Record<string, ArrayLike<number>>} */
export function computerStages(run) {
  const found = Object.entries(COMPUTER).map(([stage, column]) => [stage, run.suggestions.column(column).map((value) => (typeof value === "number" ? value : NaN))]);
  return Object.fromEntries(found);
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} from
 * @param {number} to
 */
function mean(values, from, to) {
  let [sum, count] = [0, 0];
  for (let index = from; index < Math.min(to, values.length); index++) {
    if (!Number.isFinite(values[index])) continue;
    sum += values[index];
    count += 1;
  }
  return count ? sum / count : NaN;
}
