// @ts-check
/** What somebody likes: light or dark. */

import { Store } from "../base/store.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** @type {Theme[]} */
export const THEMES = ["system", "light", "dark"];

const PREFERENCE = "beampilot.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Counts changes of the theme: who draws with its colours watches it. */
export const themed = new Store(0);

/** @returns {Theme} */
export function theme() {
  const kept = localStorage.getItem(PREFERENCE);
  return THEMES.find((each) => each === kept) ?? "system";
}

/** @param {Theme} wanted */
export function chooseTheme(wanted) {
  localStorage.setItem(PREFERENCE, wanted);
  applyTheme();
}

/** Have the page look as it was chosen. */
export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  themed.set(themed.value + 1);
}

dark.addEventListener("change", () => themed.set(themed.value + 1));

/** @type {Map<string, string>} */
const known = new Map();
let knownFor = -1;

/**
 * A colour of the theme as canvases want it.
 * @param {string} name such as `--ink`
 * @returns {string}
 */
export function themeColour(name) {
  if (knownFor !== themed.value) known.clear();
  knownFor = themed.value;
  let found = known.get(name);
  if (found === undefined) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    probe.hidden = true;
    document.body.append(probe);
    found = getComputedStyle(probe).color;
    probe.remove();
    known.set(name, found);
  }
  return found;
}
