// @ts-check
/** Where it was measured, what the model makes of it, and where it goes next. */

/** @import { App, View } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Maps } from "../run/maps.js" */
/** @import { Run } from "../run/run.js" */

import { empty } from "../app/shell.js";
import { ColourBar } from "../chart/bar.js";
import { h, show, write } from "../base/dom.js";
import { savePicture } from "../base/save.js";
import { t } from "../messages/index.js";
import { MapPanel } from "../map/panel.js";
import { PointCard } from "../map/point.js";
import { Profile } from "../map/profile.js";
import { ReasonCard } from "../map/reason.js";
import { readout } from "../map/readout.js";
import { saveModel, savePoints } from "../map/save.js";
import { sceneOf } from "../map/scene.js";
import { Steering } from "../map/steering.js";
import { MapTools } from "../map/tools.js";
import { axes, chooses, objective, objectiveUnit } from "../run/facts.js";
import { chosenRun, mapsOf, watchRun } from "../run/chosen.js";
import { Player } from "../run/player.js";
import { runTitle } from "../run/title.js";

/** @type {View} */
export function view(app, root, scope, words) {
  const runs = chosenRun(app, scope, words);
  const maps = mapsOf(app, scope, runs);
  const tools = new MapTools(words, (noted) => app.router.note(noted), { picture: () => savePicture(parts.profile.element.hidden ? panel.canvas : parts.profile.element, "map"), points: () => runs.value && savePoints(runs.value), model: () => maps.value && saveModel(maps.value) });
  const panel = new MapPanel(scope, tools.style);
  const parts = { point: new PointCard(app, scope), reason: new ReasonCard(), steering: new Steering(app, scope, panel, runs), player: new Player(app, scope, runs, words), profile: new Profile(scope), bar: new ColourBar() };
  const line = h("p", { class: "readout", "aria-live": "off" });
  const stage = h("section", { class: "card stage", "aria-label": t("view.map") }, h("div", { class: "toolbar" }, ...tools.elements), panel.element, parts.profile.element, h("div", { class: "under" }, parts.bar.element, line, tools.saves), parts.player.element);
  const layout = h("div", { class: "columns wide-left", hidden: true }, stage, h("div", { class: "stack" }, parts.reason.element, parts.steering.element, parts.point.element));
  const nothing = empty("map", t("map.none"), t("map.none-text"));
  root.append(h("div", { class: "title-row" }, h("h1", { class: "title" }, t("view.map")), runTitle(runs, scope)), nothing, layout);
  const draw = scope.painter(() => drawAll(app, { runs, maps, tools, panel, parts, line, layout, nothing }));
  tools.bind(panel, draw);
  panel.clicked = (number, x, y) => parts.steering.click(x, y) || select(app, tools, draw, number);
  parts.profile.clicked = (number) => select(app, tools, draw, number);
  panel.hovered = (x, y) => write(line, readout(panel, runs.value, maps.value, x, y));
  parts.player.changed = draw;
  for (const canvas of [panel.canvas, parts.profile.element]) scope.listen(canvas, "keydown", (/** @type {KeyboardEvent} */ event) => step(event, app, tools, draw, runs.value?.primary.length ?? 0));
  watchRun(runs, scope, draw);
  maps.watch(scope, draw);
  app.feed.status.watch(scope, draw);
}

/**
 * @typedef {object} Drawn
 * @property {Store<Run | null>} runs
 * @property {Store<Maps | null>} maps
 * @property {MapTools} tools
 * @property {MapPanel} panel
 * @property {{point: PointCard, reason: ReasonCard, steering: Steering, player: Player, profile: Profile, bar: ColourBar}} parts
 * @property {HTMLElement} line
 * @property {HTMLElement} layout
 * @property {HTMLElement} nothing
 */

/**
 * @param {App} app
 * @param {Drawn} drawn
 */
function drawAll(app, { runs, maps, tools, panel, parts, line, layout, nothing }) {
  const run = runs.value;
  const shown = run ? parts.player.shown(run) : 0;
  const scene = run && sceneOf(run, maps.value, { ...tools.wish, shown }, parts.steering.of(run));
  const alongOne = run !== null && axes(run).length === 1 && shown > 0;
  const there = alongOne || (scene !== null && (scene.xs.length > 0 || scene.next !== null));
  show(layout, there);
  show(nothing, !there);
  show(panel.element, !alongOne);
  show(parts.profile.element, alongOne);
  show(parts.bar.element, !alongOne);
  if (!run || !there) return;
  parts.reason.show(run, maps.value);
  parts.point.show(run, tools.style.selected, shown);
  parts.player.show(run);
  if (alongOne) parts.profile.show(run, maps.value, shown, tools.style.selected);
  show(parts.reason.element, !alongOne || chooses(run));
  tools.offer(run, maps.value);
  if (!scene) return;
  panel.style = tools.style;
  panel.show(scene);
  const painted = tools.wish.layer !== "none" && scene.plane !== null;
  const range = painted ? scene.range : scene.valueRange;
  const title = painted && tools.wish.layer !== "mean" ? t(/** @type {any} */ (`map.bar.${tools.wish.layer}`)) : [objective(run), objectiveUnit(run)].filter(Boolean).join(", ");
  parts.bar.show(tools.style.colours, (share) => range.low + share * (range.high - range.low), title);
  if (!line.textContent) write(line, t("map.hint"));
}

/**
 * @param {App} app
 * @param {MapTools} tools
 * @param {() => void} draw
 * @param {number | null} number
 */
function select(app, tools, draw, number) {
  tools.style.selected = number;
  app.router.note({ point: number });
  draw();
}

/**
 * The next point or the one before, by keys.
 * @param {KeyboardEvent} event
 * @param {App} app
 * @param {MapTools} tools
 * @param {() => void} draw
 * @param {number} count
 */
function step(event, app, tools, draw, count) {
  const by = event.key === "]" ? 1 : event.key === "[" ? -1 : 0;
  if (!by || !count) return;
  const from = tools.style.selected ?? (by > 0 ? 0 : count + 1);
  select(app, tools, draw, Math.min(Math.max(from + by, 1), count));
}
