// @ts-check
/** All components in one picture: each pixel is the mixture of their colours. */

/** @import { Stack } from "./source.js" */

import { themeColour } from "../app/preferences.js";
import { SERIES } from "../chart/plotly.js";
import { part } from "./source.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Stack} found
 * @param {Set<number>} [hidden] components that are left out
 */
export function paintOverlay(canvas, found, hidden = new Set()) {
  const [count, height, width] = found.abundances.shape;
  [canvas.width, canvas.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  const shown = Array.from({ length: count }, (_, index) => index).filter((index) => !hidden.has(index));
  const tints = shown.map((index) => rgb(themeColour(SERIES[index % SERIES.length])));
  const layers = shown.map((index) => part(found.abundances, index));
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0;
      for (let index = 0; index < layers.length; index++) sum += Math.max(layers[index][pixel] || 0, 0) * tints[index][channel];
      image.data[4 * pixel + channel] = sum;
    }
    image.data[4 * pixel + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/**
 * @param {string} colour as browsers compute it
 * @returns {number[]}
 */
function rgb(colour) {
  return (colour.match(/[\d.]+/g) ?? ["0", "0", "0"]).slice(0, 3).map(Number);
}
