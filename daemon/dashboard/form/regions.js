// @ts-check
/** Regions where nothing may be measured: rectangles, circles, polygons. */

/** @import { Region } from "../net/types.js" */
/** @import { Shape } from "./schema.js" */
/** @import { Context, Field } from "./field.js" */

import { fill, h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { fresh, grouped, helpOf, labelOf, small } from "./field.js";

const KINDS = /** @type {const} */ (["box", "circle", "polygon"]);

/** @typedef {HTMLElement & {read: () => unknown}} RegionRow */

/**
 * @param {string} name
 * @param {Shape} shape
 * @param {any} value
 * @param {Context} context
 * @returns {Field}
 */
export function regionsField(name, { schema }, value, context) {
  const axes = context.devices.flatMap((device) => device.axes.map((axis) => axis.name));
  const rows = h("div", { class: "stack-small" });
  for (const region of Array.isArray(value) ? value : []) rows.append(row(region, axes, context));
  const add = KINDS.map((kind) => h("button", { type: "button", class: "button small", onclick: () => (rows.append(row(initial(kind, axes), axes, context)), context.changed()) }, icon("plus"), t(`region.${kind}`)));
  const { element, complain } = grouped(labelOf(name, schema), helpOf(name, schema), rows, h("div", { class: "save-buttons" }, ...add));
  const read = () => [...rows.children].map((each) => /** @type {RegionRow} */ (each).read());
  return { element, read, complain: (path, message) => (complain([...path, message].join(": ")), true) };
}

/**
 * @param {typeof KINDS[number]} kind
 * @param {string[]} axes
 * @returns {any}
 */
function initial(kind, axes) {
  const pair = [axes[0] ?? "x", axes[1] ?? "y"];
  if (kind === "box") return { kind, limits: Object.fromEntries(pair.map((axis) => [axis, ["", ""]])) };
  if (kind === "circle") return { kind, axes: pair, centre: ["", ""], radius: "" };
  return { kind, axes: pair, vertices: [] };
}

/**
 * @param {any} region
 * @param {string[]} axes
 * @param {Context} context
 * @returns {RegionRow}
 */
function row(region, axes, context) {
  const box = h("div", { class: "region-row" });
  const cells = /** @type {(() => unknown)[]} */ ([]);
  const cell = (/** @type {string} */ label, /** @type {unknown} */ value) => {
    const input = h("input", { id: fresh(), type: "text", inputmode: "decimal", autocomplete: "off", value: value ?? "", oninput: context.changed });
    cells.push(() => number(input.value));
    return h("div", { class: "field" }, h("label", { for: input.id }, label), input);
  };
  const remove = small(t("region.remove"), () => (box.remove(), context.changed()), icon("remove"));
  const title = h("span", { class: "field-label" }, t(/** @type {any} */ (`region.${region.kind}`)));
  /** @type {() => unknown} */
  let read = () => region;
  if (region.kind === "box") {
    const names = Object.keys(region.limits);
    const parts = names.flatMap((axis) => [cell(t("region.from", { axis }), region.limits[axis][0]), cell(t("region.to", { axis }), region.limits[axis][1])]);
    fill(box, title, ...parts, remove);
    read = () => ({ kind: "box", limits: Object.fromEntries(names.map((axis, index) => [axis, [cells[2 * index](), cells[2 * index + 1]()]])) });
  } else if (region.kind === "circle") {
    const parts = [...region.axes.map((/** @type {string} */ axis, /** @type {number} */ index) => cell(t("region.centre", { axis }), region.centre[index])), cell(t("region.radius"), region.radius)];
    fill(box, title, ...parts, remove);
    read = () => ({ kind: "circle", axes: region.axes, centre: [cells[0](), cells[1]()], radius: cells[2]() });
  } else {
    const area = h("textarea", { id: fresh(), class: "mono", placeholder: "10, 20\n30, 40\n10, 40", oninput: context.changed }, region.vertices.map((/** @type {number[]} */ vertex) => vertex.join(", ")).join("\n"));
    fill(box, title, h("div", { class: "field wide" }, h("label", { for: area.id }, t("region.corners", { x: region.axes[0], y: region.axes[1] })), area), remove);
    read = () => ({ kind: "polygon", axes: region.axes, vertices: area.value.trim().split("\n").filter(Boolean).map((line) => line.split(/[,;\s]+/).filter(Boolean).map(number)) });
  }
  return Object.assign(box, { read });
}

/** @param {string} text */
function number(text) {
  const written = text.trim().replace("−", "-").replace(",", ".");
  return written && Number.isFinite(Number(written)) ? Number(written) : text;
}
