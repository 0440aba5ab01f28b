// @ts-check
/** The waiting items: in their order, which can be changed by buttons and by dragging. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Flags, Item } from "../net/types.js" */

import { attempt, lockedBy, may } from "../app/app.js";
import { ask } from "../app/dialog.js";
import { empty } from "../app/shell.js";
import { planTitle } from "../app/summary.js";
import { fill, h, show } from "../base/dom.js";
import { moment } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { itemWords } from "./words.js";

const EDIT = "write:queue:edit";
const CONTROL = "write:queue:control";

export class QueueList {
  /**
   * @param {App} app
   * @param {Scope} scope
   * @param {(item: Item) => void} edit
   */
  constructor(app, scope, edit) {
    this._app = app;
    this._edit = edit;
    /** @type {Item[]} */
    this._items = [];
    this._list = h("ol", { class: "items", "aria-label": t("queue.waiting") });
    this._running = h("div", { class: "item running", hidden: true });
    this._nothing = empty("queue", t("queue.empty"), may(app, EDIT) ? t("queue.empty-text") : t("queue.empty-observer"));
    this._buttons = h("div", { class: "toolbar" });
    this.element = h("section", { class: "card" }, h("h2", {}, t("queue.waiting")), this._buttons, this._running, this._list, this._nothing);
    let known = "";
    app.feed.status.watch(scope, (status) => {
      if (!status) return;
      const now = [status.queue_uid, status.queue_running, status.queue_stop_pending, JSON.stringify(status.flags), status.item?.uid, status.lock?.holder].join();
      if (now !== known) this._fetch();
      known = now;
    });
  }

  async _fetch() {
    const found = await this._app.api.get("/queue").catch(() => null);
    if (!found) return;
    this._items = found.items;
    this._show(found.running, found.flags);
  }

  /**
   * @param {Item | null} running
   * @param {Flags} flags
   */
  _show(running, flags) {
    show(this._nothing, !this._items.length && !running);
    show(this._running, running);
    if (running) fill(this._running, h("span", { class: "pill good" }, t("state.running")), words(running));
    fill(this._list, ...this._items.map((item, index) => this._row(item, index)));
    fill(this._buttons, ...this._controls(flags));
    show(this._buttons, may(this._app, CONTROL));
  }

  /** @param {Flags} flags */
  _controls(flags) {
    const { api, feed } = this._app;
    const status = feed.status.value;
    const locked = lockedBy(this._app) !== null;
    const works = status?.queue_running && !status.queue_stop_pending;
    const button = (/** @type {string} */ text, /** @type {string} */ path, /** @type {import("../base/icons.js").Icon} */ sign, primary = false) =>
      h("button", { type: "button", class: `button${primary ? " primary" : ""}`, disabled: locked, onclick: () => attempt(this._app, () => api.post(path)) }, icon(sign), text);
    const first = status?.queue_stop_pending ? button(t("queue.stop-cancel"), "/queue/stop/cancel", "play") : works ? button(t("queue.stop"), "/queue/stop", "pause") : button(t("action.start-queue"), "/queue/start", "play", this._items.length > 0);
    const names = /** @type {(keyof Flags)[]} */ (["autostart", "loop", "stop_on_failure"]);
    const switches = names.map((name) => {
      const box = h("input", { type: "checkbox", checked: flags[name], disabled: locked, onchange: () => attempt(this._app, () => api.patch("/queue/flags", { [name]: box.checked })) });
      return h("label", { class: "check" }, box, t(/** @type {any} */ (`queue.${name}`)));
    });
    const clear = h("button", { type: "button", class: "button quiet push", disabled: locked || !this._items.length, onclick: () => this._clear() }, icon("remove"), t("queue.clear"));
    return [first, ...switches, may(this._app, EDIT) ? clear : null];
  }

  async _clear() {
    const sure = await ask({ title: t("queue.clear-title"), text: t("queue.clear-text", { count: this._items.length }), yes: t("queue.clear"), dangerous: true });
    if (sure !== null) attempt(this._app, () => this._app.api.delete("/queue"));
  }

  /**
   * @param {Item} item
   * @param {number} index
   */
  _row(item, index) {
    const mine = may(this._app, EDIT);
    const row = h("li", { class: "item", draggable: mine ? "true" : null, "data-uid": item.uid }, h("span", { class: "item-number" }, index + 1), words(item), mine ? this._actions(item, index) : null);
    if (mine) this._dragging(row, index);
    return row;
  }

  /**
   * @param {Item} item
   * @param {number} index
   */
  _actions(item, index) {
    const { api } = this._app;
    const locked = lockedBy(this._app) !== null;
    const title = planTitle(item.plan);
    const action = (/** @type {import("../base/icons.js").Icon} */ sign, /** @type {string} */ label, /** @type {() => unknown} */ act, off = false, kind = "") =>
      h("button", { type: "button", class: `icon-button ${kind}`, "aria-label": `${label}: ${title} ${index + 1}`, title: label, disabled: locked || off, onclick: act }, icon(sign));
    const move = (/** @type {number} */ to) => attempt(this._app, () => api.post(`/queue/${item.uid}/move`, { to }));
    return h(
      "div",
      { class: "item-actions" },
      action("up", t("queue.up"), () => move(index - 1), index === 0),
      action("down", t("queue.down"), () => move(index + 1), index === this._items.length - 1),
      action("edit", t("queue.edit"), () => this._edit(item)),
      action("copy", t("queue.duplicate"), () => attempt(this._app, () => api.post(`/queue/${item.uid}/duplicate`))),
      action("remove", t("queue.remove"), () => attempt(this._app, () => api.delete(`/queue/${item.uid}`)), false, "danger"),
    );
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   */
  _dragging(row, index) {
    row.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", this._items[index].uid);
      row.classList.add("dragged");
    });
    row.addEventListener("dragend", () => row.classList.remove("dragged"));
    row.addEventListener("dragover", (event) => {
      event.preventDefault();
      row.classList.add("over");
    });
    row.addEventListener("dragleave", () => row.classList.remove("over"));
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      row.classList.remove("over");
      const uid = event.dataTransfer?.getData("text/plain");
      if (uid && this._items.some((item) => item.uid === uid)) attempt(this._app, () => this._app.api.post(`/queue/${uid}/move`, { to: index }));
    });
  }
}

/** @param {Item} item */
function words(item) {
  const who = t("queue.added", { name: item.added_by || "–", time: moment(item.added_at) });
  return h("div", { class: "item-words" }, h("strong", {}, planTitle(item.plan)), h("span", {}, itemWords(item)), h("span", { class: "hint" }, who));
}
