// @ts-check
/** The cameras, live. */

/** @import { App, View } from "../app/app.js" */
/** @import { Frame } from "../net/frames.js" */
/** @import { Scope } from "../base/scope.js" */

import { segments } from "../app/switches.js";
import { empty } from "../app/shell.js";
import { ColourBar } from "../chart/bar.js";
import { h, show, write } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../messages/index.js";
import { detectionsOf, pointOf } from "../frame/detections.js";
import { FrameFacts } from "../frame/facts.js";
import { lastFrame } from "../frame/last.js";
import { valueAt } from "../frame/levels.js";
import { valueAt as pixelAt } from "../frame/measure.js";
import { FramePanel } from "../frame/panel.js";
import { FrameTools } from "../frame/tools.js";

const DETECTED = 2;

/** @type {View} */
export function view(app, root, scope, words) {
  const tools = new FrameTools(words, (noted) => app.router.note(noted));
  const panel = new FramePanel(scope, tools.look);
  const bar = new ColourBar();
  const facts = new FrameFacts(app, panel);
  const readout = h("p", { class: "readout", "aria-live": "off" }, t("frame.hint"));
  const cameras = h("div", { class: "cameras" });
  const stage = h("section", { class: "card stage", "aria-label": t("view.frame") }, h("div", { class: "toolbar" }, cameras, ...tools.elements), panel.element, h("div", { class: "under" }, bar.element, readout, facts.saves));
  const nothing = empty("frame", t("frame.none"), t("frame.none-text"));
  const layout = h("div", { class: "columns wide-left", hidden: true }, stage, facts.element);
  root.append(h("h1", { class: "title" }, t("view.frame")), nothing, layout);
  tools.bind(panel, () => {
    panel.again();
    if (panel.picture.frame) scaled();
  });
  facts.begin(scope, tools);

  const scaled = () => {
    bar.show(tools.look.colours, (share) => valueAt(tools.look.scale, panel.picture.range, share), "");
    tools.follow(panel.picture.range);
  };
  const draw = (/** @type {Frame} */ frame, /** @type {string} */ from) => {
    show(nothing, false);
    show(layout, true);
    if (!from) panel.detections = [];
    panel.show(frame);
    scaled();
    facts.show(frame, from);
  };
  panel.hovered = (x, y) => {
    const { frame } = panel.picture;
    if (x === null || !frame) write(readout, t("frame.hint"));
    else write(readout, t("frame.pixel", { x: Math.floor(x), y: Math.floor(y), value: number(pixelAt(frame, x, y)) }));
  };
  scope.every(DETECTED, () => detect(app, scope, panel, facts));
  const newest = newestOf(app, scope, cameras, words.get("camera") ?? "", draw);
  lastFrame(app, scope, (frame, from, found) => {
    if (!newest.quiet()) return;
    panel.detections = found;
    draw(frame, from);
  });
}

/**
 * Draw what was found in the live frame meanwhile, if the analyst finds anything in frames of this run.
 * @param {App} app
 * @param {Scope} scope
 * @param {FramePanel} panel
 * @param {FrameFacts} facts
 */
async function detect(app, scope, panel, facts) {
  const run = app.runs.run.value;
  const { frame } = panel.picture;
  if (!run?.open || !run.loaded || !frame || panel.detections.length || document.hidden) return;
  try {
    if (!run.detail?.analyses.detections) await run.refresh(app.api);
    const point = pointOf(run, frame);
    const found = point ? await detectionsOf(app, run, point) : [];
    if (!found.length || scope.ended || panel.picture.frame !== frame) return;
    panel.detections = found;
    panel.paint();
    facts.found();
  } catch {
    // asked again a little later
  }
}

/**
 * Follow one camera out of those that there are.
 * @param {App} app
 * @param {Scope} scope
 * @param {HTMLElement} place for the choice of a camera
 * @param {string} wanted
 * @param {(frame: Frame, from: string) => void} draw
 */
function newestOf(app, scope, place, wanted, draw) {
  let chosen = wanted;
  let shown = "";
  /** @type {Frame | null} */
  let waiting = null;
  const choose = (/** @type {string} */ camera) => {
    chosen = camera;
    app.router.note({ camera });
    const known = app.frames.latest.get(camera);
    if (known) draw(known, "");
  };
  // Frames may come faster than the screen is drawn: only the newest is painted.
  const paint = scope.painter(() => {
    if (waiting) draw(waiting, "");
    waiting = null;
  });
  app.frames.watch(scope, (frame) => {
    const names = [...app.frames.latest.keys()].sort();
    if (!names.includes(chosen)) chosen = names[0];
    if (names.length > 1 && shown !== names.join()) place.replaceChildren(segments(t("frame.camera"), names.map((value) => ({ value, text: value })), chosen, choose));
    shown = names.join();
    if (frame.camera !== chosen) return;
    waiting = frame;
    paint();
  });
  return { quiet: () => waiting === null && app.frames.rate === 0 };
}
