// @ts-check
/** The instrument at a glance. */

/** @import { View } from "../app/app.js" */

import { h } from "../base/dom.js";
import { Store } from "../base/store.js";
import { chemistryOf } from "../chemistry/source.js";
import { t } from "../messages/index.js";
import { hero } from "../now/hero.js";
import { pictures } from "../now/pictures.js";
import { tiles } from "../now/tiles.js";
import { watchRun } from "../run/chosen.js";
import { isStack } from "../run/facts.js";

/** @import { Run } from "../run/run.js" */

/** @type {View} */
export function view(app, root, scope) {
  const stacks = new Store(/** @type {Run | null} */ (null));
  watchRun(app.runs.run, scope, (run) => {
    const stack = run && run.loaded && isStack(run) ? run : null;
    if (stacks.value !== stack) stacks.set(stack);
  });
  const chemistry = chemistryOf(app, scope, stacks);
  root.append(h("h1", { class: "sr-only" }, t("view.now")), hero(app, scope), tiles(app, scope, chemistry), pictures(app, scope, chemistry));
}
