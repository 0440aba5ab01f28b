// @ts-check
/** What the frames are made of: components, where they are, and how sure that is. */

/** @import { View } from "../app/app.js" */

import { empty } from "../app/shell.js";
import { segments } from "../app/switches.js";
import { fill, h, show } from "../base/dom.js";
import { Store } from "../base/store.js";
import { Abundances } from "../chemistry/abundances.js";
import { ChemistryFacts } from "../chemistry/facts.js";
import { Patterns } from "../chemistry/patterns.js";
import { Spectra } from "../chemistry/spectra.js";
import { ANALYSES, chemistryOf } from "../chemistry/source.js";
import { Settling } from "../chemistry/settling.js";
import { t } from "../messages/index.js";
import { chosenRun } from "../run/chosen.js";
import { runTitle } from "../run/title.js";

/** @type {View} */
export function view(app, root, scope, words) {
  const runs = chosenRun(app, scope, words);
  const parts = { spectra: new Spectra(scope), abundances: new Abundances(scope), facts: new ChemistryFacts(), settling: new Settling(scope), patterns: new Patterns(app, scope) };
  const stack = h("div", { class: "stack", hidden: true }, h("div", { class: "columns wide-left" }, parts.spectra.element, parts.facts.element), parts.abundances.element, parts.settling.element);
  const nothing = empty("chemistry", t("chemistry.none"), t("chemistry.none-text"));
  show(parts.patterns.element, false);
  const which = h("div", { class: "toolbar", hidden: true });
  const wanted = new Store(words.get("analysis") ?? "");
  root.append(h("div", { class: "title-row" }, h("h1", { class: "title" }, t("view.chemistry")), runTitle(runs, scope)), which, nothing, stack, parts.patterns.element);
  const choose = (/** @type {string} */ analysis) => {
    app.router.note({ analysis });
    wanted.set(analysis);
  };
  chemistryOf(app, scope, runs, wanted).watch(scope, (found) => {
    const there = found ? ANALYSES.filter((name) => found.run.detail?.analyses[name]?.length) : [];
    show(which, there.length > 1);
    if (found) fill(which, segments(t("chemistry.which"), there.map((value) => ({ value, text: t(/** @type {any} */ (`chemistry.of.${value}`)) })), found.kind === "stack" ? found.analysis : "unmixing", choose));
    show(nothing, !found);
    show(stack, found?.kind === "stack");
    show(parts.patterns.element, found?.kind === "patterns");
    if (found?.kind === "stack") {
      parts.spectra.show(found);
      parts.abundances.show(found);
      parts.facts.show(found);
      parts.settling.show(found);
    } else if (found) parts.patterns.show(found);
  });
}
