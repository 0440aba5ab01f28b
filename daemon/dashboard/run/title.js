// @ts-check
/** Which run a view shows, and the way back to the live one. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Run } from "./run.js" */

import { planTitle } from "../app/summary.js";
import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { t, term } from "../messages/index.js";
import { watchRun } from "./chosen.js";

/**
 * @param {Store<Run | null>} runs
 * @param {Scope} scope
 */
export function runTitle(runs, scope) {
  const element = h("p", { class: "run-title" });
  let drawn = "";
  watchRun(runs, scope, (run) => {
    if (!run?.start.uid) return;
    const { start, stop } = run;
    const sample = typeof start.sample === "object" ? start.sample?.name : start.sample;
    const words = [t("now.scan", { scan: start.scan_id ?? "–" }), planTitle(String(start.plan_name ?? "")), sample, moment(start.time), stop ? term("exit", stop.exit_status) : t("exit.running")];
    const text = words.filter(Boolean).join(" · ");
    if (text === drawn) return;
    drawn = text;
    const named = location.hash.includes("run=");
    fill(element, text, named ? h("a", { class: "back", href: location.hash.split("?")[0] }, t("run.live")) : null);
  });
  return element;
}
