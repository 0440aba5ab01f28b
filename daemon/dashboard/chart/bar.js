// @ts-check
/** The colours of a map or a frame with the values that they stand for. */

/** @import { Colours } from "../base/colours.js" */

import { colour } from "../base/colours.js";
import { h, write } from "../base/dom.js";
import { number } from "../base/format.js";

const STEPS = 32;

/** A colour bar with the values at its ends and in the middle. */
export class ColourBar {
  constructor() {
    this._ramp = h("div", { class: "ramp" });
    this._low = h("span", {});
    this._middle = h("span", {});
    this._high = h("span", {});
    this._title = h("span", { class: "bar-title" });
    this.element = h("div", { class: "colour-bar" }, this._title, this._ramp, h("div", { class: "bar-values" }, this._low, this._middle, this._high));
    this._colours = "";
  }

  /**
   * @param {Colours} colours
   * @param {(share: number) => number} valueAt
   * @param {string} [title]
   */
  show(colours, valueAt, title = "") {
    if (this._colours !== colours) {
      const stops = Array.from({ length: STEPS + 1 }, (_, index) => colour(colours, index / STEPS));
      this._ramp.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
      this._colours = colours;
    }
    write(this._title, title);
    write(this._low, number(valueAt(0)));
    write(this._middle, number(valueAt(0.5), 3));
    write(this._high, number(valueAt(1)));
  }
}
