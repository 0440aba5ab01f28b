// @ts-check
/** Fields for one value: a number, a text, a choice, yes or no. */

/** @import { Shape } from "./schema.js" */
/** @import { Context, Field } from "./field.js" */

import { h } from "../base/dom.js";
import { term } from "../messages/index.js";
import { fresh, helpOf, labelled, labelOf, Unreadable, unset } from "./field.js";
import { limits } from "./schema.js";

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @param {{label?: string, hint?: string, options?: string[]}} [own]
 * @returns {Field}
 */
export function simpleField(name, shape, value, context, own = {}) {
  const makers = /** @type {Record<string, () => Field>} */ ({
    flag: () => flag(name, shape, value, context),
    choice: () => choice(name, shape, value, context),
    whole: () => numeric(name, shape, value, context, own),
    number: () => numeric(name, shape, value, context, own),
    text: () => text(name, shape, value, context, own),
  });
  return (makers[shape.kind] ?? (() => other(name, shape, value, context)))();
}

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @param {{label?: string, hint?: string}} own
 * @returns {Field}
 */
function numeric(name, { schema, nullable, kind }, value, context, { label = labelOf(name, schema), hint }) {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", value: value ?? "", placeholder: nullable ? unset() : null, oninput: context.changed });
  const range = limits(schema);
  const help = hint ?? [helpOf(name, schema), range && `(${range})`].filter(Boolean).join(" ");
  const { element, complain } = labelled(label, input, help);
  const read = () => {
    const written = input.value.trim().replace("−", "-").replace(",", ".");
    if (!written) return nullable ? null : undefined;
    const found = Number(written);
    return Number.isFinite(found) && (kind === "number" || Number.isInteger(found)) ? found : new Unreadable(input.value);
  };
  return { element, read, complain: (path, message) => path.length === 0 && (complain(message), true) };
}

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @param {{label?: string, hint?: string, options?: string[]}} own
 * @returns {Field}
 */
function text(name, { schema, nullable }, value, context, { label = labelOf(name, schema), hint, options = schema.examples ?? [] }) {
  const list = options.length ? h("datalist", { id: fresh() }, ...options.map((/** @type {string} */ option) => h("option", { value: option }))) : null;
  const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", value: value ?? "", list: list?.id, placeholder: nullable ? unset() : null, oninput: context.changed });
  const { element, complain } = labelled(label, input, hint ?? helpOf(name, schema));
  if (list) element.append(list);
  const read = () => input.value.trim() || (nullable ? null : "");
  return { element, read, complain: (path, message) => path.length === 0 && (complain(message), true) };
}

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @returns {Field}
 */
function choice(name, { schema, nullable }, value, context) {
  const options = schema.enum.map((/** @type {string} */ each) => h("option", { value: each, selected: each === value }, term("choice", each)));
  const select = h("select", { onchange: context.changed }, nullable ? h("option", { value: "" }, unset()) : null, ...options);
  const { element, complain } = labelled(labelOf(name, schema), select, helpOf(name, schema));
  return { element, read: () => select.value || null, complain: (path, message) => path.length === 0 && (complain(message), true) };
}

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @returns {Field}
 */
function flag(name, { schema }, value, context) {
  const id = fresh();
  const input = h("input", { id, type: "checkbox", checked: value === true, onchange: context.changed });
  const problem = h("p", { class: "problem", role: "alert" });
  const element = h("div", { class: "field" }, h("label", { class: "check", for: id }, input, labelOf(name, schema)), h("p", { class: "hint" }, helpOf(name, schema)), problem);
  return { element, read: () => input.checked, complain: (path, message) => path.length === 0 && ((problem.textContent = message), true) };
}

/**
 * Whatever has no field of its own is written as JSON.
 * @param {string} name
 * @param {Shape} shape
 * @param {unknown} value
 * @param {Context} context
 * @returns {Field}
 */
function other(name, { schema, nullable }, value, context) {
  const area = h("textarea", { class: "mono", spellcheck: "false", oninput: context.changed }, value === null || value === undefined ? "" : JSON.stringify(value, null, 1));
  const { element, complain } = labelled(labelOf(name, schema), area, helpOf(name, schema));
  const read = () => {
    const written = area.value.trim();
    if (!written) return nullable ? null : undefined;
    try {
      return JSON.parse(written);
    } catch {
      return new Unreadable(written);
    }
  };
  return { element, read, complain: (path, message) => (complain([...path, message].join(": ")), true) };
}
