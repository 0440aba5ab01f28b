// @ts-check
/** The menu of views: a column beside them, or on a phone a row below. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { address } from "./router.js";
import { FIRST, VIEWS } from "./views.js";

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function navigation(app, scope) {
  const links = VIEWS.map(({ name, icon: sign }, index) => {
    const title = t(/** @type {any} */ (`view.${name}`));
    return h("a", { href: address(name), class: index < FIRST ? "nav-link" : "nav-link later", "data-view": name }, icon(sign), h("span", {}, title));
  });
  const rest = VIEWS.length > FIRST;
  const toggle = () => element.classList.toggle("open");
  const more = rest && h("button", { type: "button", class: "nav-link nav-more", "aria-expanded": "false", onclick: toggle }, icon("more"), h("span", {}, t("view.more")));
  const element = h("nav", { class: "nav", "aria-label": t("brand.views") }, ...links, more);
  const badge = h("span", { class: "badge", hidden: true });
  links.find((link) => link.dataset.view === "queue")?.append(badge);
  app.router.place.watch(scope, ({ view }) => {
    element.classList.remove("open");
    for (const link of links) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (more) more.classList.toggle("current", links.slice(FIRST).some((link) => link.dataset.view === view));
  });
  app.feed.status.watch(scope, (status) => {
    badge.hidden = !status?.queue_length;
    badge.textContent = String(status?.queue_length ?? "");
  });
  scope.listen(document, "click", (event) => {
    if (!element.contains(event.target)) element.classList.remove("open");
  });
  if (more) new MutationObserver(() => more.setAttribute("aria-expanded", String(element.classList.contains("open")))).observe(element, { attributeFilter: ["class"] });
  return element;
}
