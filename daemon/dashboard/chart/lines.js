// @ts-check
/** A small line chart on a canvas, for what changes many times a second; large ones are Plotly's. */

import { themeColour } from "../app/preferences.js";
import { number } from "../base/format.js";
import { sized } from "../base/viewport.js";
import { ticks } from "./ticks.js";

/**
 * @typedef {object} Line
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {string} colour name of a colour of the theme
 * @property {boolean} [dots]
 * @property {number} [radius] of the dots, pixels
 * @property {boolean} [steps]
 */

/**
 * @typedef {object} Labels
 * @property {string} [x]
 * @property {string} [y]
 * @property {boolean} [whole] whether x is counted
 */

const LEFT = 48;
const BOTTOM = 34;
const TOP = 10;
const RIGHT = 10;

/**
 * Draw lines into a canvas of the size that it is laid out with.
 * @param {HTMLCanvasElement} canvas
 * @param {Line[]} lines
 * @param {Labels} [labels]
 * @returns {{toX: (x: number) => number, toY: (y: number) => number} | null} from values to pixels; null where nothing was drawn
 */
export function drawLines(canvas, lines, labels = {}) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return null;
  const context = sized(canvas, width, height);
  context.clearRect(0, 0, width, height);
  const [x0, x1] = extent(lines.map((line) => line.x));
  const [y0, y1] = padded(extent(lines.map((line) => line.y)));
  context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
  const rows = Number.isFinite(y0) ? ticks(y0, y1, Math.max((height - TOP - BOTTOM) / 34, 2)) : [];
  const written = rows.map((y) => number(y, digitsOf(rows)));
  const left = Math.max(LEFT, 12 + Math.max(0, ...written.map((text) => context.measureText(text).width)));
  const area = { left, top: TOP, width: width - left - RIGHT, height: height - TOP - BOTTOM };
  const toX = (/** @type {number} */ x) => area.left + (x1 > x0 ? (x - x0) / (x1 - x0) : 0.5) * area.width;
  const toY = (/** @type {number} */ y) => area.top + (1 - (y - y0) / (y1 - y0)) * area.height;
  frame(context, area, labels);
  if (!Number.isFinite(x0) || !Number.isFinite(y0)) return null;
  context.fillStyle = themeColour("--soft");
  context.strokeStyle = themeColour("--line");
  context.textAlign = "right";
  context.textBaseline = "middle";
  rows.forEach((y, index) => {
    stroke(context, area.left, toY(y), area.left + area.width, toY(y));
    context.fillText(written[index], area.left - 6, toY(y));
  });
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const x of ticks(x0, x1, Math.max(area.width / 70, 2))) {
    if (labels.whole && x % 1) continue;
    context.fillText(number(x, 4), toX(x), area.top + area.height + 4);
  }
  for (const line of lines) trace(context, line, toX, toY);
  return { toX, toY };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, top: number, width: number, height: number}} area
 * @param {Labels} labels
 */
function frame(context, area, labels) {
  context.strokeStyle = themeColour("--line-strong");
  context.lineWidth = 1;
  stroke(context, area.left, area.top + area.height, area.left + area.width, area.top + area.height);
  context.fillStyle = themeColour("--soft");
  context.textBaseline = "bottom";
  context.textAlign = "right";
  if (labels.x) context.fillText(labels.x, area.left + area.width, area.top + area.height + BOTTOM - 3);
  context.textAlign = "left";
  context.textBaseline = "top";
  if (labels.y) context.fillText(labels.y, area.left + 6, 0);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Line} line
 * @param {(x: number) => number} toX
 * @param {(y: number) => number} toY
 */
function trace(context, line, toX, toY) {
  context.strokeStyle = context.fillStyle = themeColour(line.colour);
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  let before = NaN;
  for (let index = 0; index < line.x.length; index++) {
    const [x, y] = [toX(line.x[index]), toY(line.y[index])];
    if (!Number.isFinite(y)) continue;
    if (line.dots) {
      const radius = line.radius ?? 2.5;
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    } else if (Number.isNaN(before)) context.moveTo(x, y);
    else {
      if (line.steps) context.lineTo(x, before);
      context.lineTo(x, y);
    }
    before = y;
  }
  if (line.dots) context.fill();
  else context.stroke();
}

/** As many digits as tell one tick from the next. @param {number[]} rows */
function digitsOf(rows) {
  const step = Math.abs(rows[1] - rows[0]);
  const most = Math.max(...rows.map(Math.abs));
  return step > 0 ? Math.min(Math.max(Math.ceil(Math.log10(most / step)) + 1, 3), 9) : 3;
}

/** @param {ArrayLike<number>[]} all @returns {[number, number]} */
function extent(all) {
  let [low, high] = [Infinity, -Infinity];
  for (const values of all) {
    for (let index = 0; index < values.length; index++) {
      if (values[index] < low) low = values[index];
      if (values[index] > high) high = values[index];
    }
  }
  return [low, high];
}

/** @param {[number, number]} range @returns {[number, number]} */
function padded([low, high]) {
  const margin = high > low ? 0.06 * (high - low) : Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function stroke(context, x0, y0, x1, y1) {
  context.beginPath();
  context.moveTo(x0, Math.round(y0) + 0.5);
  context.lineTo(x1, Math.round(y1) + 0.5);
  context.stroke();
}
