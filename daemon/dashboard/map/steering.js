// @ts-check
/** What an operator asks of the search: a point by hand, and regions to leave out. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Region } from "../net/types.js" */
/** @import { Run } from "../run/run.js" */
/** @import { MapPanel, Tool } from "./panel.js" */

import { CONTROL } from "../app/actions.js";
import { attempt, lockedBy, may } from "../app/app.js";
import { ask } from "../app/dialog.js";
import { segments } from "../app/switches.js";
import { fill, h, show } from "../base/dom.js";
import { number, quantity } from "../base/format.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { axes } from "../run/facts.js";
import { ByNumbers } from "./numbers.js";

/** @type {Tool[]} */
const TOOLS = ["look", "wish", "exclude"];

export class Steering {
  /**
   * @param {App} app
   * @param {Scope} scope
   * @param {MapPanel} panel
   * @param {Store<Run | null>} runs
   */
  constructor(app, scope, panel, runs) {
    this._app = app;
    this._panel = panel;
    this._runs = runs;
    this._hint = h("p", { class: "hint" }, t("steer.look"));
    this._list = h("ul", { class: "steered" });
    this._tools = segments(t("steer.tool"), TOOLS.map((value) => ({ value, text: t(/** @type {any} */ (`steer.tool.${value}`)) })), "look", (tool) => this._choose(tool));
    this._numbers = new ByNumbers((position) => this._wish(position), (limits) => this._exclude(limits));
    this.element = h("section", { class: "card", hidden: true }, h("h2", {}, t("steer.title")), this._tools, this._hint, this._list, this._numbers.element);
    this._drawn = "";
    panel.marked = (x, y) => this._marked(x, y);
    app.feed.status.watch(scope, () => this._show());
    runs.watch(scope, () => this._show());
  }

  /**
   * What was asked for and is not done yet.
   * @param {Run} run
   * @returns {{wished: Record<string, number>[], excluded: Region[]}}
   */
  of(run) {
    const status = this._app.feed.status.value;
    const mine = status?.run?.uid === run.uid ? status.steering : null;
    const kept = run.detail?.statistics?.excluded;
    return { wished: mine?.wished ?? [], excluded: mine?.excluded ?? (Array.isArray(kept) ? kept : []) };
  }

  /**
   * Take a click, if somebody wants a point measured there.
   * @param {number} x
   * @param {number} y
   * @returns {boolean} whether it was taken
   */
  click(x, y) {
    const scene = this._panel.scene;
    const run = this._runs.value;
    if (this._panel.tool !== "wish" || !scene || !run) return false;
    const rest = axes(run).filter((axis) => axis.name !== scene.x.name && axis.name !== scene.y.name);
    const through = Object.fromEntries(rest.map((axis, index) => [axis.name, scene.best?.position[index + 2] ?? axis.low]));
    this._wish({ ...through, [scene.x.name]: Math.min(Math.max(x, scene.x.low), scene.x.high), [scene.y.name]: Math.min(Math.max(y, scene.y.low), scene.y.high) });
    return true;
  }

  /** @param {Tool} tool */
  _choose(tool) {
    this._tools.choose(tool);
    this._panel.choose(tool);
    this._hint.textContent = t(/** @type {any} */ (`steer.${tool}`));
  }

  _show() {
    const status = this._app.feed.status.value;
    const run = this._runs.value;
    const steers = may(this._app, CONTROL) && run !== null && status?.run?.uid === run.uid && status.steering != null && lockedBy(this._app) === null;
    show(this.element, steers);
    if (!steers && this._panel.tool !== "look") this._choose("look");
    if (!steers || !run) return;
    this._numbers.offer(axes(run));
    const { wished, excluded } = this.of(run);
    const drawn = JSON.stringify([wished, excluded]);
    if (drawn === this._drawn) return;
    this._drawn = drawn;
    const units = Object.fromEntries(axes(run).map((axis) => [axis.name, axis.unit]));
    const point = (/** @type {Record<string, number>} */ wish) => h("li", {}, icon("target"), Object.entries(wish).map(([axis, value]) => `${axis} ${quantity(value, units[axis])}`).join(", "));
    fill(this._list, ...wished.map(point), ...excluded.map((region) => h("li", {}, icon("exclude"), words(region))));
  }

  /** @param {Record<string, number>} position */
  async _wish(position) {
    const { api, notices } = this._app;
    const answer = await attempt(this._app, () => api.post("/plan/points", { position }));
    if (!answer) return;
    notices.say(t("steer.wished", { place: Object.entries(answer.position).map(([axis, value]) => `${axis} ${number(/** @type {number} */ (value))}`).join(", ") }));
    this._choose("look");
  }

  /**
   * @param {[number, number]} x
   * @param {[number, number]} y
   */
  _marked(x, y) {
    const scene = this._panel.scene;
    if (scene) this._exclude({ [scene.x.name]: x, [scene.y.name]: y });
  }

  /** @param {Record<string, [number, number]>} limits */
  async _exclude(limits) {
    /** @type {Region} */
    const region = { kind: "box", limits };
    const sure = await ask({ title: t("steer.exclude-title"), text: t("steer.exclude-text", { region: words(region) }), yes: t("steer.exclude-yes") });
    if (sure === null) return;
    const answer = await attempt(this._app, () => this._app.api.post("/plan/exclusions", { region }), t("steer.excluded"));
    if (answer) this._choose("look");
  }
}

/** A region in words. @param {Region} region */
function words(region) {
  if (region.kind === "box") return Object.entries(region.limits).map(([axis, [low, high]]) => `${axis} ${number(low)} – ${number(high)}`).join(", ");
  if (region.kind === "circle") return `${t("region.circle")} ${region.axes.map((axis, index) => `${axis} ${number(region.centre[index])}`).join(", ")}, ${number(region.radius)}`;
  return `${t("region.polygon")} (${region.vertices.length})`;
}
