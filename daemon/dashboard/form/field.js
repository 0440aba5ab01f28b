// @ts-check
/** What all fields of a form have in common: a label, a hint, a place for what is wrong, and a value. */

/** @import { Schema, Device } from "../net/types.js" */

import { h } from "../base/dom.js";
import { t, term } from "../messages/index.js";

/**
 * What fields are made from beside their schema.
 * @typedef {object} Context
 * @property {Schema} root of the plan's schema
 * @property {Device[]} devices
 * @property {() => void} changed called when somebody has changed a value
 */

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {() => unknown} read the value; undefined where nothing was entered
 * @property {(path: string[], message: string) => boolean} complain shows what is wrong; false where it has no place for it
 */

/** The text of a number that cannot be read as one. */
export class Unreadable {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  toJSON() {
    return this.text;
  }
}

let serial = 0;

/** An id that no other element has. */
export function fresh() {
  serial += 1;
  return `field-${serial}`;
}

/**
 * The name of a field in the page's language; the schema's own where that has none.
 * @param {string} name
 * @param {Schema} [schema]
 */
export function labelOf(name, schema) {
  const found = term("field", name);
  return found === name ? (schema?.title ?? name).replaceAll("_", " ") : found;
}

/**
 * What a field is for.
 * @param {string} name
 * @param {Schema} schema
 */
export function helpOf(name, schema) {
  const found = term("help", name);
  return found === name ? (schema.description ?? "") : found;
}

/**
 * A label over a control, with a hint and a place for what is wrong below.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} hint
 * @returns {{element: HTMLElement, complain: (message: string) => void}}
 */
export function labelled(label, control, hint) {
  const id = control.id || (control.id = fresh());
  const problem = h("p", { id: `${id}-problem`, class: "problem", role: "alert" });
  const help = hint ? h("p", { id: `${id}-help`, class: "hint" }, hint) : null;
  control.setAttribute("aria-describedby", [help?.id, problem.id].filter(Boolean).join(" "));
  const complain = (/** @type {string} */ message) => {
    problem.textContent = message;
    if (message) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  control.addEventListener("input", () => complain(""));
  return { element: h("div", { class: "field" }, h("label", { for: id }, label), control, help, problem), complain };
}

/**
 * A group of fields under one name.
 * @param {string} label
 * @param {string} hint
 * @param {...import("../base/dom.js").Child} content
 */
export function grouped(label, hint, ...content) {
  const id = fresh();
  const problem = h("p", { class: "problem", role: "alert" });
  const element = h("fieldset", { class: "field group", "aria-labelledby": id }, h("legend", { id, class: "field-label" }, label), hint && h("p", { class: "hint" }, hint), ...content, problem);
  return { element, complain: (/** @type {string} */ message) => (problem.textContent = message) };
}

/**
 * A button that takes something away.
 * @param {string} label
 * @param {() => void} action
 * @param {Node} sign
 */
export function small(label, action, sign) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: action }, sign);
}

/** What stands in an empty field that may stay empty. */
export function unset() {
  return t("form.unset");
}
