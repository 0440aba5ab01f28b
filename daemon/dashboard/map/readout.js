// @ts-check
/** What is under the pointer, in words. */

/** @import { Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */
/** @import { MapPanel } from "./panel.js" */

import { number, quantity } from "../base/format.js";
import { t } from "../messages/index.js";
import { plane } from "../run/maps.js";
import { pointAt, valueAt } from "./scene.js";

const NEAR = 10;

/**
 * @param {MapPanel} panel
 * @param {Run | null} run
 * @param {Maps | null} maps
 * @param {number | null} x
 * @param {number} y
 */
export function readout(panel, run, maps, x, y) {
  const { scene, viewport } = panel;
  if (x === null || !scene || !run) return t("map.hint");
  const parts = [`${scene.x.name} ${quantity(x, scene.x.unit)}, ${scene.y.name} ${quantity(y, scene.y.unit)}`];
  if (maps) {
    const at = (/** @type {import("../run/maps.js").Layer} */ layer) => valueAt(plane(maps, layer, scene.x.name, scene.y.name, {}), x, y);
    const mean = at("mean");
    if (Number.isFinite(mean)) parts.push(t("map.model-says", { mean: number(mean), deviation: number(at("deviation"), 3) }));
    else parts.push(t("map.forbidden"));
  }
  const [px, py] = [viewport.toX(x), viewport.toY(y)];
  const near = pointAt(scene, (a, b) => Math.hypot(viewport.toX(a) - px, viewport.toY(b) - py), NEAR);
  if (near) {
    const value = scene.values[near - 1];
    parts.push(t("map.measured", { point: near, value: Number.isFinite(value) ? number(value) : t("map.failed") }));
  }
  return parts.join(" · ");
}
