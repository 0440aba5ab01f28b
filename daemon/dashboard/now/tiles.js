// @ts-check
/** Best value, next point, time and instrument, each in a few words. */

/** @import { App } from "../app/app.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Patterns, Stack } from "../chemistry/source.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Run } from "../run/run.js" */

import { fill, h, write } from "../base/dom.js";
import { duration, number, quantity } from "../base/format.js";
import { nameOf, percent, resemblance } from "../chemistry/names.js";
import { t, term } from "../messages/index.js";
import { watchRun } from "../run/chosen.js";
import { axes, best, choice, chooses, improvement, isStack, maximizes, objective, objectiveUnit, values } from "../run/facts.js";
import { extent } from "../run/maps.js";
import { gridSeconds, instrumentTimes, spent } from "../run/times.js";
import { instrument } from "./instrument.js";

/** Share of the range of all values below which an expected improvement is not worth a line. */
const NEGLIGIBLE = 1e-3;

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {Store<Stack | Patterns | null>} chemistry of a stack
 */
export function tiles(app, scope, chemistry) {
  const found = tile(t("now.best"));
  const next = tile(t("now.next"));
  const time = tile(t("now.time"));
  const draw = () => {
    const run = app.runs.run.value;
    if (run && isStack(run)) drawComponents(found, chemistry.value);
    else drawBest(found, run);
    drawNext(next, run);
    drawTime(time, run);
  };
  const paint = scope.painter(draw);
  watchRun(app.runs.run, scope, paint);
  chemistry.watch(scope, paint);
  return h("div", { class: "tiles" }, found.element, next.element, time.element, instrument(app, scope));
}

/** @param {string} title */
export function tile(title) {
  const name = h("h2", {}, title);
  const value = h("p", { class: "tile-value" }, "–");
  const lines = h("div", { class: "tile-lines" });
  return {
    element: h("section", { class: "card tile" }, name, value, lines),
    /**
     * @param {string} text
     * @param {string[]} more
     * @param {string} [other] title
     */
    say(text, more, other) {
      write(name, other ?? title);
      write(value, text || "–");
      const said = more.filter(Boolean);
      if (lines.textContent !== said.join("")) fill(lines, ...said.map((line) => h("p", {}, line)));
    },
  };
}

/**
 * @param {Run} run
 * @param {number[]} position
 */
export function place(run, position) {
  return axes(run).map((axis, index) => `${axis.name} = ${quantity(position[index], axis.unit)}`).join(", ");
}

/**
 * @param {ReturnType<typeof tile>} shown
 * @param {Run | null} run
 */
function drawBest(shown, run) {
  const found = run && best(run);
  if (!run || !found) return shown.say("–", [t("now.no-value")]);
  const unit = objectiveUnit(run);
  const error = Number.isFinite(found.error) ? ` ± ${number(found.error, 2)}` : "";
  shown.say(number(found.value) + error + (unit && ` ${unit}`), [objective(run), place(run, found.position), t("now.at-point", { point: found.number })]);
}

/**
 * What a stack is made of, most of it first.
 * @param {ReturnType<typeof tile>} shown
 * @param {Stack | Patterns | null} found
 */
function drawComponents(shown, found) {
  const title = t("now.components");
  if (found?.kind !== "stack") return shown.say("–", [t("now.no-components")], title);
  const all = found.components.map((component, index) => ({ component, name: nameOf(component, index) })).sort((a, b) => b.component.share - a.component.share);
  const lines = all.map(({ component, name }) => [`${name} ${percent(component.share)}`, resemblance(component)].filter(Boolean).join(" · "));
  const settled = found.attributes.converged === undefined ? "" : t(found.attributes.converged ? "now.settled" : "now.settling");
  shown.say(all.map(({ name }) => name).join(", "), [...lines, settled], title);
}

/**
 * @param {ReturnType<typeof tile>} shown
 * @param {Run | null} run
 */
function drawNext(shown, run) {
  const next = run && choice(run);
  if (!run || !next) return shown.say("–", [run?.stop ? t("now.ended", { reason: run.stop.reason || lastReason(run) || term("exit", run.stop.exit_status) }) : t(run && !chooses(run) ? "now.in-order" : "now.no-choice")]);
  const position = axes(run).map((axis, index) => quantity(next.position[index], axis.unit));
  shown.say(position.join(", "), why(run, next));
}

/**
 * Why a point was chosen, in words and numbers.
 * @param {Run} run
 * @param {import("../run/facts.js").Choice} chosen
 * @returns {string[]}
 */
export function why(run, chosen) {
  const lines = [term("reason", chosen.kind)];
  if (Number.isFinite(chosen.mean)) lines.push(t("now.expecting", { mean: number(chosen.mean), deviation: number(chosen.deviation, 3) }));
  const found = best(run);
  const gain = found ? improvement(chosen, found.value, maximizes(run)) : NaN;
  const { low, high } = extent(values(run));
  // What is nothing beside the values so far was not the reason: the model that chose is no single Gaussian.
  if (gain > NEGLIGIBLE * (high - low)) lines.push(t("now.improvement", { gain: number(gain, 3) }));
  return lines;
}

/** Why the search ended, as the agent said. @param {Run} run */
export function lastReason(run) {
  return run.suggestions.text("agent_stop", run.suggestions.length - 1);
}

/**
 * @param {ReturnType<typeof tile>} shown
 * @param {Run | null} run
 */
function drawTime(shown, run) {
  if (!run?.primary.length) return shown.say("–", [t("now.no-time")]);
  const times = instrumentTimes(run);
  const used = spent(times);
  const grid = gridSeconds(run, times);
  const points = run.primary.length;
  const hourly = used > 0 && points > 1 ? t("now.hourly", { rate: number((3600 * points) / used, 3) }) : "";
  if (!chooses(run)) shown.say(duration(used), [hourly], t("now.time-used"));
  else if (grid && grid > used) shown.say(duration(grid - used), [t("now.saved", { grid: duration(grid) }), t("now.used", { time: duration(used) }), hourly]);
  else shown.say(duration(used), [t("now.used-long"), hourly]);
}
