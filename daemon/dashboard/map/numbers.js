// @ts-check
/** Asks for a point or leaves out a rectangle by numbers: for keyboards, and for exact places. */

/** @import { Axis } from "../run/facts.js" */

import { fill, h } from "../base/dom.js";
import { fresh } from "../form/field.js";
import { t } from "../messages/index.js";

export class ByNumbers {
  /**
   * @param {(position: Record<string, number>) => void} wish
   * @param {(limits: Record<string, [number, number]>) => void} exclude
   */
  constructor(wish, exclude) {
    this._wish = wish;
    this._exclude = exclude;
    this._offered = "";
    this._body = h("div", { class: "stack-small" });
    this.element = h("details", { class: "form-more" }, h("summary", {}, t("steer.numbers")), this._body);
  }

  /** @param {Axis[]} axes */
  offer(axes) {
    const names = axes.map((axis) => axis.name).join();
    if (this._offered === names) return;
    this._offered = names;
    const field = (/** @type {string} */ label) => h("input", { id: fresh(), type: "number", step: "any", required: true, "aria-label": label });
    const places = axes.map((axis) => ({ axis, input: field(axis.name) }));
    const ends = axes.map((axis) => ({ axis, low: field(t("region.from", { axis: axis.name })), high: field(t("region.to", { axis: axis.name })) }));
    const label = (/** @type {string} */ text, /** @type {HTMLInputElement} */ input) => h("div", { class: "field" }, h("label", { for: input.id }, text), input);
    const wish = () => this._wish(Object.fromEntries(places.map(({ axis, input }) => [axis.name, Number(input.value)])));
    const exclude = () => this._exclude(Object.fromEntries(ends.map(({ axis, low, high }) => [axis.name, ordered(Number(low.value), Number(high.value))])));
    fill(
      this._body,
      form(t("steer.tool.wish"), wish, places.map(({ axis, input }) => label(axis.unit ? `${axis.name} (${axis.unit})` : axis.name, input))),
      form(t("steer.tool.exclude"), exclude, ends.flatMap(({ axis, low, high }) => [label(t("region.from", { axis: axis.name }), low), label(t("region.to", { axis: axis.name }), high)])),
    );
  }
}

/**
 * @param {string} text
 * @param {() => void} action
 * @param {HTMLElement[]} fields
 */
function form(text, action, fields) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    action();
  };
  return h("form", { class: "number-form", onsubmit: submit }, ...fields, h("button", { type: "submit", class: "button small" }, text));
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {[number, number]}
 */
function ordered(a, b) {
  return a < b ? [a, b] : [b, a];
}
