// @ts-check
/** A list of names and values. */

/** @import { Key } from "../messages/index.js" */

import { h, write } from "./dom.js";
import { t } from "../messages/index.js";
import { NONE } from "./format.js";

/**
 * @template {Key} K
 * @param {K[]} keys messages for the names
 */
export function facts(keys) {
  const values = new Map(keys.map((key) => [key, h("dd", {}, NONE)]));
  const rows = keys.map((key) => h("div", {}, h("dt", {}, t(key)), values.get(key)));
  return {
    element: h("dl", { class: "facts" }, ...rows),
    /**
     * @param {K} key
     * @param {string} text
     */
    write(key, text) {
      const value = values.get(key);
      if (value) write(value, text || NONE);
    },
  };
}
