// @ts-check
/** Plays a run back in the same panels: point by point, so many times faster than it was measured. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Run } from "./run.js" */

import { fill, h, show, write } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";

const SPEEDS = [1, 2, 5, 10, 50, 200, 1000];
const USUAL = 10;
const TICK = 0.05;

export class Player {
  /**
   * @param {App} app
   * @param {Scope} scope
   * @param {Store<Run | null>} runs
   * @param {URLSearchParams} words
   */
  constructor(app, scope, runs, words) {
    this._app = app;
    this._runs = runs;
    this.changed = () => {};
    const asked = Number(words.get("replay"));
    /** How many points are shown; null for all.
     * @type {number | null} */
    this._shown = words.has("replay") ? 0 : null;
    this._speed = SPEEDS.includes(asked) ? asked : USUAL;
    this._playing = words.has("replay");
    this._clock = 0;
    this._sign = h("span", { class: "icon-slot" });
    this._button = h("button", { type: "button", class: "button small", onclick: () => this._toggle() }, this._sign, h("span", {}));
    this._slider = h("input", { type: "range", min: 0, max: 1, value: 0, "aria-label": t("player.point"), oninput: () => this._seek() });
    this._label = h("output", { class: "hint" });
    const options = SPEEDS.map((speed) => h("option", { value: speed, selected: speed === this._speed }, `×${speed}`));
    const speeds = h("select", { "aria-label": t("player.speed"), onchange: () => this._hasten(Number(speeds.value)) }, ...options);
    this.element = h("div", { class: "player", hidden: true }, this._button, this._slider, this._label, speeds);
    scope.every(TICK, () => this._tick());
  }

  /** How many points are shown. @param {Run} run */
  shown(run) {
    return this._shown === null ? run.primary.length : Math.min(this._shown, run.primary.length);
  }

  /** @param {Run} run */
  show(run) {
    show(this.element, !run.open && run.primary.length > 1);
    const shown = this.shown(run);
    this._slider.max = String(run.primary.length);
    this._slider.value = String(shown);
    write(this._label, t("now.of", { points: shown, all: run.primary.length }));
    fill(this._sign, icon(this._playing ? "pause" : "play"));
    write(/** @type {Element} */ (this._button.lastElementChild), this._playing ? t("player.pause") : t("player.play"));
  }

  _toggle() {
    const run = this._runs.value;
    if (!run) return;
    if (!this._playing && this.shown(run) >= run.primary.length) this._to(0);
    this._playing = !this._playing;
    this._clock = this._time(run, this.shown(run));
    this._note();
    this.changed();
  }

  _seek() {
    const run = this._runs.value;
    if (!run) return;
    this._to(Number(this._slider.value));
    this._clock = this._time(run, this.shown(run));
    this.changed();
  }

  /** @param {number} shown */
  _to(shown) {
    const run = this._runs.value;
    this._shown = run && shown >= run.primary.length ? null : shown;
  }

  /** @param {number} speed */
  _hasten(speed) {
    this._speed = speed;
    this._note();
  }

  _note() {
    this._app.router.note({ replay: this._playing ? this._speed : null });
  }

  _tick() {
    const run = this._runs.value;
    if (!this._playing || !run?.loaded || run.open) return;
    const last = run.primary.length;
    if (!this._clock) this._clock = this._time(run, this.shown(run));
    this._clock += TICK * this._speed;
    let shown = this.shown(run);
    while (shown < last && this._time(run, shown + 1) <= this._clock) shown += 1;
    if (shown === this.shown(run) && shown < last) return;
    this._to(shown);
    if (shown >= last) {
      this._playing = false;
      this._note();
    }
    this.changed();
  }

  /**
   * When a point was measured; the run's beginning for none.
   * @param {Run} run
   * @param {number} point
   */
  _time(run, point) {
    return point < 1 ? Number(run.start.time) : run.primary.number("time", point - 1);
  }
}
