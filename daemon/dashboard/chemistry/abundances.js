// @ts-check
/** Where the components are: a map of each, and all of them in colours on one. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Stack } from "./source.js" */

import { themeColour, themed } from "../app/preferences.js";
import { fill, h } from "../base/dom.js";
import { savePicture, saveTable, saveButtons } from "../base/save.js";
import { ColourBar } from "../chart/bar.js";
import { SERIES } from "../chart/plotly.js";
import { Picture } from "../frame/picture.js";
import { t } from "../messages/index.js";
import { componentTitle, nameOf } from "./names.js";
import { paintOverlay } from "./overlay.js";
import { part } from "./source.js";

/** Height of each map in the picture that is kept, and the space between them, pixels. */
const SHEET = 320;
const GAP = 16;
const RANGE = { low: 0, high: 1 };

export class Abundances {
  /** @param {Scope} scope */
  constructor(scope) {
    /** @type {Set<number>} */
    this._hidden = new Set();
    /** @type {Stack | null} */
    this._found = null;
    this._overlay = h("canvas", { class: "abundance", role: "img", "aria-label": t("chemistry.overlay") });
    this._legend = h("div", { class: "checks" });
    this._maps = h("div", { class: "abundances" });
    const bar = new ColourBar();
    bar.show("viridis", (share) => share, t("chemistry.share-of-pixel"));
    const saves = saveButtons(() => savePicture(this._sheet(), "components"), () => this._saveNumbers());
    this.element = h(
      "section",
      { class: "card" },
      h("div", { class: "title-row" }, h("h2", {}, t("chemistry.maps")), saves),
      h("div", { class: "columns overlay-left" }, h("div", { class: "stack-small" }, this._overlay, this._legend), h("div", { class: "stack-small" }, this._maps, bar.element)),
    );
    themed.watch(scope, () => this._again());
  }

  /** @param {Stack} found */
  show(found) {
    this._found = found;
    this._again();
  }

  _again() {
    const found = this._found;
    if (!found) return;
    const [, height, width] = found.abundances.shape;
    fill(this._legend, ...found.components.map((component, index) => this._switch(componentTitle(component, index), index)));
    fill(this._maps, ...found.components.map((component, index) => this._map(part(found.abundances, index), width, height, componentTitle(component, index))));
    this._paint();
  }

  /**
   * @param {string} title
   * @param {number} index
   */
  _switch(title, index) {
    const box = h("input", { type: "checkbox", checked: !this._hidden.has(index), onchange: () => (box.checked ? this._hidden.delete(index) : this._hidden.add(index), this._paint()) });
    const swatch = h("span", { class: "swatch" });
    swatch.style.background = themeColour(SERIES[index % SERIES.length]);
    return h("label", { class: "check" }, box, swatch, title);
  }

  /**
   * @param {Float64Array} values
   * @param {number} width
   * @param {number} height
   * @param {string} title
   */
  _map(values, width, height, title) {
    const picture = new Picture();
    picture.paint({ camera: title, sequence: 0, binning: 1, time: 0, width, height, pixels: values }, { scale: "linear", colours: "viridis", range: RANGE });
    picture.canvas.className = "abundance";
    picture.canvas.setAttribute("role", "img");
    picture.canvas.setAttribute("aria-label", title);
    return h("figure", {}, picture.canvas, h("figcaption", {}, title));
  }

  _paint() {
    if (this._found) paintOverlay(this._overlay, this._found, this._hidden);
  }

  /** The picture of all components, and beside it the maps with their names. */
  _sheet() {
    const figures = [...this._maps.querySelectorAll("figure")];
    const { width, height } = this._overlay;
    const scale = Math.max(Math.ceil(SHEET / height), 1);
    const [wide, high] = [width * scale, height * scale];
    const sheet = h("canvas", { width: (figures.length + 1) * (wide + GAP) - GAP, height: high + 28 });
    const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
    context.imageSmoothingEnabled = false;
    context.fillStyle = themeColour("--panel");
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.fillStyle = themeColour("--ink");
    context.font = `15px ${getComputedStyle(document.body).fontFamily}`;
    [this._overlay, ...figures.map((figure) => figure.querySelector("canvas"))].forEach((canvas, place) => {
      if (canvas) context.drawImage(canvas, place * (wide + GAP), 0, wide, high);
      if (place) context.fillText(figures[place - 1].textContent ?? "", place * (wide + GAP), high + 20);
    });
    return sheet;
  }

  _saveNumbers() {
    const found = this._found;
    if (!found) return;
    const [, height, width] = found.abundances.shape;
    const pixels = Array.from({ length: width * height }, (_, index) => index);
    const columns = found.components.map((component, index) => [`${index} ${nameOf(component, index)}`, part(found.abundances, index)]);
    saveTable({ x: pixels.map((index) => index % width), y: pixels.map((index) => Math.floor(index / width)), ...Object.fromEntries(columns) }, "abundances");
  }
}
