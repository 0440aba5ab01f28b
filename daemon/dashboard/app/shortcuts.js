// @ts-check
/** Keys that do something on every view. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { h } from "../base/dom.js";
import { t } from "../messages/index.js";
import { abort, busy, CONTROL, pauseOrResume } from "./actions.js";
import { lockedBy, may } from "./app.js";
import { asking, tell } from "./dialog.js";
import { VIEWS } from "./views.js";

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function shortcuts(app, scope) {
  scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || asking() || writes(event.target)) return;
    const index = Number(event.key) - 1;
    if (event.key === "?") showShortcuts();
    else if (VIEWS[index]) app.router.go(VIEWS[index].name);
    else if (event.key === "p" && free(app)) pauseOrResume(app);
    else if (event.key === "a" && may(app, CONTROL) && busy(app)) abort(app);
    else if (event.key === "/" && document.querySelector("[data-search]")) /** @type {HTMLElement} */ (document.querySelector("[data-search]")).focus();
    else return;
    event.preventDefault();
  });
}

/** Whether somebody may pause. @param {App} app */
function free(app) {
  return may(app, CONTROL) && busy(app) && lockedBy(app) === null;
}

/** Whether keys go into a field. @param {EventTarget | null} target */
function writes(target) {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Show what there is. */
export function showShortcuts() {
  const views = VIEWS.map(({ name }, index) => row(String(index + 1), t(/** @type {any} */ (`view.${name}`))));
  const rest = /** @type {const} */ (["p", "a", "/", "arrows", "zoom", "?"]).map((key) => row(t(`key.${key}`), t(`key.${key}.does`)));
  tell(t("menu.shortcuts"), [h("dl", { class: "keys" }, ...views.flat(), ...rest.flat())]);
}

/**
 * @param {string} key
 * @param {string} does
 */
function row(key, does) {
  return [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)];
}
