// @ts-check
/** What stands around every view: the state of the instrument, the controls, the menu, and the banner for old data. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { banners } from "./banners.js";
import { controls } from "./controls.js";
import { menu } from "./menu.js";
import { navigation } from "./navigation.js";
import { summary } from "./summary.js";

/**
 * Build the page around a place for views.
 * @param {App} app
 * @param {HTMLElement} root
 * @param {Scope} scope
 * @returns {HTMLElement} where views go
 */
export function shell(app, root, scope) {
  const main = h("main", { id: "view", tabindex: "-1" });
  const brand = h("a", { class: "brand", href: "#/now", "aria-label": t("brand.home") }, h("img", { src: "/dashboard/icon.svg", alt: "", width: 28, height: 28 }), h("span", {}, "Beampilot"));
  const skip = h("a", { class: "skip", href: "#view", onclick: (/** @type {Event} */ event) => (event.preventDefault(), main.focus()) }, t("brand.skip"));
  const header = h("header", { class: "header" }, brand, summary(app, scope), controls(app, scope, "compact"), menu(app, scope));
  root.replaceChildren(skip, header, navigation(app, scope), banners(app, scope), main, app.notices.element);
  return main;
}

/**
 * What is shown where there is nothing to show, and what to do about it.
 * @param {import("../base/icons.js").Icon} sign
 * @param {string} title
 * @param {string} text
 * @param {...import("../base/dom.js").Child} more
 */
export function empty(sign, title, text, ...more) {
  return h("div", { class: "empty" }, icon(sign), h("h2", {}, title), h("p", {}, text), ...more);
}
