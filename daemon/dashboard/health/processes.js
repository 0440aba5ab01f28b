// @ts-check
/** The processes of the daemon, and how long each has been silent. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */

import { h, write } from "../base/dom.js";
import { duration } from "../base/format.js";
import { t } from "../messages/index.js";

const NAMES = /** @type {const} */ (["server", "engine", "analyst"]);

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function processes(app, scope) {
  const cards = NAMES.map((name) => processCard(app, scope, name));
  return h("div", { class: "tiles three" }, ...cards);
}

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {typeof NAMES[number]} name
 */
function processCard(app, scope, name) {
  const pill = h("span", { class: "pill" });
  const lines = ["heard", "pid", "more"].map(() => h("p", {}));
  const detail = h("p", { class: "problem" });
  app.feed.status.watch(scope, (status) => {
    const process = status?.processes[name];
    if (!status || !process) return;
    pill.className = `pill ${process.alive ? "good" : "bad"}`;
    write(pill, process.alive ? t("health.alive") : t("health.dead"));
    write(lines[0], name === "server" ? t("health.answers") : t("health.heard", { time: duration(process.heartbeat_age_s ?? NaN) }));
    write(lines[1], process.pid === null ? "" : t("health.pid", { pid: process.pid }));
    const { engine } = status;
    const more = name === "engine" ? engine?.loop_age_s != null && t("health.loop", { time: duration(engine.loop_age_s) }) : name === "analyst" && engine && t("health.restarts", { count: engine.analyst_restarts });
    write(lines[2], more || "");
    write(detail, process.detail);
  });
  return h("section", { class: "card tile" }, h("div", { class: "title-row" }, h("h2", {}, t(`health.${name}`)), pill), h("div", { class: "tile-lines" }, ...lines), detail);
}
