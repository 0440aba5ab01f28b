// @ts-check
/** What is left on the disk, what waits, and how fast frames come. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */

import { h } from "../base/dom.js";
import { facts } from "../base/facts.js";
import { amount, count, duration, number } from "../base/format.js";
import { t } from "../messages/index.js";

/**
 * @param {App} app
 * @param {Scope} scope
 */
export function roomCard(app, scope) {
  const list = facts(["health.disk", "health.disk-points", "health.queue", "health.documents", "health.frames", "health.dropped", "health.page"]);
  app.frames.watch(scope, () => {});
  const draw = () => {
    const status = app.feed.status.value;
    if (!status) return;
    list.write("health.disk", status.room ? amount(status.room.free_bytes) : "–");
    list.write("health.disk-points", status.room?.points ? count(status.room.points) : "–");
    list.write("health.queue", String(status.queue_length));
    list.write("health.documents", count(status.engine?.documents));
    list.write("health.frames", app.frames.rate ? t("frame.per-second", { rate: number(app.frames.rate, 2) }) : t("frame.quiet"));
    list.write("health.dropped", count(app.frames.dropped));
    const { state, heard } = app.feed.link.value;
    list.write("health.page", t(`health.link-${state}`, { time: duration((performance.now() - heard) / 1000) }));
  };
  app.feed.status.watch(scope, draw);
  scope.every(0.5, draw);
  return h("section", { class: "card" }, h("h2", {}, t("health.room")), list.element);
}
