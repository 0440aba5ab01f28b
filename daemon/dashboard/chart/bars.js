// @ts-check
/** A few bars with their values, on a canvas. */

import { themeColour } from "../app/preferences.js";
import { number } from "../base/format.js";
import { sized } from "../base/viewport.js";

const HEIGHT = 24;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{label: string, value: number}[]} bars
 */
export function drawBars(canvas, bars) {
  canvas.style.height = `${HEIGHT * bars.length}px`;
  const width = canvas.clientWidth;
  if (!width) return;
  const context = sized(canvas, width, HEIGHT * bars.length);
  context.clearRect(0, 0, width, HEIGHT * bars.length);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  context.textBaseline = "middle";
  const most = Math.max(...bars.map((bar) => bar.value), 1e-300);
  const [left, right] = [26, 66];
  bars.forEach(({ label, value }, index) => {
    const y = HEIGHT * (index + 0.5);
    context.fillStyle = themeColour("--soft");
    context.textAlign = "left";
    context.fillText(label, 0, y);
    context.fillStyle = themeColour("--accent");
    context.fillRect(left, y - 6, Math.max((value / most) * (width - left - right), 0), 12);
    context.fillStyle = themeColour("--ink");
    context.textAlign = "right";
    context.fillText(number(value, 4), width, y);
  });
}
