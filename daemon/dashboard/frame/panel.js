// @ts-check
/** A frame on the page: to look at, and where there is room for it to measure in. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Span } from "./measure.js" */
/** @import { Look } from "./picture.js" */

import { themeColour, themed } from "../app/preferences.js";
import { h } from "../base/dom.js";
import { attachGestures } from "../base/gestures.js";
import { sized, Viewport } from "../base/viewport.js";
import { t } from "../messages/index.js";
import { Picture } from "./picture.js";

const PAINTED = "frame painted";

/** @typedef {"look" | "region" | "line"} Tool */

/**
 * Something that was found in a frame.
 * @typedef {object} Detection
 * @property {Span} box camera pixels
 * @property {string} label
 * @property {number} score
 */

export class FramePanel {
  /**
   * @param {Scope} scope
   * @param {Look} look
   * @param {{still?: boolean}} [options] still: a picture and nothing more
   */
  constructor(scope, look, { still = false } = {}) {
    this.look = look;
    this.picture = new Picture();
    this.viewport = new Viewport({ x0: 0, x1: 1, y0: 1, y1: 0 });
    /** @type {Tool} */
    this.tool = "look";
    /** @type {Span | null} */
    this.region = null;
    /** @type {Span | null} */
    this.line = null;
    /** @type {Detection[]} */
    this.detections = [];
    /** Called when something was drawn by hand, and when the pointer moves.
     * @type {() => void} */
    this.changed = () => {};
    /** @type {(x: number | null, y: number) => void} */
    this.hovered = () => {};
    this.canvas = h("canvas", { class: "frame-canvas", role: "img", "aria-label": t("frame.label"), tabindex: still ? null : 0 });
    this.element = h("div", { class: "frame-panel" }, this.canvas);
    this.paint = scope.painter(() => this._draw());
    scope.resized(this.element, this.paint);
    themed.watch(scope, this.paint);
    if (!still) this._attach(scope);
  }

  /** @param {Frame} frame */
  show(frame) {
    this.picture.paint(frame, this.look);
    const [width, height] = [frame.width * frame.binning, frame.height * frame.binning];
    this.viewport.setWhole({ x0: 0, x1: width, y0: height, y1: 0 });
    this.canvas.style.setProperty("--ratio", String(frame.width / frame.height));
    this.paint();
  }

  /** Paint the same frame in another way. */
  again() {
    if (this.picture.frame) this.show(this.picture.frame);
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.tool = tool;
    this.canvas.style.cursor = tool === "look" ? "" : "crosshair";
  }

  /** @param {Scope} scope */
  _attach(scope) {
    const panel = this;
    attachGestures(this.canvas, this.viewport, scope, {
      changed: () => this.paint(),
      hover: (px, py) => (px === null ? this.hovered(null, 0) : this.hovered(this.viewport.fromX(px), this.viewport.fromY(py))),
      get draw() {
        return panel.tool === "look" ? undefined : panel._mark.bind(panel);
      },
    });
  }

  /**
   * @param {[number, number]} from
   * @param {[number, number]} to
   */
  _mark(from, to) {
    const { viewport } = this;
    const span = { x0: viewport.fromX(from[0]), y0: viewport.fromY(from[1]), x1: viewport.fromX(to[0]), y1: viewport.fromY(to[1]) };
    if (this.tool === "region") this.region = span;
    else this.line = span;
    this.changed();
    this.paint();
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { frame } = this.picture;
    if (!width || !height || !frame) return;
    const context = sized(this.canvas, width, height);
    const { viewport } = this;
    const scale = Math.min(width / frame.width, height / frame.height);
    const [wide, high] = [scale * frame.width, scale * frame.height];
    viewport.area = { left: (width - wide) / 2, top: (height - high) / 2, width: wide, height: high };
    context.clearRect(0, 0, width, height);
    const { x0, x1, y0, y1 } = viewport.shown;
    const b = frame.binning;
    context.imageSmoothingEnabled = wide / ((x1 - x0) / b) < 1;
    const { left, top } = viewport.area;
    context.drawImage(this.picture.canvas, x0 / b, y1 / b, (x1 - x0) / b, (y0 - y1) / b, left, top, wide, high);
    this._marks(context);
    mark(frame.time);
  }

  /** @param {CanvasRenderingContext2D} context */
  _marks(context) {
    const { viewport } = this;
    const { left, top, width, height } = viewport.area;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.lineWidth = 2;
    for (const found of this.detections) this._detection(context, found);
    context.strokeStyle = themeColour("--mark");
    if (this.region) context.strokeRect(...this._box(this.region));
    if (this.line) {
      context.beginPath();
      context.moveTo(viewport.toX(this.line.x0), viewport.toY(this.line.y0));
      context.lineTo(viewport.toX(this.line.x1), viewport.toY(this.line.y1));
      context.stroke();
    }
    context.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Detection} found
   */
  _detection(context, found) {
    const [x, y, width, height] = this._box(found.box);
    const text = `${found.label} ${(100 * found.score).toFixed(0)} %`;
    context.strokeStyle = context.fillStyle = themeColour("--mark");
    context.strokeRect(x, y, width, height);
    context.font = `600 11px ${getComputedStyle(this.canvas).fontFamily}`;
    const wide = context.measureText(text).width + 8;
    context.fillRect(x - 1, y - 16, wide, 16);
    context.fillStyle = themeColour("--on-mark");
    context.fillText(text, x + 3, y - 4);
  }

  /**
   * @param {Span} span
   * @returns {[number, number, number, number]}
   */
  _box({ x0, y0, x1, y1 }) {
    const [left, right] = [this.viewport.toX(Math.min(x0, x1)), this.viewport.toX(Math.max(x0, x1))];
    const [top, bottom] = [this.viewport.toY(Math.min(y0, y1)), this.viewport.toY(Math.max(y0, y1))];
    return [left, top, right - left, bottom - top];
  }
}

/**
 * Let whoever measures the page know that a frame was painted; only the last mark is kept.
 * @param {number} time of the frame, s since 1970
 */
function mark(time) {
  performance.clearMarks(PAINTED);
  performance.mark(PAINTED, { detail: time });
}
