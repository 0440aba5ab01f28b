// @ts-check
/** What one point measured beside its frame: spectra, and how much of each component it has. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Run } from "../run/run.js" */

import { h, show } from "../base/dom.js";
import { drawBars } from "../chart/bars.js";
import { drawLines } from "../chart/lines.js";
import { t } from "../messages/index.js";

export class Spectrum {
  /**
   * @param {App} app
   * @param {Scope} scope
   */
  constructor(app, scope) {
    this._app = app;
    this._scope = scope;
    this._lines = h("canvas", { class: "small-chart", role: "img", "aria-label": t("point.spectrum"), hidden: true });
    this._bars = h("canvas", { class: "small-chart low", role: "img", "aria-label": t("point.components"), hidden: true });
    this._title = h("h3", { hidden: true }, t("point.components"));
    this.element = h("div", { class: "stack-small" }, this._lines, this._title, this._bars);
  }

  /**
   * @param {Run} run
   * @param {number} point
   */
  async show(run, point) {
    const wanted = (this._wanted = {});
    const [lines, weights] = await Promise.all([this._spectrum(run, point), this._weights(run, point)]);
    if (this._scope.ended || wanted !== this._wanted) return;
    show(this._lines, lines);
    show(this._bars, weights);
    show(this._title, weights);
    if (lines) drawLines(this._lines, [{ x: lines.map((_, index) => index), y: lines, colour: "--accent" }], { x: t("point.channel") });
    if (weights) drawBars(this._bars, weights.map((value, index) => ({ label: String(index), value })));
  }

  /**
   * @param {Run} run
   * @param {number} point
   * @returns {Promise<number[] | null>}
   */
  async _spectrum(run, point) {
    const arrays = run.detail?.streams.primary ?? [];
    const vector = arrays.find((array) => array.shape.length === 2 && array.dimensions[0] === "event" && array.dtype !== "string");
    if (!vector) return null;
    const answer = await this._slice(`/runs/${run.uid}/arrays/primary/${encodeURIComponent(vector.key)}`, point);
    return answer && answer[0].map((/** @type {number | null} */ value) => value ?? NaN);
  }

  /**
   * @param {Run} run
   * @param {number} point
   * @returns {Promise<number[] | null>}
   */
  async _weights(run, point) {
    const weights = run.detail?.analyses.unmixing?.find((array) => array.key === "weights" && array.dimensions[0] === "event");
    if (!weights) return null;
    const answer = await this._slice(`/runs/${run.uid}/analyses/unmixing/weights`, point);
    return answer?.length ? answer[0] : null;
  }

  /**
   * @param {string} path
   * @param {number} point
   * @returns {Promise<any>}
   */
  async _slice(path, point) {
    return this._app.api.get(path, { start: point - 1, stop: point }).then(
      (answer) => answer.data,
      () => null,
    );
  }
}
