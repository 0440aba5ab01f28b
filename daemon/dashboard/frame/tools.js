// @ts-check
/** What can be chosen for a frame: scale, colours, range, and what a drag does. */

/** @import { Colours } from "../base/colours.js" */
/** @import { FramePanel, Tool } from "./panel.js" */
/** @import { Range, Scale } from "./levels.js" */
/** @import { Look } from "./picture.js" */

import { segments } from "../app/switches.js";
import { COLOURS } from "../base/colours.js";
import { h } from "../base/dom.js";
import { t } from "../messages/index.js";
import { SCALES } from "./levels.js";

/** @type {Tool[]} */
const TOOLS = ["look", "region", "line"];

export class FrameTools {
  /**
   * @param {URLSearchParams} words of the address
   * @param {(words: Record<string, string | null>) => void} note puts words into the address
   */
  constructor(words, note) {
    this._note = note;
    this._redraw = () => {};
    /** @type {FramePanel | null} */
    this._panel = null;
    const scale = SCALES.find((each) => each === words.get("scale")) ?? "log";
    const colours = COLOURS.find((each) => each === words.get("colours")) ?? "viridis";
    const [low, high] = (words.get("range") ?? "").split("~").map(Number);
    /** @type {Look} */
    this.look = { scale, colours, range: high > low ? { low, high } : null };
    const scales = segments(t("frame.scale"), SCALES.map((value) => ({ value, text: t(/** @type {any} */ (`frame.scale.${value}`)) })), scale, (/** @type {Scale} */ value) => this._set({ scale: value }));
    const kinds = segments(t("frame.tool"), TOOLS.map((value) => ({ value, text: t(/** @type {any} */ (`frame.tool.${value}`)) })), "look", (/** @type {Tool} */ value) => this._panel?.choose(value));
    const field = (/** @type {string} */ label, /** @type {number | undefined} */ value) =>
      h("input", { type: "number", step: "any", class: "short", "aria-label": label, value, disabled: !this.look.range, onchange: () => this._fix() });
    this._low = field(t("frame.low"), this.look.range?.low);
    this._high = field(t("frame.high"), this.look.range?.high);
    this._auto = h("input", { type: "checkbox", checked: !this.look.range, onchange: () => this._fix() });
    const range = h("div", { class: "range" }, h("label", { class: "check" }, this._auto, t("frame.auto")), this._low, h("span", { class: "dash" }, "–"), this._high);
    this.elements = [scales, this._colours(), range, kinds];
  }

  /**
   * @param {FramePanel} panel
   * @param {() => void} redraw
   */
  bind(panel, redraw) {
    this._panel = panel;
    this._redraw = redraw;
  }

  /**
   * Show the range of the frame while it is the frame's own.
   * @param {Range} range
   */
  follow(range) {
    if (this.look.range) return;
    this._low.value = String(Number(range.low.toPrecision(5)));
    this._high.value = String(Number(range.high.toPrecision(5)));
  }

  _colours() {
    const options = COLOURS.map((name) => h("option", { value: name, selected: name === this.look.colours }, t(/** @type {any} */ (`colours.${name}`))));
    const select = h("select", { "aria-label": t("frame.colours"), onchange: () => this._set({ colours: /** @type {Colours} */ (select.value) }) }, ...options);
    return select;
  }

  _fix() {
    const free = this._auto.checked;
    this._low.disabled = this._high.disabled = free;
    const range = { low: Number(this._low.value), high: Number(this._high.value) };
    this._set({ range: free || !(range.high > range.low) ? null : range });
  }

  /** @param {Partial<Look>} change */
  _set(change) {
    Object.assign(this.look, change);
    const { scale, colours, range } = this.look;
    this._note({ scale, colours, range: range && `${range.low}~${range.high}` });
    this._redraw();
  }
}
