// @ts-check
/** What the model makes of the search space: its mean, its deviation and the acquisition function, as the analyst wrote them. */

/** @import { Api } from "../net/api.js" */
/** @import { Run } from "./run.js" */

/** @typedef {"mean" | "deviation" | "acquisition"} Layer */

/** @type {Layer[]} */
export const LAYERS = ["mean", "deviation", "acquisition"];

const ANALYSIS = "optimization";
const SCATTERED = "candidate";

/**
 * @typedef {object} Maps
 * @property {string[]} dimensions of each map, the slowest first; `candidate` where there is no grid
 * @property {number[]} shape
 * @property {Record<string, Float64Array>} coordinates by axis
 * @property {Record<Layer, Float64Array>} layers
 * @property {number} points how many points the run had when they were fetched
 */

/**
 * Fetch them.
 * @param {Api} api
 * @param {Run} run
 * @returns {Promise<Maps | null>} null where there are none
 */
export async function fetchMaps(api, run) {
  const points = run.primary.length;
  const facts = run.detail?.analyses[ANALYSIS] ?? [];
  const mean = facts.find((each) => each.key === "mean");
  if (!mean) return null;
  const names = facts.map((each) => each.key).filter((key) => key !== "error");
  const arrays = await Promise.all(names.map((key) => api.array(`/runs/${run.uid}/analyses/${ANALYSIS}/${encodeURIComponent(key)}`)));
  const found = Object.fromEntries(names.map((name, index) => [name, arrays[index].values]));
  const { mean: expected, deviation, acquisition, value, ...coordinates } = found;
  if (value) run.scores = Array.from(value);
  const size = mean.shape.reduce((all, each) => all * each, 1);
  // An analyst that is just writing may have replaced some of them already by those of another space.
  if (!deviation || !acquisition || [expected, deviation, acquisition].some((each) => each.length !== size)) return null;
  return { dimensions: mean.dimensions, shape: mean.shape, coordinates, layers: { mean: expected, deviation, acquisition }, points };
}

/** Whether the maps are values on a grid. @param {Maps} maps */
export function gridded(maps) {
  return maps.dimensions[0] !== SCATTERED;
}

/**
 * A plane of a layer.
 * @typedef {object} Plane
 * @property {Float64Array} x coordinates along the first axis
 * @property {Float64Array} y coordinates along the second
 * @property {Float64Array} values row by row, y after y
 */

/**
 * Cut a plane out of a layer, along two axes and through a position.
 * @param {Maps} maps
 * @param {Layer} layer
 * @param {string} xAxis
 * @param {string} yAxis
 * @param {Record<string, number>} through where along the other axes
 * @returns {Plane | null}
 */
export function plane(maps, layer, xAxis, yAxis, through) {
  if (!gridded(maps)) return maps.dimensions.length === 1 && Object.keys(maps.coordinates).length === 2 ? scattered(maps, layer, xAxis, yAxis) : null;
  const [x, y] = [maps.coordinates[xAxis], maps.coordinates[yAxis]];
  if (!x || !y) return null;
  const strides = maps.shape.map((_, index) => maps.shape.slice(index + 1).reduce((all, each) => all * each, 1));
  let start = 0;
  maps.dimensions.forEach((name, index) => {
    if (name !== xAxis && name !== yAxis) start += strides[index] * nearest(maps.coordinates[name], through[name] ?? NaN);
  });
  const [stepX, stepY] = [strides[maps.dimensions.indexOf(xAxis)], strides[maps.dimensions.indexOf(yAxis)]];
  const values = new Float64Array(x.length * y.length);
  for (let row = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++) values[row * x.length + column] = maps.layers[layer][start + row * stepY + column * stepX];
  }
  return { x, y, values };
}

const FINE = 80;

/**
 * Values at scattered candidates as a plane: each place takes the nearest one's.
 * @param {Maps} maps
 * @param {Layer} layer
 * @param {string} xAxis
 * @param {string} yAxis
 * @returns {Plane}
 */
function scattered(maps, layer, xAxis, yAxis) {
  const [xs, ys] = [maps.coordinates[xAxis], maps.coordinates[yAxis]];
  const [x, y] = [evenly(xs), evenly(ys)];
  const [spanX, spanY] = [x[FINE - 1] - x[0] || 1, y[FINE - 1] - y[0] || 1];
  const values = new Float64Array(FINE * FINE);
  for (let row = 0; row < FINE; row++) {
    for (let column = 0; column < FINE; column++) {
      let [least, winner] = [Infinity, 0];
      for (let index = 0; index < xs.length; index++) {
        const distance = ((xs[index] - x[column]) / spanX) ** 2 + ((ys[index] - y[row]) / spanY) ** 2;
        if (distance < least) [least, winner] = [distance, index];
      }
      values[row * FINE + column] = maps.layers[layer][winner];
    }
  }
  return { x, y, values };
}

/** @param {Float64Array} values */
function evenly(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return Float64Array.from({ length: FINE }, (_, index) => low + ((high - low) * index) / (FINE - 1));
}

/**
 * @param {Float64Array} coordinates
 * @param {number} value
 */
export function nearest(coordinates, value) {
  let winner = 0;
  for (let index = 1; index < coordinates.length; index++) {
    if (Math.abs(coordinates[index] - value) < Math.abs(coordinates[winner] - value)) winner = index;
  }
  return winner;
}

/** Lowest and highest finite value. @param {...ArrayLike<number>} all @returns {{low: number, high: number}} */
export function extent(...all) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : { low: NaN, high: NaN };
}
