// @ts-check
/** What was chosen for the unmixing, and how sure it is. */

/** @import { Stack } from "./source.js" */

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../messages/index.js";
import { nameOf, percent, resemblance } from "./names.js";

export class ChemistryFacts {
  constructor() {
    this._list = h("dl", { class: "facts" });
    this._notes = h("ul", { class: "errors" });
    this.element = h("section", { class: "card" }, h("h2", {}, t("chemistry.facts")), this._list, this._notes);
  }

  /** @param {Stack} found */
  show(found) {
    const { attributes: about } = found;
    const last = found.misfit?.at(-1) ?? chosenMisfit(about);
    const sure = about.certainty;
    /** @type {[string, string][]} */
    const rows = [
      [t("chemistry.energies"), String(found.energies.length)],
      [t("chemistry.number"), t(sure === undefined ? "chemistry.given" : "chemistry.chosen", { count: found.components.length })],
      ...found.components.map((component, index) => /** @type {[string, string]} */ ([nameOf(component, index), words(component)])),
      [t("chemistry.shift"), shifted(about.shift_eV ?? about.shift)],
      [t("chemistry.omega"), present(about.omega)],
      [t("chemistry.method"), [about.method, about.background].filter(Boolean).join(", ") || "–"],
      [t("chemistry.certainty"), typeof sure === "number" ? percent(sure) || "–" : "–"],
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
  return [percent(component.share), resemblance(component)].filter(Boolean).join(", ") || "–";
}

/** What the recipe that was chosen leaves over. @param {Record<string, any>} about */
function chosenMisfit({ tried = [], n_components: k, method, omega, background }) {
  const same = tried.find((/** @type {any} */ each) => each.n_components === k && each.method === method && each.omega === omega && each.background === background);
  return same?.misfit ?? NaN;
}

/** @param {unknown} shift eV */
function shifted(shift) {
  return typeof shift === "number" && Number.isFinite(shift) ? `${(Math.round(100 * shift) / 100).toFixed(2).replace("-", "−")} eV` : "–";
}

/**
 * @param {unknown} value
 * @param {string} [unit]
 */
function present(value, unit = "") {
  return typeof value === "number" && Number.isFinite(value) ? number(value, 3) + unit : "–";
}
