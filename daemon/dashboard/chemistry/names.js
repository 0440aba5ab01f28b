// @ts-check
/** What a component is called. */

/** @import { Component } from "./source.js" */

import { t } from "../messages/index.js";

/**
 * @param {Component} component
 * @param {number} index
 */
export function componentTitle(component, index) {
  const name = component.name || t("chemistry.component", { number: index + 1 });
  return Number.isFinite(component.correlation) ? `${name} (r = ${component.correlation.toFixed(3)})` : name;
}
