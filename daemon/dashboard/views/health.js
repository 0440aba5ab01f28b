// @ts-check
/** Whether the daemon is well, and what its processes say. */

/** @import { View } from "../app/app.js" */

import { may } from "../app/app.js";
import { h } from "../base/dom.js";
import { consoleCard } from "../health/console.js";
import { latencyCard } from "../health/latency.js";
import { processes } from "../health/processes.js";
import { roomCard } from "../health/room.js";
import { waitsCard } from "../health/waits.js";
import { t } from "../messages/index.js";

/** @type {View} */
export function view(app, root, scope) {
  const cards = h("div", { class: "tiles three" }, roomCard(app, scope), latencyCard(app, scope), waitsCard(app, scope));
  root.append(h("h1", { class: "title" }, t("view.health")), processes(app, scope), cards);
  if (may(app, "read:console")) root.append(consoleCard(app, scope));
}
