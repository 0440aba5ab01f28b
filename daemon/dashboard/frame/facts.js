// @ts-check
/** What is known of the frame that is shown, and of the region and the line that were drawn in it. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { FramePanel } from "./panel.js" */
/** @import { FrameTools } from "./tools.js" */

import { facts } from "../base/facts.js";
import { h, show } from "../base/dom.js";
import { count, duration, moment, number } from "../base/format.js";
import { savePicture, saveTable, saveButtons } from "../base/save.js";
import { drawLines } from "../chart/lines.js";
import { t } from "../messages/index.js";
import { counted } from "./detections.js";
import { profileOf, regionOf } from "./measure.js";

export class FrameFacts {
  /**
   * @param {App} app
   * @param {FramePanel} panel
   */
  constructor(app, panel) {
    this._app = app;
    this._panel = panel;
    this._facts = facts(["frame.camera", "frame.size", "frame.time", "frame.rate", "frame.dropped", "frame.delay", "frame.shown", "frame.found"]);
    this._region = facts(["region.place", "region.pixels", "region.sum", "region.mean", "region.extent"]);
    this._chart = h("canvas", { class: "small-chart", role: "img", "aria-label": t("frame.profile") });
    this._regionCard = h("section", { class: "card", hidden: true }, h("h2", {}, t("frame.region")), this._region.element);
    this._lineCard = h("section", { class: "card", hidden: true }, h("h2", {}, t("frame.profile")), this._chart);
    this.saves = saveButtons(() => this._savePicture(), () => this._saveNumbers());
    this.element = h("div", { class: "stack" }, h("section", { class: "card" }, h("h2", {}, t("frame.facts")), this._facts.element), this._regionCard, this._lineCard);
    this._from = "";
  }

  /**
   * @param {Scope} scope
   * @param {FrameTools} tools
   */
  begin(scope, tools) {
    this._paint = scope.painter(() => this._draw());
    this._panel.changed = () => this._paint?.();
    scope.every(0.5, () => this._rates());
    this._tools = tools;
  }

  /**
   * @param {Frame} frame
   * @param {string} from where it comes from, if it is not live
   */
  show(frame, from) {
    this._from = from;
    const [width, height] = [frame.width * frame.binning, frame.height * frame.binning];
    this._facts.write("frame.camera", frame.camera);
    this._facts.write("frame.size", frame.binning > 1 ? t("frame.binned", { width, height, binning: frame.binning }) : `${width} × ${height}`);
    this._facts.write("frame.time", from || moment(frame.time, true));
    this.found();
    this._rates();
    this._paint?.();
  }

  /** What was found in the frame, by classes. */
  found() {
    this._facts.write("frame.found", counted(this._panel.detections));
  }

  _rates() {
    const { frames } = this._app;
    const live = frames.rate > 0;
    this._facts.write("frame.rate", live ? t("frame.per-second", { rate: number(frames.rate, 2) }) : t("frame.quiet"));
    this._facts.write("frame.dropped", count(frames.dropped));
    this._facts.write("frame.delay", live ? duration(Math.max(frames.delay, 0)) : "–");
    this._facts.write("frame.shown", this._from ? t("frame.recorded") : t("frame.live"));
  }

  _draw() {
    const { frame } = this._panel.picture;
    const { region, line } = this._panel;
    show(this._regionCard, region);
    show(this._lineCard, line);
    if (frame && region) {
      const found = regionOf(frame, region);
      const place = [region.x0, region.y0, region.x1, region.y1].map((each) => String(Math.round(each)));
      this._region.write("region.place", `${place[0]}, ${place[1]} – ${place[2]}, ${place[3]}`);
      this._region.write("region.pixels", count(found.pixels));
      this._region.write("region.sum", number(found.sum, 6));
      this._region.write("region.mean", `${number(found.mean)} ± ${number(found.deviation, 3)}`);
      this._region.write("region.extent", `${number(found.min)} – ${number(found.max)}`);
    }
    if (frame && line) drawLines(this._chart, [{ ...profileOf(frame, line), colour: "--accent" }], { x: t("frame.distance") });
  }

  _savePicture() {
    if (this._panel.picture.frame) savePicture(this._panel.canvas, `frame-${this._panel.picture.frame.sequence}`);
  }

  /** The line's values, or all pixels. */
  _saveNumbers() {
    const { frame } = this._panel.picture;
    if (!frame) return;
    const { line } = this._panel;
    if (line) {
      const { x, y } = profileOf(frame, line);
      saveTable({ distance_px: x, value: y }, `profile-${frame.sequence}`);
      return;
    }
    const columns = Array.from({ length: frame.width }, (_, x) => [`x${x * frame.binning}`, Array.from({ length: frame.height }, (_, y) => frame.pixels[y * frame.width + x])]);
    saveTable(Object.fromEntries(columns), `frame-${frame.sequence}`);
  }
}
