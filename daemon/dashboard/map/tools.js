// @ts-check
/** What can be chosen for a map: the layer, the colours, the axes, and whether points are in their order. */

/** @import { Colours } from "../base/colours.js" */
/** @import { Layer, Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */
/** @import { Style } from "./points.js" */
/** @import { MapPanel } from "./panel.js" */

import { segments } from "../app/switches.js";
import { COLOURS } from "../base/colours.js";
import { fill, h, show } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { saveButtons } from "../base/save.js";
import { t } from "../messages/index.js";
import { axes, chooses } from "../run/facts.js";
import { LAYERS } from "../run/maps.js";

const ZOOM = 1.5;

export class MapTools {
  /**
   * @param {URLSearchParams} words of the address
   * @param {(words: Record<string, string | null>) => void} note puts words into the address
   * @param {{picture: () => void, points: () => void, model: () => void}} save
   */
  constructor(words, note, save) {
    this._note = note;
    this._redraw = () => {};
    /** @type {MapPanel | null} */
    this._panel = null;
    const layers = /** @type {(Layer | "none")[]} */ ([...LAYERS, "none"]);
    const layer = layers.find((each) => each === words.get("layer")) ?? "mean";
    this.wish = { layer, x: words.get("x") ?? "", y: words.get("y") ?? "" };
    /** @type {Omit<Style, "font">} */
    this.style = {
      colours: COLOURS.find((each) => each === words.get("colours")) ?? "viridis",
      order: words.get("order") !== "no",
      coloured: layer === "mean" || layer === "none",
      selected: Number(words.get("point")) || null,
    };
    const names = layers.map((value) => ({ value, text: t(/** @type {any} */ (`map.layer.${value}`)) }));
    const options = COLOURS.map((name) => h("option", { value: name, selected: name === this.style.colours }, t(/** @type {any} */ (`colours.${name}`))));
    const colours = h("select", { "aria-label": t("frame.colours"), onchange: () => this._set({}, { colours: /** @type {Colours} */ (colours.value) }) }, ...options);
    const order = h("input", { type: "checkbox", checked: this.style.order, onchange: () => this._set({}, { order: order.checked }) });
    const segment = segments(t("map.layer"), names, layer, (value) => this._set({ layer: value }, { coloured: value === "mean" || value === "none" }));
    this._axes = h("div", { class: "range", hidden: true });
    this._offered = "";
    const model = h("button", { type: "button", class: "button small", title: t("map.save-model"), "aria-label": t("map.save-model"), onclick: save.model }, icon("save"), t("map.model"));
    this.saves = saveButtons(save.picture, save.points);
    this.saves.append(model);
    const ordered = h("label", { class: "check" }, order, t("map.order"));
    this.elements = [segment, this._axes, colours, ordered, this._zoom()];
    this._ofModel = [segment, model];
    this._ofPlane = [colours, ordered, this.elements[4]];
  }

  /**
   * @param {MapPanel} panel
   * @param {() => void} redraw
   */
  bind(panel, redraw) {
    this._panel = panel;
    this._redraw = redraw;
  }

  /**
   * Offer what a run has: layers where there is a model, a choice of axes where there are more than two.
   * @param {Run} run
   * @param {Maps | null} maps
   */
  offer(run, maps) {
    const names = axes(run).map((axis) => axis.name);
    const [alongOne, modelled] = [names.length === 1, maps !== null || chooses(run)];
    show(this._ofModel[0], modelled && !alongOne);
    show(this._ofModel[1], maps !== null);
    for (const element of this._ofPlane) show(element, !alongOne);
    if (this._offered === names.join()) return;
    this._offered = names.join();
    show(this._axes, names.length > 2);
    const choice = (/** @type {"x" | "y"} */ which, /** @type {string} */ chosen) => {
      const select = h("select", { "aria-label": t("map.axis", { which }), onchange: () => this._set({ [which]: select.value }, {}) }, ...names.map((name) => h("option", { value: name, selected: name === chosen }, name)));
      return select;
    };
    fill(this._axes, choice("x", this.wish.x || names[0]), h("span", { class: "dash" }, "×"), choice("y", this.wish.y || names[1]));
  }

  _zoom() {
    const button = (/** @type {string} */ label, /** @type {string | Node} */ sign, /** @type {() => void} */ action) =>
      h("button", { type: "button", class: "segment", "aria-label": label, title: label, onclick: () => (action(), this._panel?.paint()) }, sign);
    return h(
      "div",
      { class: "segments", role: "group", "aria-label": t("map.zoom") },
      button(t("map.zoom-out"), "−", () => this._panel?.viewport.zoom(1 / ZOOM)),
      button(t("map.zoom-in"), "+", () => this._panel?.viewport.zoom(ZOOM)),
      button(t("map.zoom-all"), icon("whole"), () => this._panel?.viewport.reset()),
    );
  }

  /**
   * @param {Partial<{layer: Layer | "none", x: string, y: string}>} wish
   * @param {Partial<Style>} style
   */
  _set(wish, style) {
    Object.assign(this.wish, wish);
    Object.assign(this.style, style);
    const { layer, x, y } = this.wish;
    this._note({ layer: layer === "mean" ? null : layer, x, y, colours: this.style.colours === "viridis" ? null : this.style.colours, order: this.style.order ? null : "no" });
    this._redraw();
  }
}
