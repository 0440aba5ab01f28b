// @ts-check
/** One measured point: its value, why it was measured, where its time went, and its frame. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Detection } from "../frame/panel.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Run } from "../run/run.js" */

import { fill, h, show, write } from "../base/dom.js";
import { duration, moment, number, quantity } from "../base/format.js";
import { detectionsOf } from "../frame/detections.js";
import { frameOf } from "../frame/last.js";
import { FramePanel } from "../frame/panel.js";
import { t, term } from "../messages/index.js";
import { axes, objective, objectiveUnit, reason, rowsByPoint, values } from "../run/facts.js";
import { COMPUTER, instrumentTimes } from "../run/times.js";
import { Spectrum } from "./spectrum.js";

export class PointCard {
  /**
   * @param {App} app
   * @param {Scope} scope
   */
  constructor(app, scope) {
    this._app = app;
    this._scope = scope;
    this._frame = new FramePanel(scope, { scale: "log", colours: "viridis", range: null }, { still: true });
    this._spectrum = new Spectrum(app, scope);
    this._title = h("h2", {}, t("point.none"));
    this._hint = h("p", { class: "hint" }, t("point.hint"));
    this._facts = h("dl", { class: "facts tight" });
    this._body = h("div", { class: "stack-small", hidden: true }, this._facts, this._frame.element, this._spectrum.element);
    this.element = h("section", { class: "card", "aria-live": "polite" }, this._title, this._hint, this._body);
    this._drawn = "";
    this._pictured = "";
  }

  /**
   * @param {Run} run
   * @param {number | null} point
   * @param {number} count how many points are shown
   */
  show(run, point, count) {
    const there = point !== null && point <= count;
    show(this._body, there);
    show(this._hint, !there);
    write(this._title, there ? t("point.title", { point }) : t("point.none"));
    if (!there || point === null) return;
    const row = rowsByPoint(run).get(point);
    const drawn = `${run.uid} ${point} ${row} ${run.scores[point - 1]}`;
    if (drawn === this._drawn) return;
    this._drawn = drawn;
    fill(this._facts, ...facts(run, point, row).map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
    this._picture(run, point);
  }

  /**
   * @param {Run} run
   * @param {number} point
   */
  async _picture(run, point) {
    const wanted = `${run.uid} ${point}`;
    if (this._pictured === wanted) return;
    this._pictured = wanted;
    this._spectrum.show(run, point);
    const [camera] = run.cameras;
    show(this._frame.element, camera);
    if (!camera) return;
    const asked = [frameOf(this._app, run, camera, point).catch(() => null), detectionsOf(this._app, run, point).catch(() => [])];
    const [frame, found] = /** @type {[Frame | null, Detection[]]} */ (await Promise.all(asked));
    this._frame.detections = found;
    if (this._scope.ended || this._pictured !== wanted) return;
    show(this._frame.element, frame);
    if (frame) this._frame.show(frame);
    else this._pictured = "";
  }
}

/**
 * @param {Run} run
 * @param {number} point
 * @param {number | undefined} row of the suggestions
 * @returns {[string, string][]}
 */
function facts(run, point, row) {
  const value = values(run)[point - 1];
  const error = run.suggestions.number("agent_error", row ?? -1);
  const found = /** @type {[string, string][]} */ (axes(run).map((axis) => [axis.name, quantity(run.primary.number(axis.name, point - 1), axis.unit)]));
  const text = Number.isFinite(value) ? number(value) + (Number.isFinite(error) ? ` ± ${number(error, 2)}` : "") : t("map.failed");
  found.push([objective(run) || t("point.value"), [text, objectiveUnit(run)].filter(Boolean).join(" ")]);
  const chosen = reason(run, point);
  if (chosen) found.push([t("point.reason"), term("reason", chosen.kind)]);
  if (chosen && Number.isFinite(chosen.mean)) found.push([t("point.expected"), `${number(chosen.mean)} ± ${number(chosen.deviation, 3)}`]);
  return [...found, ...times(run, point, row)];
}

/**
 * @param {Run} run
 * @param {number} point
 * @param {number | undefined} row
 * @returns {[string, string][]}
 */
function times(run, point, row) {
  const spent = instrumentTimes(run);
  const found = /** @type {[string, string][]} */ ([
    [t("point.time"), moment(run.primary.number("time", point - 1), true)],
    [t("stage.motion"), duration(point > 1 ? spent.motion[point - 1] : NaN)],
    [t("stage.exposure"), duration(spent.exposure[point - 1])],
  ]);
  if (row === undefined) return found;
  const computer = Object.values(COMPUTER).map((column) => run.suggestions.number(column, row)).filter(Number.isFinite);
  found.push([t("point.computer"), duration(computer.reduce((all, each) => all + each, 0) / 1000)]);
  const waited = run.suggestions.number("agent_waiting_ms", row);
  if (waited > 0) found.push([t("point.waited"), duration(waited / 1000)]);
  return found;
}
