// @ts-check
/** Items of the queue in few words. */

/** @import { Item } from "../net/types.js" */

import { number } from "../base/format.js";
import { t } from "../messages/index.js";

/**
 * What an item is told, as far as it fits a line.
 * @param {Pick<Item, "parameters" | "metadata">} item
 */
export function itemWords(item) {
  const { axes, points, objective, exposure_time: exposure, metadata } = item.parameters;
  const found = [];
  for (const [name, axis] of Object.entries(axes ?? {})) found.push(`${name} ${number(axis.low)}–${number(axis.high)}${axis.points ? ` × ${axis.points}` : ""}`);
  if (points) found.push(t("now.points", { points }));
  if (objective) found.push(String(objective));
  if (exposure) found.push(`${exposure} s`);
  const about = { ...item.metadata, ...metadata };
  for (const key of ["sample", "operator", "proposal"]) if (about[key]) found.push(String(typeof about[key] === "object" ? about[key].name : about[key]));
  return found.length ? found.join(" · ") : t("queue.defaults");
}
