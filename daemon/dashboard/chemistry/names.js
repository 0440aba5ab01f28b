// @ts-check
/** What a component is called. */

/** @import { Component } from "./source.js" */

import { t } from "../messages/index.js";

/** The daemon's own name of one that resembles no standard. */
const NUMBERED = /^component (\d+)$/;

/**
 * @param {Component} component
 * @param {number} index from 0, as in `unmixing.weights[0]`
 */
export function nameOf(component, index) {
  const number = NUMBERED.exec(component.name)?.[1] ?? index;
  return component.name && !NUMBERED.test(component.name) ? component.name : t("chemistry.component", { number });
}

/**
 * The name with how well its standard fits.
 * @param {Component} component
 * @param {number} index
 */
export function componentTitle(component, index) {
  const like = resemblance(component);
  return like ? `${nameOf(component, index)} (${like})` : nameOf(component, index);
}

/** How well it fits its standard, which is named where the component is not. @param {Component} component */
export function resemblance({ name, standard, correlation }) {
  if (!Number.isFinite(correlation)) return "";
  const r = correlation >= 0.9995 ? "r > 0.999" : `r = ${correlation.toFixed(3)}`;
  return standard && standard !== name ? `${standard}? ${r}` : r;
}

/** @param {number} share */
export function percent(share) {
  return Number.isFinite(share) ? `${(100 * share).toFixed(0)} %` : "";
}
