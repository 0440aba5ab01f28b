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

export class Profile {
  /** @param {Scope} scope */
  constructor(scope) {
    this.element = h("canvas", { class: "small-chart profile", role: "img", "aria-label": t("map.label"), hidden: true });
    this._draw = () => {};
    const paint = scope.painter(() => this._draw());
    this._paint = paint;
    themed.watch(scope, paint);
    scope.resized(this.element, paint);
  }

  /**
   * @param {Run} run
   * @param {Maps | null} maps
   * @param {number} shown how many points
   */
  show(run, maps, shown) {
    const [axis] = axes(run);
    const label = axis.unit ? `${axis.name} (${axis.unit})` : axis.name;
    const lines = [...model(maps, axis.name), measured(run, shown)];
    this._draw = () => drawLines(this.element, lines, { x: label, y: [objective(run), objectiveUnit(run)].filter(Boolean).join(", ") });
    this._paint();
  }
}

/**
 * @param {Run} run
 * @param {number} shown
 * @returns {Line}
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
