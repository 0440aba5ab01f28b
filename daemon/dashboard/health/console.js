// @ts-check
/** What the processes say, line by line. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */

import { segments } from "../app/switches.js";
import { h, show } from "../base/dom.js";
import { moment } from "../base/format.js";
import { t } from "../messages/index.js";

const PROCESSES = /** @type {const} */ (["engine", "server", "analyst", "supervisor"]);
const AGAIN = 1;
const MOST = 1000;

/** @typedef {{time: string, level: string, logger: string, event: string, exception: string}} Line */

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function consoleCard(app, scope) {
  const lines = h("ol", { class: "console", tabindex: 0, "aria-label": t("health.console") });
  const nothing = h("p", { class: "hint" }, t("health.silent"));
  let [process, mark, busy] = [/** @type {string} */ (PROCESSES[0]), "", false];
  const look = async () => {
    if (busy || document.hidden) return;
    busy = true;
    const asked = process;
    const found = await app.api.get(`/logs/${asked}`, { after: mark || null, limit: 300 }).catch(() => null);
    busy = false;
    if (!found || scope.ended || asked !== process) return;
    mark = found.mark;
    const bottom = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8;
    lines.append(...found.lines.map(line));
    while (lines.children.length > MOST) lines.firstElementChild?.remove();
    show(nothing, !lines.children.length);
    show(lines, lines.children.length);
    if (bottom) lines.scrollTop = lines.scrollHeight;
  };
  const choose = (/** @type {string} */ name) => {
    [process, mark] = [name, ""];
    lines.replaceChildren();
    look();
  };
  look();
  scope.every(AGAIN, look);
  const choice = segments(t("health.whose"), PROCESSES.map((value) => ({ value, text: t(`health.${value}`) })), process, choose);
  return h("section", { class: "card" }, h("div", { class: "title-row" }, h("h2", {}, t("health.console")), choice), nothing, lines);
}

/** @param {Line} said */
function line(said) {
  const tone = said.level === "warning" ? "warn" : ["error", "critical"].includes(said.level) ? "bad" : "";
  return h("li", { class: tone }, h("span", { class: "console-time" }, moment(said.time || null, true)), h("span", { class: "console-logger" }, said.logger), h("span", {}, said.event, said.exception && h("pre", {}, said.exception)));
}
