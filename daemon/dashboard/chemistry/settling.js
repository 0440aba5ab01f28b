// @ts-check
/** How much the components still change with every frame, and what they leave unexplained. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Stack } from "./source.js" */

import { themeColour } from "../app/preferences.js";
import { show } from "../base/dom.js";
import { Chart } from "../chart/plotly.js";
import { t } from "../messages/index.js";

export class Settling {
  /** @param {Scope} scope */
  constructor(scope) {
    this._chart = new Chart(scope, t("chemistry.settling"), "settling", t("chemistry.settling-about"));
    this.element = this._chart.element;
  }

  /** @param {Stack} found */
  show(found) {
    show(this.element, found.change?.length || found.misfit?.length);
    const series = /** @type {[string, Float64Array | null, string][]} */ ([[t("chemistry.change"), found.change, "--series-1"], [t("chemistry.residual"), found.misfit, "--series-2"]]);
    const there = series.filter(([, values]) => values?.some((value) => value > 0));
    const traces = there.map(([name, values, tint]) => ({ x: Array.from(values ?? [], (_, index) => index + 1), y: Array.from(values ?? []), name, mode: "lines+markers", marker: { size: 4 }, line: { color: themeColour(tint), width: 2 }, type: "scatter" }));
    this._chart.numbers = () => ({ update: traces[0]?.x ?? [], ...Object.fromEntries(traces.map((trace) => [trace.name, trace.y])) });
    this._chart.show(traces, { xaxis: { title: t("chemistry.update") }, yaxis: { type: "log", exponentformat: "power", dtick: 1, title: t("chemistry.part") } });
  }
}
