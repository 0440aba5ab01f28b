// @ts-check
/** The items that are done. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Item } from "../net/types.js" */
/** @import { Editor } from "./editor.js" */

import { may } from "../app/app.js";
import { planTitle } from "../app/summary.js";
import { fill, h, show } from "../base/dom.js";
import { duration, moment } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t, term } from "../messages/index.js";
import { itemWords } from "./words.js";

const SHOWN = 12;
export const TONES = /** @type {Record<string, string>} */ ({ success: "good", abort: "warn", fail: "bad", interrupted: "bad", running: "good" });

/** @typedef {Item & {id: number, started_at: string, ended_at: string, exit_status: string, reason: string, run_uid: string | null, points: number}} Entry */

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {Editor} editor
 */
export function doneList(app, scope, editor) {
  const list = h("ol", { class: "items" });
  const element = h("section", { class: "card", hidden: true }, h("h2", {}, t("queue.done")), list);
  let known = "";
  app.feed.status.watch(scope, async (status) => {
    if (!status || status.uids.history === known) return;
    known = status.uids.history;
    const found = await app.api.get("/history", { limit: SHOWN }).catch(() => null);
    if (!found || scope.ended) return;
    show(element, found.entries.length);
    fill(list, ...found.entries.map((/** @type {Entry} */ entry) => row(app, entry, editor)));
  });
  return element;
}

/**
 * @param {App} app
 * @param {Entry} entry
 * @param {Editor} editor
 */
function row(app, entry, editor) {
  const seconds = (Date.parse(entry.ended_at) - Date.parse(entry.started_at)) / 1000;
  const took = [moment(entry.ended_at), duration(seconds), t("now.points", { points: entry.points })].join(" · ");
  const pill = h("span", { class: `pill ${TONES[entry.exit_status] ?? ""}` }, term("exit", entry.exit_status));
  const text = h("div", { class: "item-words" }, h("strong", {}, planTitle(entry.plan)), h("span", {}, itemWords(entry)), h("span", { class: "hint" }, took), entry.reason && h("span", { class: "hint" }, entry.reason));
  const again = h("button", { type: "button", class: "button small", onclick: () => editor.create(entry.plan, entry.parameters) }, icon("copy"), t("queue.again"));
  const look = entry.run_uid && h("a", { class: "button small", href: `#/map?run=${entry.run_uid.slice(0, 8)}` }, icon("map"), t("view.map"));
  return h("li", { class: "item" }, pill, text, h("div", { class: "item-actions" }, look, may(app, "write:queue:edit") ? again : null));
}
