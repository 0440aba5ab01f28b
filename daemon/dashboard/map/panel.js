// @ts-check
/** A map on the page. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Style } from "./points.js" */
/** @import { Scene } from "./scene.js" */

import { themed } from "../app/preferences.js";
import { h } from "../base/dom.js";
import { attachGestures } from "../base/gestures.js";
import { sized, Viewport } from "../base/viewport.js";
import { t } from "../messages/index.js";
import { drawAxes } from "./axes.js";
import { Field } from "./field.js";
import { drawMarks } from "./marks.js";
import { drawNumbers, drawPoints } from "./points.js";
import { drawRegions } from "./regions.js";
import { pointAt } from "./scene.js";

const NEAR = 14;

/** @typedef {"look" | "wish" | "exclude"} Tool */

export class MapPanel {
  /**
   * @param {Scope} scope
   * @param {Omit<Style, "font">} style
   * @param {{still?: boolean}} [options] still: a picture and nothing more
   */
  constructor(scope, style, { still = false } = {}) {
    this.style = style;
    /** @type {Scene | null} */
    this.scene = null;
    this.viewport = new Viewport({ x0: 0, x1: 1, y0: 0, y1: 1 });
    this._field = new Field();
    this._still = still;
    /** @type {Tool} */
    this.tool = "look";
    /** A rectangle that is being drawn by hand: two corners on the canvas.
     * @type {[[number, number], [number, number]] | null} */
    this._drawn = null;
    /** @type {(number: number | null, x: number, y: number) => void} */
    this.clicked = () => {};
    /** @type {(x: number | null, y: number) => void} */
    this.hovered = () => {};
    /** @type {(x: [number, number], y: [number, number]) => void} */
    this.marked = () => {};
    this.canvas = h("canvas", { class: "map-canvas", role: "img", "aria-label": t("map.label"), tabindex: still ? null : 0 });
    this.element = h("div", { class: `map-panel${still ? " still" : ""}` }, this.canvas);
    this.paint = scope.painter(() => this._draw());
    scope.resized(this.element, this.paint);
    themed.watch(scope, this.paint);
    if (!still) this._attach(scope);
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    this.viewport.setWhole(scene.box);
    const { low, high } = scene.range;
    const span = high - low;
    if (scene.plane) this._field.paint(scene.plane, span > 0 ? (value) => (value - low) / span : () => 0.5, this.style.colours);
    else this._field.plane = null;
    this.paint();
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.tool = tool;
    this._drawn = null;
    this.canvas.style.cursor = tool === "look" ? "" : "crosshair";
    this.paint();
  }

  /** @param {Scope} scope */
  _attach(scope) {
    const panel = this;
    attachGestures(this.canvas, this.viewport, scope, {
      changed: () => this.paint(),
      hover: (px, py) => this._hover(px, py),
      click: (px, py) => this._click(px, py),
      get draw() {
        return panel.tool === "exclude" ? panel._rectangle.bind(panel) : undefined;
      },
    });
  }

  /**
   * @param {number | null} px
   * @param {number} py
   */
  _hover(px, py) {
    if (px === null || !this.viewport.contains(px, py)) this.hovered(null, 0);
    else this.hovered(this.viewport.fromX(px), this.viewport.fromY(py));
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  _click(px, py) {
    const { scene, viewport } = this;
    if (!scene || !viewport.contains(px, py)) return;
    const distance = (/** @type {number} */ x, /** @type {number} */ y) => Math.hypot(viewport.toX(x) - px, viewport.toY(y) - py);
    this.clicked(pointAt(scene, distance, NEAR), viewport.fromX(px), viewport.fromY(py));
  }

  /**
   * @param {[number, number]} from
   * @param {[number, number]} to
   * @param {boolean} done
   */
  _rectangle(from, to, done) {
    this._drawn = done ? null : [from, to];
    this.paint();
    if (!done) return;
    const { viewport } = this;
    const [x0, x1] = [viewport.fromX(from[0]), viewport.fromX(to[0])].sort((a, b) => a - b);
    const [y0, y1] = [viewport.fromY(from[1]), viewport.fromY(to[1])].sort((a, b) => a - b);
    this.marked([x0, x1], [y0, y1]);
  }

  _draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { scene, viewport } = this;
    if (!width || !height) return;
    const context = sized(this.canvas, width, height);
    context.clearRect(0, 0, width, height);
    if (!scene) return;
    viewport.area = this._area(width, height, scene);
    const style = { ...this.style, font: getComputedStyle(this.canvas).fontFamily };
    const { left, top, width: wide, height: high } = viewport.area;
    context.save();
    context.beginPath();
    context.rect(left, top, wide, high);
    context.clip();
    context.fillStyle = "#39424d";
    context.fillRect(left, top, wide, high);
    this._field.draw(context, viewport);
    drawRegions(context, viewport, scene, [...scene.regions, ...scene.excluded]);
    drawPoints(context, viewport, scene, style);
    drawMarks(context, viewport, scene, style);
    drawNumbers(context, viewport, scene, style);
    if (this._drawn) this._outline(context, ...this._drawn);
    context.restore();
    drawAxes(context, viewport, scene, style.font);
  }

  /**
   * Where the map goes: to scale where both axes have the same unit.
   * @param {number} width
   * @param {number} height
   * @param {Scene} scene
   */
  _area(width, height, scene) {
    const area = { left: 62, top: 8, width: width - 62 - 10, height: height - 8 - 44 };
    if (scene.x.unit !== scene.y.unit) return area;
    const { x0, x1, y0, y1 } = this.viewport.whole;
    const scale = Math.min(area.width / (x1 - x0), area.height / (y1 - y0));
    const [wide, high] = [scale * (x1 - x0), scale * (y1 - y0)];
    return { left: area.left + (area.width - wide) / 2, top: area.top + (area.height - high) / 2, width: wide, height: high };
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {[number, number]} from
   * @param {[number, number]} to
   */
  _outline(context, from, to) {
    context.setLineDash([6, 4]);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2;
    context.strokeRect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
    context.setLineDash([]);
  }
}
