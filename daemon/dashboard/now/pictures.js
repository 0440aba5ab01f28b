// @ts-check
/** The map, the live frame and the best value so far, small; each leads to its view. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Patterns, Stack } from "../chemistry/source.js" */

import { themeColour, themed } from "../app/preferences.js";
import { fill, h, show, write } from "../base/dom.js";
import { drawLines } from "../chart/lines.js";
import { paintOverlay } from "../chemistry/overlay.js";
import { nameOf } from "../chemistry/names.js";
import { SERIES } from "../chart/plotly.js";
import { lastFrame } from "../frame/last.js";
import { FramePanel } from "../frame/panel.js";
import { MapPanel } from "../map/panel.js";
import { Profile } from "../map/profile.js";
import { sceneOf } from "../map/scene.js";
import { t } from "../messages/index.js";
import { mapsOf, watchRun } from "../run/chosen.js";
import { axes, isStack, maximizes, objective, objectiveUnit, values } from "../run/facts.js";

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {Store<Stack | Patterns | null>} chemistry of a stack
 */
export function pictures(app, scope, chemistry) {
  const [best, components] = [bestCard(app, scope), chemistryCard(scope, chemistry)];
  watchRun(app.runs.run, scope, (run) => {
    const stack = run !== null && isStack(run);
    show(best, !stack);
    show(components, stack);
  });
  return h("div", { class: "pictures" }, mapCard(app, scope), frameCard(app, scope), best, components);
}

/**
 * @param {Scope} scope
 * @param {Store<Stack | Patterns | null>} chemistry
 */
function chemistryCard(scope, chemistry) {
  const canvas = h("canvas", { class: "abundance", role: "img", "aria-label": t("chemistry.overlay"), hidden: true });
  const legend = h("ul", { class: "legend" });
  const under = h("p", { class: "hint" }, t("now.no-components"));
  const draw = () => {
    const found = chemistry.value?.kind === "stack" ? chemistry.value : null;
    show(canvas, found);
    show(under, !found);
    if (found) paintOverlay(canvas, found);
    fill(legend, ...(found?.components ?? []).map((component, index) => h("li", {}, swatch(index), nameOf(component, index))));
  };
  chemistry.watch(scope, draw);
  themed.watch(scope, draw);
  return card(t("view.chemistry"), "#/chemistry", canvas, legend, under);
}

/** @param {number} index */
function swatch(index) {
  const element = h("span", { class: "swatch" });
  element.style.background = themeColour(SERIES[index % SERIES.length]);
  return element;
}

/**
 * @param {string} title
 * @param {string} href
 * @param {...import("../base/dom.js").Child} content
 */
export function card(title, href, ...content) {
  return h("section", { class: "card picture" }, h("h2", {}, h("a", { href }, title)), ...content);
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function mapCard(app, scope) {
  const { runs } = app;
  const maps = mapsOf(app, scope, runs.run);
  const panel = new MapPanel(scope, { colours: "viridis", order: false, coloured: true, selected: null }, { still: true });
  const profile = new Profile(scope, { still: true });
  const under = h("p", { class: "hint" }, t("map.none-text"));
  const draw = () => {
    const run = runs.run.value;
    const scene = run && sceneOf(run, maps.value, { layer: "mean", x: "", y: "", shown: run.primary.length }, { wished: [], excluded: [] });
    const alongOne = run !== null && axes(run).length === 1 && run.primary.length > 0;
    const there = scene !== null && scene.xs.length > 0;
    show(panel.element, there);
    show(profile.element, alongOne);
    if (scene && there) panel.show(scene);
    if (run && alongOne) profile.show(run, maps.value, run.primary.length);
    write(under, !there && !alongOne ? t("map.none-text") : maps.value ? t("now.model") : t("now.measured"));
  };
  const paint = scope.painter(draw);
  watchRun(runs.run, scope, paint);
  maps.watch(scope, paint);
  return card(t("view.map"), "#/map", panel.element, profile.element, under);
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function frameCard(app, scope) {
  const panel = new FramePanel(scope, { scale: "log", colours: "viridis", range: null }, { still: true });
  const under = h("p", { class: "hint" }, t("frame.none"));
  show(panel.element, false);
  const draw = (/** @type {Frame} */ frame, /** @type {string} */ from) => {
    show(panel.element, true);
    panel.show(frame);
    write(under, from || `${frame.camera} · ${t("frame.live")}`);
  };
  /** @type {Frame | null} */
  let waiting = null;
  const paint = scope.painter(() => waiting && draw(waiting, ""));
  app.frames.watch(scope, (frame) => {
    waiting = frame;
    paint();
  });
  lastFrame(app, scope, (frame, from) => !waiting && draw(frame, from));
  return card(t("view.frame"), "#/frame", panel.element, under);
}

/**
 * @param {App} app
 * @param {Scope} scope
 */
function bestCard(app, scope) {
  const chart = h("canvas", { class: "small-chart tall", role: "img", "aria-label": t("progress.best") });
  const draw = () => {
    const run = app.runs.run.value;
    if (!run) return drawLines(chart, []);
    const all = values(run);
    const x = Float64Array.from(all, (_, index) => index + 1);
    const lines = [
      { x, y: all, colour: "--soft", dots: true },
      { x, y: bestSoFar(all, maximizes(run)), colour: "--accent", steps: true },
    ];
    drawLines(chart, lines, { x: t("progress.point"), y: [objective(run), objectiveUnit(run)].filter(Boolean).join(", "), whole: true });
  };
  const paint = scope.painter(draw);
  watchRun(app.runs.run, scope, paint);
  themed.watch(scope, paint);
  scope.resized(chart, paint);
  return card(t("progress.best"), "#/progress", chart);
}

/**
 * The best value after each point; NaN until a measurement succeeded.
 * @param {ArrayLike<number>} all
 * @param {boolean} maximize
 */
export function bestSoFar(all, maximize) {
  let best = NaN;
  return Float64Array.from(all, (value) => {
    if (Number.isFinite(value) && !(maximize ? value <= best : value >= best)) best = value;
    return best;
  });
}
