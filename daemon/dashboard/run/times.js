// @ts-check
/** Where the time of a run goes: the instrument's by its own clock, the computer's as it was measured. */

/** @import { Run } from "./run.js" */

import { axes, budget, gridPoints, parameters } from "./facts.js";

/** Stages that take the computer's time, with their columns in the stream of suggestions. */
export const COMPUTER = /** @type {const} */ ({
  record: "agent_record_ms",
  analyse: "agent_analyse_ms",
  tell: "agent_tell_ms",
  ask: "agent_milliseconds",
});

/**
 * @typedef {object} InstrumentTimes
 * @property {Float64Array} motion per point, s
 * @property {Float64Array} exposure per point, s
 * @property {Float64Array} done when each point was exposed, s on the instrument's clock
 */

/** @param {Run} run @returns {InstrumentTimes} */
export function instrumentTimes(run) {
  const table = run.primary;
  const columns = axes(run).map((axis) => table.column(`ts_${axis.name}`));
  const detectors = (run.start.detectors ?? []).flatMap((/** @type {string} */ name) => run.keys[name] ?? []);
  const stamps = [...table.columns.keys()].filter((name) => name.startsWith("ts_"));
  const wanted = detectors.map((/** @type {string} */ key) => `ts_${key}`).filter((/** @type {string} */ key) => table.columns.has(key));
  const read = (wanted.length ? wanted : stamps).map((/** @type {string} */ name) => table.column(name));
  const standard = exposureTime(run);
  const motion = new Float64Array(table.length);
  const exposure = new Float64Array(table.length);
  const done = new Float64Array(table.length);
  for (let row = 0; row < table.length; row++) {
    done[row] = latest(read, row);
    const arrived = latest(columns, row);
    // Axes that tell their position when they are asked, and not when they arrived, do not tell these two apart.
    exposure[row] = done[row] > arrived ? done[row] - arrived : standard;
    if (row > 0) {
      const span = Math.max(done[row] - done[row - 1], 0);
      motion[row] = Math.max(span - exposure[row], 0);
      exposure[row] = Math.min(exposure[row], span);
    }
  }
  return { motion, exposure, done };
}

/** Instrument time from the first motion to the last reading, s. @param {InstrumentTimes} times */
export function spent(times) {
  let all = 0;
  for (let row = 0; row < times.motion.length; row++) all += finite(times.motion[row]) + finite(times.exposure[row]);
  return all;
}

/**
 * Estimated instrument time of the full grid, s: every position is exposed like the measured ones, and between them
 * the fastest axis makes one step. Null without a grid.
 * @param {Run} run
 * @param {InstrumentTimes} times
 */
export function gridSeconds(run, times) {
  const all = gridPoints(run);
  const steps = axes(run).map((axis) => step(run, axis)).filter((seconds) => seconds !== null);
  if (!all || !steps.length || !times.exposure.length) return null;
  return all * (Math.min(...steps) + median(times.exposure));
}

/**
 * @param {Run} run
 * @param {{name: string, low: number, high: number, points: number | null}} axis
 */
function step(run, axis) {
  const speed = run.configuration[`${axis.name}_speed`];
  if (!axis.points || axis.points < 2 || !(speed > 0)) return null;
  const settling = run.configuration[`${axis.name}_settling_time`] ?? 0;
  return (axis.high - axis.low) / (axis.points - 1) / speed + Math.max(settling, 0);
}

/** @param {Run} run */
function exposureTime(run) {
  const found = Object.entries(run.configuration).filter(([key, value]) => key.endsWith("_exposure_time") && value > 0);
  return Math.max(0, ...found.map(([, value]) => value));
}

/**
 * Seconds between points by the daemon's clock: of the last few, for it may change.
 * @param {Run} run
 */
export function pace(run) {
  const times = run.primary.column("time").slice(-12).map(Number);
  const steps = times.slice(1).map((time, index) => time - times[index]);
  return steps.length ? median(steps) : null;
}

/** How long the run still takes at the most, s; null where nobody can say. @param {Run} run */
export function timeLeft(run) {
  const all = budget(run);
  const seconds = pace(run);
  if (all === null || seconds === null || run.stop) return null;
  const rest = Math.max(all - run.primary.length, 0) * seconds;
  const limit = parameters(run).time_budget;
  if (!limit) return rest;
  return Math.min(rest, Math.max(limit - spent(instrumentTimes(run)), 0));
}

/** @param {ArrayLike<number>} values */
export function median(values) {
  const sorted = Array.from(values).filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return 0;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param {(number | string | null)[][]} columns
 * @param {number} row
 */
function latest(columns, row) {
  let found = NaN;
  for (const column of columns) {
    const value = column[row];
    if (typeof value === "number" && !(value <= found)) found = value;
  }
  return found;
}

/** @param {number} value */
function finite(value) {
  return Number.isFinite(value) ? value : 0;
}
