// @ts-check
/** The numbers of a map as tables. */

/** @import { Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */

import { saveTable } from "../base/save.js";
import { axes, positions, rowsByPoint, values } from "../run/facts.js";
import { gridded } from "../run/maps.js";

const REASONS = { value_error: "agent_error", reason: "agent_kind", expected_mean: "agent_mean", expected_deviation: "agent_deviation", acquisition: "agent_acquisition" };

/** Every point: where, what, and why. @param {Run} run */
export function savePoints(run) {
  const rows = rowsByPoint(run);
  const numbers = Array.from({ length: run.primary.length }, (_, index) => index + 1);
  const places = positions(run);
  const where = Object.fromEntries(axes(run).map((axis, index) => [axis.unit ? `${axis.name} (${axis.unit})` : axis.name, places[index]]));
  const why = Object.fromEntries(Object.entries(REASONS).map(([name, key]) => [name, numbers.map((number) => run.suggestions.column(key)[rows.get(number) ?? -1] ?? null)]));
  saveTable({ point: numbers, time: run.primary.column("time"), ...where, value: values(run), ...why }, `scan-${run.start.scan_id ?? "0"}-points`);
}

/** The model at every candidate. @param {Maps} maps */
export function saveModel(maps) {
  const { dimensions, shape, coordinates, layers } = maps;
  if (!gridded(maps)) return saveTable({ ...coordinates, ...layers }, "model");
  const size = layers.mean.length;
  const columns = dimensions.map((name, index) => {
    const stride = shape.slice(index + 1).reduce((all, each) => all * each, 1);
    return [name, Float64Array.from({ length: size }, (_, place) => coordinates[name][Math.floor(place / stride) % shape[index]])];
  });
  saveTable({ ...Object.fromEntries(columns.reverse()), ...layers }, "model");
}
