// @ts-check
/** From counts to colours: linear, square root or logarithm, over a range that is fixed or follows the frame. */

/** @import { Pixels } from "../net/frames.js" */

/** @typedef {"linear" | "sqrt" | "log"} Scale */

/** @type {Scale[]} */
export const SCALES = ["linear", "sqrt", "log"];

/** A hot or a dead pixel must not set the range: so large a part at either end is cut off. */
const CUT = 0.001;
const SAMPLE = 1 << 14;

/** @typedef {{low: number, high: number}} Range */

/**
 * The range of a frame without its outermost pixels.
 * @param {Pixels} pixels
 * @returns {Range}
 */
export function rangeOf(pixels) {
  const step = Math.max(Math.floor(pixels.length / SAMPLE), 1);
  /** @type {number[]} */
  const some = [];
  for (let index = 0; index < pixels.length; index += step) if (Number.isFinite(pixels[index])) some.push(pixels[index]);
  if (!some.length) return { low: 0, high: 1 };
  some.sort((a, b) => a - b);
  const cut = Math.floor(CUT * some.length);
  return { low: some[cut], high: some[some.length - 1 - cut] };
}

/**
 * A function from values to shares between 0 and 1.
 * @param {Scale} scale
 * @param {Range} range
 * @returns {(value: number) => number}
 */
export function levels(scale, { low, high }) {
  const span = high - low;
  if (!(span > 0)) return () => 0.5;
  if (scale === "linear") return (value) => (value - low) / span;
  if (scale === "sqrt") return (value) => (value > low ? Math.sqrt((value - low) / span) : 0);
  // Counts begin at nothing: one count, or a thousandth of the range, is where the logarithm begins.
  const unit = Math.min(1, span / 1000);
  const top = Math.log1p(span / unit);
  return (value) => (value > low ? Math.log1p((value - low) / unit) / top : 0);
}

/**
 * The value at a share: what a colour bar is labelled with.
 * @param {Scale} scale
 * @param {Range} range
 * @param {number} share
 */
export function valueAt(scale, { low, high }, share) {
  const span = high - low;
  if (scale === "linear") return low + share * span;
  if (scale === "sqrt") return low + share * share * span;
  const unit = Math.min(1, span / 1000);
  return low + Math.expm1(share * Math.log1p(span / unit)) * unit;
}
