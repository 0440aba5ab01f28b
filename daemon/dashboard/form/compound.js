// @ts-check
/** Fields for values made of others: several fields, an optional one, a choice of several names. */

/** @import { Schema } from "../net/types.js" */
/** @import { Shape } from "./schema.js" */
/** @import { Context, Field } from "./field.js" */

import { h, show } from "../base/dom.js";
import { t } from "../messages/index.js";
import { fresh, grouped, helpOf, labelOf } from "./field.js";
import { shapeOf } from "./schema.js";
import { simpleField } from "./simple.js";

/**
 * Several fields, and free ones where the schema allows them.
 * @param {string} name
 * @param {Shape} shape
 * @param {any} value
 * @param {Context} context
 * @returns {Field}
 */
export function objectField(name, { schema, nullable }, value, context) {
  const parts = Object.entries(/** @type {Record<string, Schema>} */ (schema.properties)).map(([key, each]) => {
    const shape = shapeOf(each, context.root);
    return /** @type {const} */ ([key, simpleField(key, shape, value?.[key] ?? shape.schema.default, context)]);
  });
  const free = Object.entries(value ?? {}).filter(([key]) => !(key in schema.properties));
  const more = schema.additionalProperties === true ? freeFields(free, context) : null;
  const content = h("div", { class: "group-fields" }, ...parts.map(([, field]) => field.element), more?.element);
  const given = h("input", { id: fresh(), type: "checkbox", checked: !nullable || (value !== null && value !== undefined), onchange: () => (show(content, given.checked), context.changed()) });
  show(content, given.checked);
  const toggle = nullable ? h("label", { class: "check", for: given.id }, given, t("form.use")) : null;
  const { element, complain } = grouped(labelOf(name, schema), helpOf(name, schema), toggle, content);
  return {
    element,
    read: () => (given.checked ? { ...more?.read(), ...Object.fromEntries(parts.map(([key, field]) => [key, field.read()])) } : null),
    complain: (path, message) => {
      const part = parts.find(([key]) => key === path[0])?.[1];
      if (!part?.complain(path.slice(1), message)) complain([...path, message].join(": "));
      return true;
    },
  };
}

/**
 * Names and texts that somebody makes up.
 * @param {[string, unknown][]} entries
 * @param {Context} context
 */
function freeFields(entries, context) {
  const rows = h("div", { class: "stack-small" });
  const add = (/** @type {string} */ key, /** @type {unknown} */ value) => {
    const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
    const pair = ["name", "value"].map((kind, index) => h("input", { type: "text", "aria-label": t(/** @type {any} */ (`form.free-${kind}`)), placeholder: t(/** @type {any} */ (`form.free-${kind}`)), value: index ? text : key, oninput: context.changed }));
    rows.append(h("div", { class: "pair" }, ...pair));
  };
  for (const [key, value] of entries) add(key, value);
  const button = h("button", { type: "button", class: "button small", onclick: () => add("", "") }, t("form.free-add"));
  const read = () => {
    const pairs = [...rows.children].map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()));
    return Object.fromEntries(pairs.filter(([key]) => key).map(([key, value]) => [key, value]));
  };
  return { element: h("div", { class: "stack-small" }, rows, h("div", {}, button)), read };
}

/**
 * Some out of several names.
 * @param {string} name
 * @param {Shape} shape
 * @param {any} value
 * @param {Context} context
 * @param {string[]} options
 * @returns {Field}
 */
export function severalField(name, { schema }, value, context, options) {
  const chosen = /** @type {string[]} */ (Array.isArray(value) ? value : []);
  const all = [...new Set([...options, ...chosen])];
  const boxes = all.map((option) => h("input", { id: fresh(), type: "checkbox", value: option, checked: chosen.includes(option), onchange: context.changed }));
  const labels = boxes.map((box) => h("label", { class: "check", for: box.id }, box, box.value));
  const { element, complain } = grouped(labelOf(name, schema), helpOf(name, schema), h("div", { class: "checks" }, ...labels));
  return { element, read: () => boxes.filter((box) => box.checked).map((box) => box.value), complain: (path, message) => (complain(message), true) };
}
