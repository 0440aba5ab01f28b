// @ts-check
/** Draws the axes of a map. */

/** @import { Viewport } from "../base/viewport.js" */
/** @import { Scene } from "./scene.js" */

import { themeColour } from "../app/preferences.js";
import { number } from "../base/format.js";
import { ticks } from "../chart/ticks.js";

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
