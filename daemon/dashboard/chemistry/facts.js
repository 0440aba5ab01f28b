// @ts-check
/** What was chosen for the unmixing, and how sure it is. */

/** @import { Stack } from "./source.js" */

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../messages/index.js";
import { componentTitle } from "./names.js";

export class ChemistryFacts {
  constructor() {
    this._list = h("dl", { class: "facts" });
    this._notes = h("ul", { class: "errors" });
    this.element = h("section", { class: "card" }, h("h2", {}, t("chemistry.facts")), this._list, this._notes);
  }

  /** @param {Stack} found */
  show(found) {
    const { attributes: about } = found;
    const last = found.misfit?.at(-1) ?? NaN;
    /** @type {[string, string][]} */
    const rows = [
      [t("chemistry.energies"), String(found.energies.length)],
      [t("chemistry.number"), String(found.components.length)],
      ...found.components.map((component, index) => /** @type {[string, string]} */ ([componentTitle({ ...component, correlation: NaN }, index), words(component)])),
      [t("chemistry.shift"), present(about.shift_eV ?? about.shift, " eV")],
      [t("chemistry.omega"), present(about.omega)],
      [t("chemistry.method"), [about.method, about.background].filter(Boolean).join(", ") || "–"],
      [t("chemistry.certainty"), about.certainty === undefined ? "–" : `${(100 * about.certainty).toFixed(0)} %`],
      [t("chemistry.residual"), number(last, 3)],
      [t("chemistry.settled"), about.converged === undefined ? "–" : t(about.converged ? "chemistry.yes" : "chemistry.no")],
    ];
    fill(this._list, ...rows.filter(([, text]) => text !== "–").map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
    const notes = [...(about.repairs ?? []), ...(about.notes ?? [])];
    fill(this._notes, ...notes.map((/** @type {unknown} */ note) => h("li", { class: "hint" }, String(note))));
  }
}

/** @param {import("./source.js").Component} component */
function words(component) {
  const parts = [Number.isFinite(component.correlation) ? `r = ${component.correlation.toFixed(3)}` : "", Number.isFinite(component.share) ? t("chemistry.share", { share: (100 * component.share).toFixed(0) }) : ""];
  return parts.filter(Boolean).join(", ") || "–";
}

/**
 * @param {unknown} value
 * @param {string} [unit]
 */
function present(value, unit = "") {
  return typeof value === "number" && Number.isFinite(value) ? number(value, 3) + unit : "–";
}
