// @ts-check
/** Draws a scene: the model, what is forbidden, every point in its order, the best one, and the next one. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Viewport } from "../base/viewport.js" */
/** @import { Region } from "../net/types.js" */
/** @import { Scene } from "./scene.js" */

import { themeColour } from "../app/preferences.js";
import { colour } from "../base/colours.js";
import { number } from "../base/format.js";
import { ticks } from "../chart/ticks.js";

/** More points than this are small squares without a rim. */
const MANY = 1500;
/** Numbers are written beside so many points at the most. */
const NUMBERED = 400;
const NUMBER_WIDTH = 19;
const NUMBER_HEIGHT = 11;

/**
 * @typedef {object} Style
 * @property {Colours} colours
 * @property {boolean} order whether points are numbered and joined
 * @property {boolean} coloured whether points have the colour of their value
 * @property {number | null} selected number of a point
 * @property {string} font
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Style} style
 */
export function drawPoints(context, view, scene, style) {
  const { low, high } = scene.valueRange;
  const span = high > low ? high - low : 1;
  const many = scene.xs.length > MANY;
  const size = many ? 2.2 : scene.xs.length > 300 ? 3.4 : 5;
  if (style.order && !many) path(context, view, scene);
  context.lineWidth = 1.3;
  for (let row = 0; row < scene.xs.length; row++) {
    const [x, y] = [view.toX(scene.xs[row]), view.toY(scene.ys[row])];
    if (!view.contains(x, y)) continue;
    const value = scene.values[row];
    const failed = !Number.isFinite(value);
    context.fillStyle = failed ? "transparent" : style.coloured ? colour(style.colours, high > low ? (value - low) / span : 0.5) : "#ffffff";
    if (many) {
      context.fillStyle = failed ? themeColour("--bad") : context.fillStyle;
      context.fillRect(x - size, y - size, 2 * size, 2 * size);
    } else dot(context, x, y, size, failed);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {boolean} failed
 */
function dot(context, x, y, size, failed) {
  context.beginPath();
  if (failed) {
    context.strokeStyle = "#ffffff";
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
    context.stroke();
    return;
  }
  context.arc(x, y, size, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = "rgb(0 0 0 / 0.85)";
  context.stroke();
  context.beginPath();
  context.arc(x, y, size + 1.2, 0, 2 * Math.PI);
  context.strokeStyle = "rgb(255 255 255 / 0.8)";
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 */
function path(context, view, scene) {
  context.beginPath();
  for (let row = 0; row < scene.xs.length; row++) context.lineTo(view.toX(scene.xs[row]), view.toY(scene.ys[row]));
  context.strokeStyle = "rgb(255 255 255 / 0.4)";
  context.lineWidth = 1;
  context.stroke();
}

/**
 * Every point's number beside it.
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Style} style
 */
export function drawNumbers(context, view, scene, { order, font, selected }) {
  if (!order || scene.xs.length > NUMBERED) return;
  const right = view.area.left + view.area.width;
  context.font = `600 10.5px ${font}`;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 0.7)";
  context.fillStyle = "#ffffff";
  /** @type {[number, number][]} */
  const written = [];
  // The newest first: where numbers would lie on one another, the older ones are left out.
  for (let row = scene.xs.length - 1; row >= 0; row--) {
    const away = row + 1 === selected ? 18 : row + 1 === scene.best?.number ? 15 : 8.5;
    const [x, y] = [view.toX(scene.xs[row]), view.toY(scene.ys[row])];
    const turned = x > right - 26;
    if (written.some(([a, b]) => Math.abs(a - x) < NUMBER_WIDTH && Math.abs(b - y) < NUMBER_HEIGHT)) continue;
    written.push([x, y]);
    context.textAlign = turned ? "right" : "left";
    context.strokeText(String(row + 1), turned ? x - away : x + away, y);
    context.fillText(String(row + 1), turned ? x - away : x + away, y);
  }
}

/**
 * The best point, the next one, and the one that is selected.
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Style} style
 */
export function drawMarks(context, view, scene, style) {
  const { best, next } = scene;
  const place = (/** @type {number} */ index) => /** @type {const} */ ([view.toX(scene.xs[index]), view.toY(scene.ys[index])]);
  if (best && best.number <= scene.xs.length) ring(context, ...place(best.number - 1), 11, themeColour("--mark"), 3);
  for (const wish of scene.wished) cross(context, view.toX(wish[scene.x.name]), view.toY(wish[scene.y.name]), themeColour("--accent"), true);
  if (next) {
    const [x, y] = [view.toX(next.position[0]), view.toY(next.position[1])];
    if (scene.xs.length) {
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(...place(scene.xs.length - 1));
      context.lineTo(x, y);
      context.strokeStyle = "rgb(255 255 255 / 0.9)";
      context.lineWidth = 1.5;
      context.stroke();
      context.setLineDash([]);
    }
    cross(context, x, y, "#ffffff", false);
  }
  if (style.selected && style.selected <= scene.xs.length) ring(context, ...place(style.selected - 1), 14, "#ffffff", 2.5);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} tint
 * @param {number} width
 */
function ring(context, x, y, radius, tint, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = "rgb(0 0 0 / 0.6)";
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = tint;
  context.lineWidth = width;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {string} tint
 * @param {boolean} square
 */
function cross(context, x, y, tint, square) {
  for (const [width, stroke] of /** @type {[number, string][]} */ ([[5, "rgb(0 0 0 / 0.75)"], [2.2, tint]])) {
    context.beginPath();
    if (square) context.rect(x - 7, y - 7, 14, 14);
    else context.arc(x, y, 7, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 5 * dx, y + 5 * dy);
      context.lineTo(x + 12 * dx, y + 12 * dy);
    }
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.stroke();
  }
}

/**
 * Regions where nothing may be measured, hatched.
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Region[]} regions
 */
export function drawRegions(context, view, scene, regions) {
  for (const region of regions) {
    context.save();
    context.beginPath();
    outline(context, view, scene, region);
    context.fillStyle = "rgb(20 24 30 / 0.55)";
    context.fill();
    context.clip();
    hatch(context, view);
    context.restore();
    context.beginPath();
    outline(context, view, scene, region);
    context.strokeStyle = "rgb(255 255 255 / 0.85)";
    context.lineWidth = 1.5;
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {Region} region
 */
function outline(context, view, scene, region) {
  const { x, y, box } = scene;
  if (region.kind === "box") {
    const [x0, x1] = region.limits[x.name] ?? [box.x0, box.x1];
    const [y0, y1] = region.limits[y.name] ?? [box.y0, box.y1];
    context.rect(view.toX(x0), view.toY(y1), view.toX(x1) - view.toX(x0), view.toY(y0) - view.toY(y1));
    return;
  }
  if (!region.axes.includes(x.name) || !region.axes.includes(y.name)) return;
  const turned = region.axes[0] === y.name;
  const at = (/** @type {[number, number]} */ [a, b]) => (turned ? [view.toX(b), view.toY(a)] : [view.toX(a), view.toY(b)]);
  if (region.kind === "circle") {
    const [cx, cy] = at(region.centre);
    const [rx, ry] = [Math.abs(view.toX(region.radius) - view.toX(0)), Math.abs(view.toY(region.radius) - view.toY(0))];
    context.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
    return;
  }
  for (const vertex of region.vertices) context.lineTo(.../** @type {[number, number]} */ (at(vertex)));
  context.closePath();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 */
function hatch(context, view) {
  const { left, top, width, height } = view.area;
  context.beginPath();
  for (let x = left - height; x < left + width; x += 9) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.strokeStyle = "rgb(255 255 255 / 0.45)";
  context.lineWidth = 1;
  context.stroke();
}

/**
 * The axes with their numbers and names.
 * @param {CanvasRenderingContext2D} context
 * @param {Viewport} view
 * @param {Scene} scene
 * @param {string} font
 */
export function drawAxes(context, view, scene, font) {
  const { left, top, width, height } = view.area;
  const bottom = top + height;
  context.font = `11.5px ${font}`;
  context.fillStyle = themeColour("--soft");
  context.strokeStyle = themeColour("--line-strong");
  context.lineWidth = 1;
  context.strokeRect(Math.round(left) - 0.5, Math.round(top) - 0.5, Math.round(width) + 1, Math.round(height) + 1);
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const x of ticks(view.shown.x0, view.shown.x1, Math.max(width / 70, 2))) {
    mark(context, view.toX(x), bottom, view.toX(x), bottom + 4);
    context.fillText(number(x, 5), view.toX(x), bottom + 7);
  }
  context.fillText(label(scene.x), left + width / 2, bottom + 24);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const y of ticks(view.shown.y0, view.shown.y1, Math.max(height / 50, 2))) {
    mark(context, left - 4, view.toY(y), left, view.toY(y));
    context.fillText(number(y, 5), left - 7, view.toY(y));
  }
  context.save();
  context.translate(left - 48, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText(label(scene.y), 0, 0);
  context.restore();
}

/** @param {{name: string, unit: string}} axis */
function label(axis) {
  return axis.unit ? `${axis.name} (${axis.unit})` : axis.name;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function mark(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  context.stroke();
}
