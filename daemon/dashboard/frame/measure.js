// @ts-check
/** What a region or a line of a frame holds. Places are pixels of the camera, whatever the binning. */

/** @import { Frame } from "../net/frames.js" */

/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Span */

/**
 * The value of a pixel; NaN outside.
 * @param {Frame} frame
 * @param {number} x
 * @param {number} y
 */
export function valueAt(frame, x, y) {
  const [column, row] = [Math.floor(x / frame.binning), Math.floor(y / frame.binning)];
  const inside = column >= 0 && row >= 0 && column < frame.width && row < frame.height;
  return inside ? frame.pixels[row * frame.width + column] : NaN;
}

/**
 * What a rectangle holds; the sum is that of the camera's own pixels.
 * @param {Frame} frame
 * @param {Span} span
 */
export function regionOf(frame, span) {
  const b = frame.binning;
  const [left, right] = ordered(span.x0, span.x1).map((x) => Math.round(x / b));
  const [top, bottom] = ordered(span.y0, span.y1).map((y) => Math.round(y / b));
  const found = { pixels: 0, sum: 0, mean: NaN, max: NaN, min: NaN, deviation: NaN };
  let squares = 0;
  for (let row = Math.max(top, 0); row < Math.min(bottom, frame.height); row++) {
    for (let column = Math.max(left, 0); column < Math.min(right, frame.width); column++) {
      const value = frame.pixels[row * frame.width + column];
      if (!Number.isFinite(value)) continue;
      found.pixels += 1;
      found.sum += value;
      squares += value * value;
      if (!(value <= found.max)) found.max = value;
      if (!(value >= found.min)) found.min = value;
    }
  }
  if (!found.pixels) return found;
  found.mean = found.sum / found.pixels;
  found.deviation = Math.sqrt(Math.max(squares / found.pixels - found.mean ** 2, 0));
  found.pixels *= b * b;
  found.sum *= b * b;
  return found;
}

/**
 * Values along a line, one per pixel of its length.
 * @param {Frame} frame
 * @param {Span} span
 * @returns {{x: number[], y: number[]}} distance from the beginning, camera pixels, and value there
 */
export function profileOf(frame, { x0, y0, x1, y1 }) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const steps = Math.max(Math.round(length / frame.binning), 1);
  const found = { x: /** @type {number[]} */ ([]), y: /** @type {number[]} */ ([]) };
  for (let index = 0; index <= steps; index++) {
    const share = index / steps;
    found.x.push(share * length);
    found.y.push(valueAt(frame, x0 + share * (x1 - x0), y0 + share * (y1 - y0)));
  }
  return found;
}

/**
 * @param {number} a
 * @param {number} b
 */
function ordered(a, b) {
  return a < b ? [a, b] : [b, a];
}
