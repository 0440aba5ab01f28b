// @ts-check
/** The page's icons: lines on a grid of 20. */

import { s } from "./dom.js";

const PATHS = {
  now: "M3.5 13.5a6.5 6.5 0 1 1 13 0M10 13.5l3.2-4.2M3.5 16.5h13",
  map: "M3.5 3.5h13v13h-13zM3.5 10h13M10 3.5v13M13.2 6.8h.01",
  frame: "M3.5 6V3.5H6M14 3.5h2.5V6M16.5 14v2.5H14M6 16.5H3.5V14M10 7.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  chemistry: "M8 3.5h4M8.7 3.5v4.6l-4 6.6a1.2 1.2 0 0 0 1 1.8h8.6a1.2 1.2 0 0 0 1-1.8l-4-6.6V3.5M6.6 12.5h6.8",
  progress: "M3.5 3.5v13h13M6 13l3.2-4 2.6 2 4.2-5.5",
  queue: "M3.5 5h13M3.5 10h9M3.5 15h6M15 12.2v5.4M12.3 14.9h5.4",
  history: "M3.7 8A6.6 6.6 0 1 1 3.5 11.5M3.5 4.5V8H7M10 6.5V10l2.6 1.8",
  health: "M2.5 10.5h3.2l2-5 3.6 9.5 2.2-6.2 1 1.7h3",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  pause: "M7 4.5v11M13 4.5v11",
  play: "M6.5 4.2v11.6l9-5.8z",
  abort: "M7 3.5h6l3.5 3.5v6L13 16.5H7L3.5 13V7zM7.6 7.6l4.8 4.8M12.4 7.6l-4.8 4.8",
  plus: "M10 4.5v11M4.5 10h11",
  close: "M5 5l10 10M15 5L5 15",
  up: "M10 15.5v-11M5.5 9L10 4.5 14.5 9",
  down: "M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5",
  copy: "M7 7h9.5v9.5H7zM4.5 13H3.5V3.5H13v1",
  remove: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  edit: "M4 16l.8-3.4L13.5 4l2.5 2.5-8.6 8.7zM11.8 5.8l2.4 2.4",
  save: "M10 3.5v9M6.5 9.5L10 13l3.5-3.5M4 16.5h12",
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l3.8 3.8",
  target: "M10 2.5v4M10 13.5v4M2.5 10h4M13.5 10h4M10 6a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  exclude: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM5.4 5.4l9.2 9.2",
  user: "M10 3.5a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM3.8 16.8a6.2 6.2 0 0 1 12.4 0",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  warning: "M10 3.5l7.2 12.8H2.8zM10 8v4M10 14.2h.01",
  whole: "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
  report: "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 10h5M7.5 13h5",
  link: "M8.5 11.5l3-3M7 9L5 11a2.8 2.8 0 0 0 4 4l2-2M13 11l2-2a2.8 2.8 0 0 0-4-4L9 7",
  keyboard: "M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7",
};

/** @typedef {keyof typeof PATHS} Icon */

/**
 * An icon; it says nothing to who cannot see it, so what it stands for is said beside it.
 * @param {Icon} name
 */
export function icon(name) {
  const options = { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true", focusable: "false" };
  return s("svg", options, s("path", { d: PATHS[name] }));
}
