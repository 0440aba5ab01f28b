// @ts-check
/** A layer of the model as an image. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Plane } from "../run/maps.js" */
/** @import { Box, Viewport } from "../base/viewport.js" */

import { paint } from "../base/colours.js";

export class Field {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {Plane | null} */
    this.plane = null;
    /** What the image covers: each value is in the middle of its cell.
     * @type {Box} */
    this.box = { x0: 0, x1: 1, y0: 0, y1: 1 };
  }

  /**
   * @param {Plane} plane
   * @param {(value: number) => number} share from 0 to 1
   * @param {Colours} colours
   */
  paint(plane, share, colours) {
    const [width, height] = [plane.x.length, plane.y.length];
    [this.canvas.width, this.canvas.height] = [width, height];
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const image = context.createImageData(width, height);
    paint(flipped(plane.values, width, height), share, colours, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    this.plane = plane;
    const [x, y] = [halfStep(plane.x), halfStep(plane.y)];
    this.box = { x0: plane.x[0] - x, x1: plane.x[width - 1] + x, y0: plane.y[0] - y, y1: plane.y[height - 1] + y };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Viewport} view
   */
  draw(context, view) {
    if (!this.plane) return;
    const { x0, x1, y0, y1 } = this.box;
    const [left, top] = [view.toX(x0), view.toY(y1)];
    context.imageSmoothingEnabled = false;
    context.drawImage(this.canvas, left, top, view.toX(x1) - left, view.toY(y0) - top);
  }
}

/**
 * Half a cell along an axis.
 * @param {Float64Array} coordinates
 */
export function halfStep(coordinates) {
  return coordinates.length > 1 ? (coordinates[1] - coordinates[0]) / 2 : 0.5;
}

/**
 * Images begin at the top.
 * @param {Float64Array} values
 * @param {number} width
 * @param {number} height
 */
function flipped(values, width, height) {
  const found = new Float64Array(values.length);
  for (let row = 0; row < height; row++) found.set(values.subarray(row * width, (row + 1) * width), (height - 1 - row) * width);
  return found;
}
