// @ts-check
/** Draws what stands out in a scene: the best point, the next one, those that were asked for, the one that is selected. */

/** @import { Viewport } from "../base/viewport.js" */
/** @import { Style } from "./points.js" */
/** @import { Scene } from "./scene.js" */

import { themeColour } from "../app/preferences.js";

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
