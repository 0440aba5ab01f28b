// @ts-check
/** Spectra of the components, with the standards that they resemble. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Stack } from "./source.js" */

import { themeColour } from "../app/preferences.js";
import { Chart, SERIES } from "../chart/plotly.js";
import { t } from "../messages/index.js";
import { componentTitle } from "./names.js";
import { part } from "./source.js";

export class Spectra {
  /** @param {Scope} scope */
  constructor(scope) {
    this._chart = new Chart(scope, t("chemistry.spectra"), "spectra", t("chemistry.spectra-about"));
    this.element = this._chart.element;
  }

  /** @param {Stack} found */
  show(found) {
    const x = Array.from(found.energies);
    const order = x.map((_, index) => index).sort((a, b) => x[a] - x[b]);
    const sorted = (/** @type {Float64Array} */ values, /** @type {number} */ scale) => order.map((index) => values[index] / scale);
    const energies = order.map((index) => x[index]);
    const traces = found.components.flatMap((component, index) => {
      const color = themeColour(SERIES[index % SERIES.length]);
      const name = componentTitle(component, index);
      const spectrum = part(found.spectra, index);
      const scale = mean(spectrum);
      const own = { x: energies, y: sorted(spectrum, scale), name, mode: energies.length < 40 ? "lines+markers" : "lines", line: { color, width: 2.2 }, marker: { size: 5 }, type: "scatter", legendgroup: name };
      if (!found.standards || !part(found.standards, index).some(Number.isFinite)) return [own];
      const standard = { x: energies, y: sorted(part(found.standards, index), scale), name: t("chemistry.standard", { name: component.standard || component.name }), mode: "lines", line: { color, width: 1.4, dash: "dash" }, type: "scatter", legendgroup: name, showlegend: false };
      return [own, standard];
    });
    this._chart.numbers = () => ({ [`energy (${found.unit})`]: energies, ...Object.fromEntries(traces.map((trace) => [trace.name, trace.y])) });
    this._chart.show(traces, { xaxis: { title: t("chemistry.energy", { unit: found.unit }) }, yaxis: { title: t("chemistry.amount") } });
  }
}

/** @param {Float64Array} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length || 1;
}
