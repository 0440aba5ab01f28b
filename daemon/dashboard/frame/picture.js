// @ts-check
/** A frame as an image that canvases can draw. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Range, Scale } from "./levels.js" */

import { paint } from "../base/colours.js";
import { levels, rangeOf } from "./levels.js";

/**
 * How a frame is painted.
 * @typedef {object} Look
 * @property {Scale} scale
 * @property {Colours} colours
 * @property {Range | null} range null follows the frame
 */

export class Picture {
  constructor() {
    this.canvas = document.createElement("canvas");
    /** @type {Frame | null} */
    this.frame = null;
    /** @type {Range} */
    this.range = { low: 0, high: 1 };
    /** @type {ImageData | null} */
    this._image = null;
  }

  /**
   * @param {Frame} frame
   * @param {Look} look
   */
  paint(frame, look) {
    const { width, height } = frame;
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    if (!this._image || this._image.width !== width || this._image.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
      this._image = context.createImageData(width, height);
    }
    this.frame = frame;
    this.range = look.range ?? rangeOf(frame.pixels);
    paint(frame.pixels, levels(look.scale, this.range), look.colours, new Uint32Array(this._image.data.buffer));
    context.putImageData(this._image, 0, 0);
  }
}
