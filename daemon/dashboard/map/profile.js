// @ts-check
/** A scan along one axis: what was measured, and what the model makes of it. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */
/** @import { Line } from "../chart/lines.js" */

import { themed } from "../app/preferences.js";
import { h } from "../base/dom.js";
import { drawLines } from "../chart/lines.js";
import { t } from "../messages/index.js";
import { axes, objective, objectiveUnit, positions, values } from "../run/facts.js";

/** How far from a point a click may be, pixels. */
const NEAR = 16;

export class Profile {
  /**
   * @param {Scope} scope
   * @param {{still?: boolean}} [options] still: a picture and nothing more
   */
  constructor(scope, { still = false } = {}) {
    this.element = h("canvas", { class: "small-chart profile", role: "img", "aria-label": t("map.label"), tabindex: still ? null : 0, hidden: true });
    this._draw = () => {};
    /** Pixels of the points, in their order.
     * @type {[number, number][]} */
    this._places = [];
    /** Called with the number of a point, from 1, that was clicked.
     * @type {(number: number) => void} */
    this.clicked = () => {};
    scope.listen(this.element, "click", (/** @type {MouseEvent} */ event) => this._click(event.offsetX, event.offsetY));
    const paint = scope.painter(() => this._draw());
    this._paint = paint;
    themed.watch(scope, paint);
    scope.resized(this.element, paint);
  }

  /**
   * @param {Run} run
   * @param {Maps | null} maps
   * @param {number} shown how many points
   * @param {number | null} selected the point that is marked, from 1
   */
  show(run, maps, shown, selected = null) {
    const [axis] = axes(run);
    const label = axis.unit ? `${axis.name} (${axis.unit})` : axis.name;
    const points = measured(run, shown);
    const marked = selected === null || selected > shown ? [] : [{ x: points.x.subarray(selected - 1, selected), y: points.y.subarray(selected - 1, selected), colour: "--mark", dots: true, radius: 6 }];
    const lines = [...model(maps, axis.name), ...marked, points];
    this._draw = () => {
      const scale = drawLines(this.element, lines, { x: label, y: [objective(run), objectiveUnit(run)].filter(Boolean).join(", ") });
      this._places = scale ? Array.from(points.x, (x, index) => [scale.toX(x), scale.toY(points.y[index])]) : [];
    };
    this._paint();
  }

  /**
   * @param {number} x pixels
   * @param {number} y
   */
  _click(x, y) {
    let [found, least] = [0, NEAR];
    this._places.forEach(([px, py], index) => {
      const distance = Math.hypot(px - x, py - y);
      if (distance < least) [found, least] = [index + 1, distance];
    });
    if (found) this.clicked(found);
  }
}

/**
 * @param {Run} run
 * @param {number} shown
 * @returns {{x: Float64Array, y: Float64Array, colour: string, dots: boolean}}
 */
function measured(run, shown) {
  const [x] = positions(run);
  return { x: x.subarray(0, shown), y: values(run).subarray(0, shown), colour: "--accent", dots: true };
}

/**
 * The mean, and two deviations to either side.
 * @param {Maps | null} maps
 * @param {string} axis
 * @returns {Line[]}
 */
function model(maps, axis) {
  const x = maps?.coordinates[axis];
  if (!maps || !x || maps.layers.mean.length !== x.length) return [];
  const { mean, deviation } = maps.layers;
  const shifted = (/** @type {number} */ by) => mean.map((value, index) => value + by * deviation[index]);
  return [
    { x, y: shifted(2), colour: "--line-strong" },
    { x, y: shifted(-2), colour: "--line-strong" },
    { x, y: mean, colour: "--series-2" },
  ];
}
