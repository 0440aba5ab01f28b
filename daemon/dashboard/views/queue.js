// @ts-check
/** What waits, what runs, what is done; and the form for more. */

/** @import { View } from "../app/app.js" */

import { may } from "../app/app.js";
import { h, show } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { Editor } from "../queue/editor.js";
import { doneList } from "../queue/done.js";
import { QueueList } from "../queue/list.js";

/** @type {View} */
export function view(app, root, scope, words) {
  const editor = new Editor(app, scope);
  const list = new QueueList(app, scope, (item) => editor.edit(item));
  const add = h("button", { type: "button", class: "button primary", onclick: () => editor.create() }, icon("plus"), t("action.new-scan"));
  show(add, may(app, "write:queue:edit"));
  root.append(h("div", { class: "title-row" }, h("h1", { class: "title" }, t("view.queue")), add), editor.element, list.element, doneList(app, scope, editor));
  if (!may(app, "write:queue:edit")) return;
  const source = words.get("from") ?? words.get("continue");
  if (source) editor.repeat(source, words.has("continue"));
  else if (words.has("new")) editor.create(words.get("new") ?? "");
}
