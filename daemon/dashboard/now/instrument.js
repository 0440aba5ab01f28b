// @ts-check
/** Shutter, beam and axes: as the run says, or as the devices do while nothing runs. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Device } from "../net/types.js" */

import { fill, h } from "../base/dom.js";
import { number, quantity } from "../base/format.js";
import { t, term } from "../messages/index.js";

const AGAIN = 3;

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function instrument(app, scope) {
  const list = h("dl", { class: "facts tight" });
  let asked = false;
  /** @type {Device[]} */
  let devices = [];
  const draw = () => fill(list, ...devices.flatMap(rows));
  const look = async () => {
    if (asked || document.hidden || app.feed.status.value?.engine_state === null) return;
    asked = true;
    const answer = await app.api.get("/devices").catch(() => null);
    asked = false;
    if (!answer || scope.ended) return;
    devices = answer.devices;
    draw();
  };
  look();
  scope.every(AGAIN, look);
  return h("section", { class: "card tile" }, h("h2", {}, t("now.instrument")), list);
}

/** @param {Device} device */
function rows(device) {
  const found = (device.readings ?? []).map((reading) => row(reading.name, typeof reading.value === "number" ? quantity(reading.value, reading.units) : word(device, reading.value)));
  const axes = device.axes.map((axis) => row(axis.name, axis.position === null ? "–" : `${number(axis.position, 5)} ${axis.units ?? ""}`));
  return [...found, ...axes];
}

/**
 * @param {Device} device
 * @param {string} value
 */
function word(device, value) {
  const tone = device.kind === "shutter" ? (value === "open" ? "good" : "off") : "";
  return tone ? h("span", { class: `pill ${tone}` }, term("shutter", value)) : value;
}

/**
 * @param {string} name
 * @param {string | Node} value
 */
function row(name, value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}
