// @ts-check
/** Questions that are asked before something that cannot be taken back. */

import { h } from "../base/dom.js";
import { t } from "../messages/index.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text
 * @property {string} yes
 * @property {string} [no]
 * @property {boolean} [dangerous]
 * @property {string} [reason] label of a field for a reason; none without it
 */

/**
 * Ask; the reason that was given (empty where none was), or null where the answer is no.
 * @param {Question} question
 * @returns {Promise<string | null>}
 */
export function ask({ title, text, yes, no = t("dialog.no"), dangerous = false, reason }) {
  const field = h("input", { id: "dialog-reason", type: "text", maxlength: 500, autocomplete: "off" });
  const body = [
    h("h2", { id: "dialog-title" }, title),
    h("p", {}, text),
    reason ? h("div", { class: "field" }, h("label", { for: "dialog-reason" }, reason), field) : null,
    h(
      "div",
      { class: "dialog-buttons" },
      h("button", { class: "button", value: "", type: "submit", formnovalidate: true }, no),
      h("button", { class: `button ${dangerous ? "danger" : "primary"}`, value: "yes", type: "submit" }, yes),
    ),
  ];
  return show("dialog-title", body, (answer) => (answer === "yes" ? field.value.trim() : null));
}

/**
 * Show something that is read and closed.
 * @param {string} title
 * @param {(import("../base/dom.js").Child)[]} content
 */
export function tell(title, content) {
  const done = h("button", { class: "button primary", type: "submit" }, t("dialog.close"));
  const body = [h("h2", { id: "dialog-title" }, title), ...content, h("div", { class: "dialog-buttons" }, done)];
  return show("dialog-title", body, () => null);
}

/**
 * @template T
 * @param {string} label
 * @param {import("../base/dom.js").Child[]} body
 * @param {(answer: string) => T} result
 * @returns {Promise<T>}
 */
function show(label, body, result) {
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": label }, h("form", { method: "dialog" }, ...body));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(result(dialog.returnValue));
      dialog.remove();
    });
  });
}

/** Whether a question is open: shortcuts of the keyboard wait meanwhile. */
export function asking() {
  return document.querySelector("dialog[open]") !== null;
}
