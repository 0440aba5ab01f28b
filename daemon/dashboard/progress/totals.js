// @ts-check
/** Where the time of a run went, stage by stage. */

/** @import { Run } from "../run/run.js" */

import { fill, h } from "../base/dom.js";
import { duration } from "../base/format.js";
import { t } from "../messages/index.js";
import { median } from "../run/times.js";
import { computerStages, instrumentStages } from "./columns.js";

export class Totals {
  constructor() {
    this._body = h("tbody", {});
    const titles = /** @type {const} */ (["stage", "whose", "median", "longest", "total"]);
    const head = h("tr", {}, ...titles.map((title, index) => h("th", { scope: "col", class: index > 1 ? "number" : null }, t(`totals.${title}`))));
    this.element = h("section", { class: "card" }, h("h2", {}, t("totals.title")), h("div", { class: "table-wrap", tabindex: 0, role: "region", "aria-label": t("totals.title") }, h("table", { class: "table" }, h("thead", {}, head), this._body)));
  }

  /** @param {Run} run */
  show(run) {
    const waited = run.suggestions.column("agent_waiting_ms").map((value) => Number(value ?? NaN));
    const rows = [
      ...Object.entries(instrumentStages(run)).map(([stage, values]) => row(stage, "instrument", values, 1)),
      ...Object.entries(computerStages(run)).map(([stage, values]) => row(stage, "computer", values, 1e-3)),
      row("waiting", "instrument", waited, 1e-3),
    ];
    fill(this._body, ...rows.filter((each) => each !== null));
  }
}

/**
 * @param {string} stage
 * @param {"instrument" | "computer"} whose
 * @param {ArrayLike<number>} values
 * @param {number} seconds of one unit
 */
function row(stage, whose, values, seconds) {
  const found = Array.from(values).filter(Number.isFinite);
  if (!found.length) return null;
  const total = found.reduce((all, each) => all + each, 0);
  const longest = found.reduce((most, each) => Math.max(most, each), 0);
  const numbers = [median(found), longest, total].map((each) => h("td", { class: "number" }, duration(seconds * each)));
  return h("tr", {}, h("th", { scope: "row" }, t(/** @type {any} */ (`stage.${stage}`))), h("td", {}, t(`totals.${whose}`)), ...numbers);
}
