// @ts-check
/** The instrument at a glance. */

/** @import { View } from "../app/app.js" */

import { h } from "../base/dom.js";
import { t } from "../messages/index.js";
import { hero } from "../now/hero.js";
import { pictures } from "../now/pictures.js";
import { tiles } from "../now/tiles.js";

/** @type {View} */
export function view(app, root, scope) {
  root.append(h("h1", { class: "sr-only" }, t("view.now")), hero(app, scope), tiles(app, scope), pictures(app, scope));
}
