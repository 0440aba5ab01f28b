// @ts-check
/** Anything that is drawn can be kept: as a picture, and its numbers as a table. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "../messages/index.js";

/**
 * @param {Blob} content
 * @param {string} name
 */
export function download(content, name) {
  const url = URL.createObjectURL(content);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} name without its ending
 */
export function savePicture(canvas, name) {
  canvas.toBlob((content) => content && download(content, `${name}.png`));
}

/**
 * @param {Record<string, ArrayLike<unknown>>} columns
 * @param {string} name without its ending
 */
export function saveTable(columns, name) {
  download(new Blob([csv(columns)], { type: "text/csv" }), `${name}.csv`);
}

/**
 * Columns as comma-separated values (RFC 4180), numbers with all their digits.
 * @param {Record<string, ArrayLike<unknown>>} columns
 */
export function csv(columns) {
  const names = Object.keys(columns);
  const rows = Math.max(0, ...names.map((name) => columns[name].length));
  const lines = [names.map(cell).join(",")];
  for (let row = 0; row < rows; row++) lines.push(names.map((name) => cell(columns[name][row])).join(","));
  return lines.join("\r\n") + "\r\n";
}

/** @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return "";
  const text = String(value);
  // A spreadsheet takes a text that begins so for a formula.
  const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Buttons that keep a picture and its numbers.
 * @param {() => void} picture
 * @param {() => void} numbers
 */
export function saveButtons(picture, numbers) {
  const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ action) =>
    h("button", { type: "button", class: "button small", title: label, "aria-label": label, onclick: action }, icon("save"), text);
  return h("div", { class: "save-buttons" }, button("PNG", t("save.png"), picture), button("CSV", t("save.csv"), numbers));
}
