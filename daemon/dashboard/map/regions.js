// @ts-check
/** Draws regions where nothing may be measured. */

/** @import { Viewport } from "../base/viewport.js" */
/** @import { Region } from "../net/types.js" */
/** @import { Scene } from "./scene.js" */

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
