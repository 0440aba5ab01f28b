// @ts-check
/** Makes an item of the queue, or changes one. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Device, Item, Plan } from "../net/types.js" */

import { lockedBy, refusal } from "../app/app.js";
import { press } from "../app/controls.js";
import { planAbout, planTitle } from "../app/summary.js";
import { segments } from "../app/switches.js";
import { fill, h, show } from "../base/dom.js";
import { PlanForm } from "../form/plan.js";
import { t } from "../messages/index.js";
import { ApiError } from "../net/api.js";

export class Editor {
  /**
   * @param {App} app
   * @param {Scope} scope
   */
  constructor(app, scope) {
    this._app = app;
    this._scope = scope;
    this.element = h("section", { class: "card editor", hidden: true, "aria-label": t("editor.title") });
    /** @type {{plans: Plan[], devices: Device[]} | null} */
    this._known = null;
  }

  /**
   * A new item.
   * @param {string} [plan]
   * @param {Record<string, any>} [given]
   */
  async create(plan = "", given = {}) {
    const known = await this._load();
    if (!known) return;
    const chosen = known.plans.find((each) => each.name === plan) ?? known.plans[0];
    this._open(chosen, given, null);
  }

  /** @param {Item} item */
  async edit(item) {
    const known = await this._load();
    const plan = known?.plans.find((each) => each.name === item.plan);
    if (plan) this._open(plan, item.parameters, item);
  }

  /**
   * An item like a run, or one that goes on where the run ended.
   * @param {string} uid
   * @param {boolean} goOn
   */
  async repeat(uid, goOn) {
    try {
      const run = await this._app.api.get(`/runs/${uid}`);
      const { resume_from: _, ...parameters } = run.start.parameters ?? {};
      const left = Math.max((parameters.points ?? 0) - run.points, 1);
      await this.create(run.plan_name, goOn ? { ...parameters, points: left, resume_from: run.path } : parameters);
    } catch (error) {
      this._app.notices.problem(refusal(this._app, error));
    }
  }

  async _load() {
    if (this._known) return this._known;
    try {
      const [plans, devices] = await Promise.all([this._app.api.get("/plans"), this._app.api.get("/devices")]);
      this._known = { plans: plans.plans, devices: devices.devices };
    } catch (error) {
      this._app.notices.problem(refusal(this._app, error));
    }
    return this._scope.ended ? null : this._known;
  }

  /**
   * @param {Plan} plan
   * @param {Record<string, any>} given
   * @param {Item | null} item that is changed; null for a new one
   */
  _open(plan, given, item) {
    const known = this._known;
    if (!known) return;
    const form = new PlanForm(plan, known.devices, given);
    const plans = segments(t("editor.plan"), known.plans.map((each) => ({ value: each.name, text: planTitle(each.name), title: each.description })), plan.name, (name) => this.create(name));
    const close = () => {
      show(this.element, false);
      this._app.router.note({ new: null, from: null, continue: null });
    };
    const submit = (/** @type {"back" | "front" | "now"} */ where) => press(first, () => this._send(plan, form, item, where, close));
    const first = h("button", { type: "submit", class: "button primary" }, item ? t("editor.save") : t("editor.add"));
    const more = item ? [] : [this._button(t("editor.add-front"), () => submit("front")), this._button(t("editor.now"), () => submit("now"))];
    const cancel = h("button", { type: "button", class: "button quiet", onclick: close }, t("dialog.no"));
    const locked = lockedBy(this._app);
    if (locked) first.disabled = true;
    const body = h("form", { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), submit("back")) }, form.element, h("div", { class: "form-buttons" }, first, ...more, cancel));
    const about = h("p", { class: "hint" }, planAbout(plan));
    fill(this.element, h("div", { class: "title-row" }, h("h2", {}, item ? t("editor.edit") : t("editor.title")), item ? null : plans), about, body);
    show(this.element, true);
    this.element.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (this.element.querySelector("form input, form select"))?.focus({ preventScroll: true });
  }

  /**
   * @param {string} text
   * @param {() => void} action
   */
  _button(text, action) {
    return h("button", { type: "button", class: "button", onclick: action }, text);
  }

  /**
   * @param {Plan} plan
   * @param {PlanForm} form
   * @param {Item | null} item
   * @param {"back" | "front" | "now"} where
   * @param {() => void} close
   */
  async _send(plan, form, item, where, close) {
    const { api, feed, notices } = this._app;
    const parameters = form.read();
    form.complain([]);
    try {
      if (item) await api.patch(`/queue/${item.uid}`, { parameters });
      else if (where === "now") await api.post("/queue/execute", { plan: plan.name, parameters });
      else await api.post("/queue", { plan: plan.name, parameters, at: where });
      notices.say(item ? t("editor.saved") : where === "now" ? t("editor.started") : t("editor.added"));
      close();
    } catch (error) {
      if (error instanceof ApiError && error.problems.length) form.complain(error.problems);
      else form.complain([], refusal(this._app, error));
    } finally {
      feed.ask();
    }
  }
}
