// @ts-check
/** The views of the page. */

/** @import { Icon } from "../base/icons.js" */
/** @import { View } from "./app.js" */

/**
 * @typedef {object} Entry
 * @property {string} name in addresses
 * @property {Icon} icon
 * @property {() => Promise<{view: View}>} load
 */

/** In the order of the menu; a phone shows the first ones at once.
 * @type {Entry[]} */
export const VIEWS = [
  { name: "now", icon: "now", load: () => import("../views/now.js") },
  { name: "map", icon: "map", load: () => import("../views/map.js") },
  { name: "frame", icon: "frame", load: () => import("../views/frame.js") },
  { name: "queue", icon: "queue", load: () => import("../views/queue.js") },
  { name: "chemistry", icon: "chemistry", load: () => import("../views/chemistry.js") },
  { name: "progress", icon: "progress", load: () => import("../views/progress.js") },
  { name: "history", icon: "history", load: () => import("../views/history.js") },
  { name: "health", icon: "health", load: () => import("../views/health.js") },
];

/** How many a phone shows at once. */
export const FIRST = 4;
