// @ts-check
/** The axes of a scan: which, from where to where, and at how many positions. */

/** @import { DeviceAxis } from "../net/types.js" */
/** @import { Shape } from "./schema.js" */
/** @import { Context, Field } from "./field.js" */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { fresh, grouped, helpOf, labelOf, small, Unreadable } from "./field.js";

const PARTS = /** @type {const} */ (["low", "high", "points"]);

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {any} value
 * @param {Context} context
 * @returns {Field}
 */
export function axesField(name, { schema }, value, context) {
  const known = context.devices.flatMap((device) => device.axes);
  const rows = h("div", { class: "axis-rows" });
  const add = (/** @type {string} */ axis, /** @type {any} */ range) => rows.append(row(axis, range, known, context));
  for (const [axis, range] of Object.entries(value ?? {})) add(axis, range);
  const more = h("button", { type: "button", class: "button small", onclick: () => next() }, icon("plus"), t("form.axis-add"));
  const next = () => {
    const used = read();
    const free = known.find((axis) => !(axis.name in used)) ?? known[0];
    add(free?.name ?? "", { low: free?.low, high: free?.high, points: null });
    context.changed();
  };
  const read = () => Object.fromEntries([...rows.children].map((each) => /** @type {AxisRow} */ (each).read()));
  const { element, complain } = grouped(labelOf(name, schema), helpOf(name, schema), rows, h("div", {}, more));
  return {
    element,
    read,
    complain: (path, message) => {
      const place = [...rows.children].find((each) => /** @type {AxisRow} */ (each).read()[0] === path[0]);
      if (!place || !(/** @type {AxisRow} */ (place).complain(path.slice(1), message))) complain([...path, message].join(": "));
      return true;
    },
  };
}

/** @typedef {HTMLElement & {read: () => [string, Record<string, unknown>], complain: (path: string[], message: string) => boolean}} AxisRow */

/**
 * @param {string} axis
 * @param {any} range
 * @param {DeviceAxis[]} known
 * @param {Context} context
 * @returns {AxisRow}
 */
function row(axis, range, known, context) {
  const names = [...new Set([...known.map((each) => each.name), axis])];
  const select = h("select", { id: fresh(), "aria-label": t("form.axis"), onchange: () => (hint(), context.changed()) }, ...names.map((each) => h("option", { value: each, selected: each === axis }, each)));
  const inputs = PARTS.map((part) => h("input", { id: fresh(), type: "text", inputmode: "decimal", autocomplete: "off", value: range?.[part] ?? "", placeholder: part === "points" ? t("form.free") : null, oninput: () => (problem.textContent = "", inputs.forEach((each) => each.removeAttribute("aria-invalid")), context.changed()) }));
  const input = (/** @type {string} */ part) => inputs[PARTS.indexOf(/** @type {any} */ (part))];
  const fields = PARTS.map((part, index) => h("div", { class: "field" }, h("label", { for: inputs[index].id }, t(`form.axis-${part}`)), inputs[index]));
  const about = h("p", { class: "hint" });
  const problem = h("p", { class: "problem", role: "alert" });
  const hint = () => {
    const found = known.find((each) => each.name === select.value);
    about.textContent = found ? t("form.axis-limits", { low: number(found.low), high: number(found.high), unit: found.units ?? "" }) : "";
  };
  hint();
  const remove = small(t("form.axis-remove"), () => (element.remove(), context.changed()), icon("remove"));
  const element = h("div", { class: "axis-row" }, h("div", { class: "field" }, h("label", { for: select.id }, t("form.axis")), select), ...fields, remove, about, problem);
  return Object.assign(element, {
    read: () => /** @type {[string, Record<string, unknown>]} */ ([select.value, Object.fromEntries(PARTS.map((part) => [part, numberIn(input(part).value, part === "points")]))]),
    complain: (/** @type {string[]} */ path, /** @type {string} */ message) => {
      // What is wrong with the range as a whole is wrong at both of its ends.
      for (const part of path[0] ? [path[0]] : ["low", "high"]) input(part)?.setAttribute("aria-invalid", "true");
      problem.textContent = path[0] && input(path[0]) ? `${t(/** @type {any} */ (`form.axis-${path[0]}`))}: ${message}` : message;
      return true;
    },
  });
}

/**
 * @param {string} text
 * @param {boolean} optional
 */
function numberIn(text, optional) {
  const written = text.trim().replace("−", "-").replace(",", ".");
  if (!written) return optional ? null : new Unreadable(text);
  return Number.isFinite(Number(written)) ? Number(written) : new Unreadable(text);
}
