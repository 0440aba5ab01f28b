// @ts-check
/** Pause, resume, abort: plain requests, so that none of them depends on a WebSocket. */

/** @import { App } from "./app.js" */

import { t } from "../messages/index.js";
import { attempt } from "./app.js";
import { ask, asking } from "./dialog.js";

const PATIENCE = 40;
export const CONTROL = "write:plan:control";

/** States of the engine in which a plan is under way. */
const BUSY = ["running", "pausing", "paused", "suspending", "stopping", "aborting", "halting"];

/** @param {App} app */
export function busy(app) {
  return BUSY.includes(app.feed.status.value?.engine_state ?? "");
}

/** @param {App} app */
export function paused(app) {
  return app.feed.status.value?.engine_state === "paused";
}

/** @param {App} app */
export function pause(app) {
  return attempt(app, () => app.api.post("/plan/pause", {}, PATIENCE));
}

/** @param {App} app */
export function resume(app) {
  return attempt(app, () => app.api.post("/plan/resume", undefined, PATIENCE));
}

/** Pause what runs, or take on what is paused. @param {App} app */
export function pauseOrResume(app) {
  return paused(app) ? resume(app) : pause(app);
}

/** Ask once, and abort. @param {App} app */
export async function abort(app) {
  if (asking()) return;
  const question = { title: t("abort.title"), text: t("abort.text"), yes: t("abort.yes"), no: t("abort.no"), dangerous: true, reason: t("abort.reason") };
  const reason = await ask(question);
  if (reason !== null) await attempt(app, () => app.api.post("/plan/abort", { reason }, PATIENCE), t("abort.done"));
}

/** End the plan and count it as a success. @param {App} app */
export async function finish(app) {
  if ((await ask({ title: t("finish.title"), text: t("finish.text"), yes: t("finish.yes") })) === null) return;
  await attempt(app, () => app.api.post("/plan/stop", undefined, PATIENCE), t("finish.done"));
}

/** End the plan without letting it clean up. @param {App} app */
export async function halt(app) {
  if ((await ask({ title: t("halt.title"), text: t("halt.text"), yes: t("halt.yes"), dangerous: true })) === null) return;
  await attempt(app, () => app.api.post("/plan/halt", undefined, PATIENCE), t("halt.done"));
}

/** @param {App} app */
export function startQueue(app) {
  return attempt(app, () => app.api.post("/queue/start"));
}
