// @ts-check
/** What is on a map, put together from a run and its maps. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Box } from "../base/viewport.js" */
/** @import { Region } from "../net/types.js" */
/** @import { Axis, Best, Choice } from "../run/facts.js" */
/** @import { Layer, Maps, Plane } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */

import { axes, best, choice, forbidden, positions, values } from "../run/facts.js";
import { extent, nearest, plane } from "../run/maps.js";

/** Part of the acquisition function that is painted as one. */
const LOWEST = 0.1;

/**
 * @typedef {object} Scene
 * @property {Axis} x
 * @property {Axis} y
 * @property {Float64Array} xs where every point was measured
 * @property {Float64Array} ys
 * @property {Float64Array} values of every point; NaN where the measurement failed
 * @property {{low: number, high: number}} valueRange of the points and of the mean
 * @property {Plane | null} plane
 * @property {{low: number, high: number}} range of what is painted
 * @property {Best | null} best
 * @property {Choice | null} next
 * @property {Region[]} regions where nothing may be measured
 * @property {Region[]} excluded those of them that an operator took out
 * @property {Record<string, number>[]} wished positions that an operator asked for
 * @property {Box} box all there is to see
 */

/**
 * @typedef {object} Wish
 * @property {Layer | "none"} layer
 * @property {string} x names of the axes that the map is drawn along
 * @property {string} y
 * @property {number} shown how many points are drawn: all, but in a replay
 */

/**
 * @param {Run} run
 * @param {Maps | null} maps
 * @param {Wish} wish
 * @param {{wished: Record<string, number>[], excluded: Region[]}} steering
 * @returns {Scene | null} null where there are no two axes
 */
export function sceneOf(run, maps, wish, steering) {
  const all = axes(run);
  const x = all.find((axis) => axis.name === wish.x) ?? all[0];
  const y = all.find((axis) => axis.name === wish.y && axis !== x) ?? all.find((axis) => axis !== x);
  if (!x || !y) return null;
  const places = positions(run);
  const count = Math.min(wish.shown, run.primary.length);
  const [xs, ys] = [x, y].map((axis) => places[all.indexOf(axis)].subarray(0, count));
  const found = values(run).subarray(0, count);
  const top = best(run);
  const through = Object.fromEntries(all.map((axis, index) => [axis.name, top?.position[index] ?? axis.low]));
  const mean = maps && plane(maps, "mean", x.name, y.name, through);
  const painted = maps && wish.layer !== "none" ? plane(maps, wish.layer, x.name, y.name, through) : null;
  const valueRange = extent(found, wish.layer === "mean" && mean ? mean.values : []);
  const own = painted && wish.layer !== "mean" ? rangeOf(painted.values, wish.layer) : valueRange;
  const whole = count === run.primary.length;
  const following = whole ? choice(run) : null;
  return {
    x,
    y,
    xs,
    ys,
    values: found,
    valueRange,
    plane: painted,
    range: own,
    best: whole ? top : bestOf(found, xs, ys, run),
    next: following && { ...following, position: [x, y].map((axis) => following.position[all.indexOf(axis)]) },
    regions: forbidden(run),
    excluded: steering.excluded,
    wished: steering.wished,
    box: { x0: x.low - margin(x), x1: x.high + margin(x), y0: y.low - margin(y), y1: y.high + margin(y) },
  };
}

/**
 * @param {Float64Array} found
 * @param {Float64Array} xs
 * @param {Float64Array} ys
 * @param {Run} run
 * @returns {Best | null}
 */
function bestOf(found, xs, ys, run) {
  const sign = run.start.parameters?.maximize === false ? -1 : 1;
  let winner = -1;
  for (let row = 0; row < found.length; row++) if (Number.isFinite(found[row]) && (winner < 0 || sign * found[row] > sign * found[winner])) winner = row;
  return winner < 0 ? null : { value: found[winner], error: NaN, position: [xs[winner], ys[winner]], number: winner + 1 };
}

/**
 * The range of a layer. Where it was measured already, the logarithm of the acquisition function falls without end:
 * what lies lowest is not told apart.
 * @param {Float64Array} layer
 * @param {string} name
 */
function rangeOf(layer, name) {
  const whole = extent(layer);
  if (name !== "acquisition") return whole;
  const sorted = layer.filter(Number.isFinite).sort();
  return { low: sorted[Math.floor(LOWEST * sorted.length)] ?? NaN, high: whole.high };
}

/**
 * What a map shows beyond the ends of an axis: half a cell of its grid.
 * @param {Axis} axis
 */
function margin(axis) {
  const span = axis.high - axis.low;
  return axis.points && axis.points > 1 && axis.points < 60 ? span / (axis.points - 1) / 2 : 0.02 * span;
}

/**
 * The point nearest to a place of the map, within a distance; its number, or null.
 * @param {Scene} scene
 * @param {(x: number, y: number) => number} distance of a point, pixels
 * @param {number} most
 */
export function pointAt(scene, distance, most) {
  let [least, winner] = [most, -1];
  for (let row = 0; row < scene.xs.length; row++) {
    const away = distance(scene.xs[row], scene.ys[row]);
    if (away <= least) [least, winner] = [away, row];
  }
  return winner < 0 ? null : winner + 1;
}

/**
 * The value of what is painted at a place; NaN outside.
 * @param {Plane | null} painted
 * @param {number} x
 * @param {number} y
 */
export function valueAt(painted, x, y) {
  return painted ? painted.values[nearest(painted.y, y) * painted.x.length + nearest(painted.x, x)] : NaN;
}
