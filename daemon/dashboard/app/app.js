// @ts-check
/** What every view is given. */

/** @import { Identity } from "../net/session.js" */
/** @import { StatusFeed } from "../net/status.js" */
/** @import { FrameFeed } from "../net/frames.js" */
/** @import { RunFeed } from "../run/feed.js" */
/** @import { Notices } from "./notices.js" */
/** @import { Router } from "./router.js" */
/** @import { Scope } from "../base/scope.js" */

import { moment } from "../base/format.js";
import { t } from "../messages/index.js";
import { Api, ApiError } from "../net/api.js";
import { roleFor } from "../net/session.js";

/**
 * @typedef {object} App
 * @property {Api} api
 * @property {Identity} identity
 * @property {StatusFeed} feed
 * @property {RunFeed} runs
 * @property {FrameFeed} frames
 * @property {Router} router
 * @property {Notices} notices
 */

/**
 * A view: puts itself into an element, and ends with a scope.
 * @typedef {(app: App, root: HTMLElement, scope: Scope, words: URLSearchParams) => void} View
 */

/**
 * Whether whoever uses the page has a scope.
 * @param {App} app
 * @param {string} scope
 */
export function may(app, scope) {
  return app.identity.scopes.includes(scope);
}

/**
 * Who else holds the control lock, or null.
 * @param {App} app
 */
export function lockedBy(app) {
  const lock = app.feed.status.value?.lock;
  return lock && lock.holder !== app.identity.name ? lock : null;
}

/**
 * Do something that the daemon may refuse; what it says then is shown.
 * @template T
 * @param {App} app
 * @param {() => Promise<T>} action
 * @param {string} [done] what to say when it is done
 * @returns {Promise<T | undefined>}
 */
export async function attempt(app, action, done) {
  try {
    const result = await action();
    if (done) app.notices.say(done);
    return result;
  } catch (error) {
    app.notices.problem(refusal(app, error));
    return undefined;
  } finally {
    app.feed.ask();
  }
}

/**
 * Why something was not done, in words: which role it needs, who holds the lock, or what the daemon says.
 * @param {App} app
 * @param {unknown} error
 */
export function refusal(app, error) {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 0) return t("refused.away");
  if (error.status === 403) {
    const scope = /scope (\S+)/.exec(error.message)?.[1] ?? "";
    return t("refused.role", { role: t(`role.${roleFor(scope)}`), yours: t(`role.${role(app)}`) });
  }
  const lock = lockedBy(app);
  if (error.status === 423 && lock) return t("refused.lock", { holder: lock.holder, since: moment(lock.since), note: lock.note || t("lock.no-note") });
  return error.message;
}

/**
 * @param {App} app
 * @returns {"observer" | "operator" | "administrator"}
 */
export function role(app) {
  const found = app.identity.role;
  return found === "administrator" || found === "operator" ? found : "observer";
}
