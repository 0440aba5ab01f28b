// @ts-check
/** Draws the points of a scene in their order, with their numbers. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Viewport } from "../base/viewport.js" */
/** @import { Scene } from "./scene.js" */

import { themeColour } from "../app/preferences.js";
import { colour } from "../base/colours.js";

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
