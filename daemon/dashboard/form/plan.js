// @ts-check
/** The form for a plan, made from its JSON schema. */

/** @import { Problem } from "../net/api.js" */
/** @import { Device, Plan, Schema } from "../net/types.js" */
/** @import { Context, Field } from "./field.js" */

import { h } from "../base/dom.js";
import { t } from "../messages/index.js";
import { axesField } from "./axes.js";
import { objectField, severalField } from "./compound.js";
import { regionsField } from "./regions.js";
import { shapeOf } from "./schema.js";
import { simpleField } from "./simple.js";

/** What is asked first; everything else is behind "More settings". */
const FIRST = ["axes", "objective", "detectors", "points", "exposure_time", "metadata"];
const EXPOSED = ["camera", "detector"];

export class PlanForm {
  /**
   * @param {Plan} plan
   * @param {Device[]} devices
   * @param {Record<string, any>} given parameters that are not the defaults
   * @param {() => void} [changed]
   */
  constructor(plan, devices, given, changed = () => {}) {
    this._plan = plan;
    /** @type {Context} */
    const context = { root: plan.schema, devices, changed };
    const names = Object.keys(plan.schema.properties);
    const ordered = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
    /** @type {Map<string, Field>} */
    this._fields = new Map(ordered.map((name) => [name, fieldFor(name, plan.schema.properties[name], this._initial(name, given), context)]));
    const elements = (/** @type {(name: string) => boolean} */ wanted) => ordered.filter(wanted).map((name) => this._fields.get(name)?.element ?? null);
    const rest = elements((name) => !FIRST.includes(name));
    this._more = h("details", { class: "form-more" }, h("summary", {}, t("form.more")), h("div", { class: "form-fields" }, ...rest));
    this._problem = h("p", { class: "problem", role: "alert" });
    this.element = h("div", { class: "stack" }, h("div", { class: "form-fields" }, ...elements((name) => FIRST.includes(name))), rest.length ? this._more : null, this._problem);
  }

  /** What somebody entered that is not the default. @returns {Record<string, unknown>} */
  read() {
    const found = /** @type {Record<string, unknown>} */ ({});
    for (const [name, field] of this._fields) {
      const value = field.read();
      if (value !== undefined && !same(value, this._default(name))) found[name] = value;
    }
    return found;
  }

  /**
   * Show what is wrong, each at its field.
   * @param {Problem[]} problems
   * @param {string} [all] what is wrong where no field is named
   */
  complain(problems, all = "") {
    const homeless = problems.filter(({ field, message }) => {
      const [name, ...path] = field.replace(/^parameters\.?/, "").split(".").filter(Boolean);
      const found = this._fields.get(name ?? "");
      if (found && !FIRST.includes(name)) this._more.open = true;
      return !found?.complain(path, message);
    });
    this._problem.textContent = [...homeless.map(({ field, message }) => `${field}: ${message}`), all].filter(Boolean).join("\n");
    /** @type {HTMLElement | null} */ (this.element.querySelector("[aria-invalid='true']"))?.focus();
  }

  /**
   * @param {string} name
   * @param {Record<string, any>} given
   */
  _initial(name, given) {
    const set = this._default(name);
    const value = given[name];
    // A part of a map that is given, such as one axis, stands beside those parts that are not.
    return value === undefined ? set : value;
  }

  /** @param {string} name */
  _default(name) {
    const own = this._plan.defaults[name];
    return own === undefined ? this._plan.schema.properties[name].default : own;
  }
}

/**
 * @param {string} name
 * @param {Schema} schema
 * @param {unknown} value
 * @param {Context} context
 * @returns {Field}
 */
function fieldFor(name, schema, value, context) {
  const shape = shapeOf(schema, context.root);
  if (name === "axes") return axesField(name, shape, value, context);
  if (name === "forbidden") return regionsField(name, shape, value, context);
  if (name === "detectors") return severalField(name, shape, value, context, context.devices.filter((device) => EXPOSED.includes(device.kind)).map((device) => device.name));
  if (shape.kind === "object") return objectField(name, shape, value, context);
  return simpleField(name, shape, value, context);
}

/**
 * Whether two values are the same to the daemon.
 * @param {unknown} one
 * @param {unknown} other
 * @returns {boolean}
 */
function same(one, other) {
  return JSON.stringify(sorted(one ?? null)) === JSON.stringify(sorted(other ?? null));
}

/**
 * @param {any} value
 * @returns {any}
 */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined && each !== null && each !== "");
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}
