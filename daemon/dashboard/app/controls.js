// @ts-check
/** The buttons for the plan that runs; who may not press them does not see them. */

/** @import { Scope } from "../base/scope.js" */
/** @import { App } from "./app.js" */

import { fill, h, show, write } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { abort, busy, CONTROL, pauseOrResume, paused } from "./actions.js";
import { lockedBy, may } from "./app.js";

/**
 * Pause or Resume, and Abort.
 * @param {App} app
 * @param {Scope} scope
 * @param {string} [size] class of the buttons
 * @returns {HTMLElement}
 */
export function controls(app, scope, size = "") {
  const group = h("div", { class: `controls ${size}`, hidden: true });
  if (!may(app, CONTROL)) return group;
  const word = h("span", {});
  const sign = h("span", { class: "icon-slot" });
  const first = h("button", { type: "button", class: `button ${size}`, onclick: () => press(first, () => pauseOrResume(app)) }, sign, word);
  const second = h("button", { type: "button", class: `button danger ${size}`, onclick: () => abort(app) }, icon("abort"), t("action.abort"));
  group.append(first, second);
  let shown = "";
  app.feed.status.watch(scope, () => {
    const stands = paused(app);
    show(group, busy(app));
    const locked = lockedBy(app);
    first.disabled = locked !== null || first.dataset.busy === "yes";
    first.title = locked ? t("refused.lock-short", { holder: locked.holder }) : "";
    first.classList.toggle("primary", stands);
    write(word, stands ? t("action.resume") : t("action.pause"));
    if (shown !== String(stands)) fill(sign, icon(stands ? "play" : "pause"));
    shown = String(stands);
  });
  return group;
}

/**
 * Have a button wait while what it does is done.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} action
 */
export async function press(button, action) {
  button.disabled = true;
  button.dataset.busy = "yes";
  try {
    await action();
  } finally {
    button.disabled = false;
    delete button.dataset.busy;
  }
}
