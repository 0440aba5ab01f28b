// @ts-check
/** Why a scan waits, and who is in control. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */

import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { t } from "../messages/index.js";

const ERRORS = 5;
const AGAIN = 3;
const SEVERE = ["warning", "error", "critical"];
const PROCESSES = ["engine", "server", "supervisor"];

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function waitsCard(app, scope) {
  const waits = h("div", { class: "stack-small" });
  const errors = h("ul", { class: "errors" });
  app.feed.status.watch(scope, (status) => {
    if (!status) return;
    const lines = [];
    if (status.suspended) lines.push(t("health.suspended", { reason: status.suspended.reason, since: moment(status.suspended.since, true) }));
    if (status.paused_by) lines.push(t("banner.paused", { reason: status.paused_by }));
    if (status.lock) lines.push(t("health.locked", { holder: status.lock.holder, since: moment(status.lock.since) }));
    if (!lines.length) lines.push(t("health.free"));
    if (waits.textContent !== lines.join("")) fill(waits, ...lines.map((line) => h("p", {}, line)));
  });
  const look = async () => {
    if (document.hidden) return;
    const answers = await Promise.all(PROCESSES.map((name) => app.api.get(`/logs/${name}`, { limit: 400 }).catch(() => ({ lines: [] }))));
    if (scope.ended) return;
    const found = answers.flatMap((answer, index) => answer.lines.filter((/** @type {any} */ line) => SEVERE.includes(line.level)).map((/** @type {any} */ line) => ({ ...line, process: PROCESSES[index] })));
    found.sort((a, b) => (a.time < b.time ? 1 : -1));
    const rows = found.slice(0, ERRORS).map((line) => h("li", {}, h("span", { class: "hint" }, `${moment(line.time, true)} · ${line.process}`), h("span", {}, line.event)));
    fill(errors, ...(rows.length ? rows : [h("li", { class: "hint" }, t("health.no-errors"))]));
  };
  look();
  scope.every(AGAIN, look);
  return h("section", { class: "card" }, h("h2", {}, t("health.waits")), waits, h("h3", { class: "second" }, t("health.errors")), errors);
}
