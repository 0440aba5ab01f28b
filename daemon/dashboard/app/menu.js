// @ts-check
/** Who is logged in, and what they like: language, colours, the control lock, the way out. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { fill, h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { rememberKey } from "../net/session.js";
import { attempt, lockedBy, may, role } from "./app.js";
import { ask } from "./dialog.js";
import { showShortcuts } from "./shortcuts.js";
import { languageSwitch, themeSwitch } from "./switches.js";

const LOCK = "write:lock";

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function menu(app, scope) {
  const lock = h("div", { class: "menu-lock" });
  const version = h("p", { class: "hint" });
  const body = h(
    "div",
    { class: "menu-body card" },
    h("p", { class: "menu-who" }, h("strong", {}, app.identity.name), h("span", { class: "hint" }, t(`role.${role(app)}`))),
    lock,
    h("div", { class: "menu-row" }, h("span", {}, t("menu.language")), languageSwitch()),
    h("div", { class: "menu-row" }, h("span", {}, t("menu.theme")), themeSwitch()),
    h("button", { type: "button", class: "button wide", onclick: () => showShortcuts() }, icon("keyboard"), t("menu.shortcuts")),
    h("button", { type: "button", class: "button wide", onclick: leave }, t("menu.leave")),
    version,
  );
  const summary = h("summary", { class: "icon-button", "aria-label": t("menu.title", { name: app.identity.name }) }, icon("user"));
  const element = h("details", { class: "menu" }, summary, body);
  scope.listen(document, "pointerdown", (event) => !element.contains(event.target) && element.removeAttribute("open"));
  scope.listen(element, "keydown", (event) => {
    if (event.key === "Escape") element.removeAttribute("open");
  });
  let drawn = "";
  app.feed.status.watch(scope, (status) => {
    version.textContent = status ? t("menu.version", { version: status.version }) : "";
    const state = JSON.stringify(status?.lock ?? null);
    if (state !== drawn) fill(lock, ...lockButtons(app));
    drawn = state;
  });
  return element;
}

/** @param {App} app */
function lockButtons(app) {
  if (!may(app, LOCK)) return [];
  const held = app.feed.status.value?.lock;
  const other = lockedBy(app);
  if (!held) return [button(t("lock.take"), () => take(app))];
  if (!other) return [button(t("lock.release"), () => attempt(app, () => app.api.delete("/lock"), t("lock.released")))];
  if (app.identity.role !== "administrator") return [];
  return [button(t("lock.break", { holder: other.holder }), () => attempt(app, () => app.api.delete("/lock?force=true"), t("lock.released")))];
}

/** @param {App} app */
async function take(app) {
  const note = await ask({ title: t("lock.take"), text: t("lock.text"), yes: t("lock.take"), reason: t("lock.note") });
  if (note !== null) await attempt(app, () => app.api.post("/lock", { note }), t("lock.taken"));
}

/**
 * @param {string} text
 * @param {() => unknown} action
 */
function button(text, action) {
  return h("button", { type: "button", class: "button wide", onclick: action }, icon("lock"), text);
}

/** Forget the key. */
function leave() {
  rememberKey(null);
  location.reload();
}
