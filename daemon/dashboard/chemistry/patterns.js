// @ts-check
/** Patterns that the frames of a scan are sums of, and how much of each every point has. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Patterns as Found } from "./source.js" */

import { fill, h } from "../base/dom.js";
import { saveButtons, savePicture, saveTable } from "../base/save.js";
import { icon } from "../base/icons.js";
import { ColourBar } from "../chart/bar.js";
import { Picture } from "../frame/picture.js";
import { MapPanel } from "../map/panel.js";
import { sceneOf } from "../map/scene.js";
import { t } from "../messages/index.js";
import { extent } from "../run/maps.js";
import { part } from "./source.js";

export class Patterns {
  /**
   * @param {App} app
   * @param {Scope} scope
   */
  constructor(app, scope) {
    this._scope = scope;
    this._grid = h("div", { class: "patterns" });
    /** @type {{panel: MapPanel, bar: ColourBar, picture: Picture, element: HTMLElement}[]} */
    this._cards = [];
    /** @type {Found | null} */
    this._found = null;
    const save = h("button", { type: "button", class: "button small", title: t("save.csv"), "aria-label": t("save.csv"), onclick: () => this._save() }, icon("save"), "CSV");
    this.element = h("section", { class: "card" }, h("div", { class: "title-row" }, h("div", {}, h("h2", {}, t("chemistry.patterns")), h("p", { class: "hint" }, t("chemistry.patterns-about"))), save), this._grid);
  }

  /** @param {Found} found */
  show(found) {
    this._found = found;
    const count = found.components.shape[0];
    while (this._cards.length < count) this._cards.push(this._card(this._cards.length));
    fill(this._grid, ...this._cards.slice(0, count).map((card) => card.element));
    for (let index = 0; index < count; index++) this._draw(found, index);
  }

  /** @param {number} index */
  _card(index) {
    const panel = new MapPanel(this._scope, { colours: "viridis", order: false, coloured: true, selected: null }, { still: true });
    const bar = new ColourBar();
    const picture = new Picture();
    picture.canvas.className = "pattern";
    picture.canvas.setAttribute("role", "img");
    picture.canvas.setAttribute("aria-label", t("chemistry.component", { number: index }));
    const element = h("article", { class: "pattern-card" }, h("div", { class: "title-row" }, h("h3", {}, t("chemistry.component", { number: index })), this._keep(index, picture)), h("div", { class: "pattern-pair" }, picture.canvas, h("div", { class: "stack-small" }, panel.element, bar.element)));
    return { panel, bar, picture, element };
  }

  /**
   * Buttons that keep a pattern.
   * @param {number} index
   * @param {Picture} picture
   */
  _keep(index, picture) {
    const numbers = () => {
      const { frame } = picture;
      if (!frame) return;
      const columns = Array.from({ length: frame.width }, (_, x) => [`x${x}`, Array.from({ length: frame.height }, (_, y) => frame.pixels[y * frame.width + x])]);
      saveTable(Object.fromEntries(columns), `pattern-${index}`);
    };
    return saveButtons(() => savePicture(picture.canvas, `pattern-${index}`), numbers);
  }

  /**
   * @param {Found} found
   * @param {number} index
   */
  _draw(found, index) {
    const { panel, bar, picture } = this._cards[index];
    const [count, height, width] = found.components.shape;
    picture.paint({ camera: "", sequence: 0, binning: 1, time: 0, width, height, pixels: part(found.components, index) }, { scale: "sqrt", colours: "viridis", range: null });
    const points = found.weights.shape[0];
    const weights = Float64Array.from({ length: points }, (_, point) => found.weights.values[point * count + index]);
    const scene = sceneOf(found.run, null, { layer: "none", x: "", y: "", shown: points }, { wished: [], excluded: [] });
    const range = extent(weights);
    bar.show("viridis", (share) => range.low + share * (range.high - range.low), t("chemistry.weight"));
    if (scene) panel.show({ ...scene, values: weights, valueRange: range, best: null, next: null });
  }

  _save() {
    const found = this._found;
    if (!found) return;
    const [points, count] = found.weights.shape;
    const columns = Array.from({ length: count }, (_, index) => [`component ${index}`, Float64Array.from({ length: points }, (_, point) => found.weights.values[point * count + index])]);
    saveTable({ point: Array.from({ length: points }, (_, point) => point + 1), ...Object.fromEntries(columns) }, "weights");
  }
}
