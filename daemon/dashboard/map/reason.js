// @ts-check
/** The next point, and why. */

/** @import { Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */

import { fill, h, write } from "../base/dom.js";
import { quantity } from "../base/format.js";
import { t, term } from "../messages/index.js";
import { lastReason, why } from "../now/tiles.js";
import { axes, choice, chooses } from "../run/facts.js";

export class ReasonCard {
  constructor() {
    this._title = h("h2", {}, t("now.next"));
    this._place = h("p", { class: "tile-value" });
    this._lines = h("div", { class: "tile-lines" });
    this._drawn = "";
    const legend = /** @type {const} */ (["best", "next", "selected", "failed"]).map((kind) => h("li", {}, h("span", { class: `key key-${kind}` }), t(`map.key.${kind}`)));
    this.element = h("section", { class: "card tile" }, this._title, this._place, this._lines, h("ul", { class: "legend" }, ...legend));
  }

  /**
   * @param {Run} run
   * @param {Maps | null} maps
   */
  show(run, maps) {
    const next = choice(run);
    const lines = next ? why(run, next) : [ending(run)];
    if (maps && maps.points < run.primary.length && run.open) lines.push(t("map.model-after", { points: maps.points }));
    write(this._title, next ? t("map.next", { point: next.number }) : t("now.next"));
    write(this._place, next ? axes(run).map((axis, index) => quantity(next.position[index], axis.unit)).join(", ") : "–");
    if (this._drawn !== lines.join()) fill(this._lines, ...lines.map((line) => h("p", {}, line)));
    this._drawn = lines.join();
  }
}

/** @param {Run} run */
function ending(run) {
  if (!run.stop) return t(chooses(run) ? "now.no-choice" : "now.in-order");
  return t("now.ended", { reason: run.stop.reason || lastReason(run) || term("exit", run.stop.exit_status) });
}
