// @ts-check
/** The run that a view shows: the one that its address names, or the live one. And the maps of it, kept up to date. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Maps } from "./maps.js" */

import { Store } from "../base/store.js";
import { fetchMaps } from "./maps.js";
import { Run } from "./run.js";

const LOOK = 1.5;

/**
 * @param {App} app
 * @param {Scope} scope
 * @param {URLSearchParams} words
 * @returns {Store<Run | null>}
 */
export function chosenRun(app, scope, words) {
  const uid = words.get("run");
  if (!uid) return app.runs.run;
  /** @type {Store<Run | null>} */
  const store = new Store(/** @type {Run | null} */ (null));
  // The run that grows is here already, or will be soon, and is told of its documents.
  app.runs.run.watch(scope, (live) => live?.uid.startsWith(uid) && store.set(live));
  if (store.value) return store;
  const run = new Run(uid);
  run.load(app.api).then(
    () => !store.value && store.set(run),
    (error) => {
      if (!scope.ended) app.notices.problem(error.message);
    },
  );
  return store;
}

/**
 * Watch a run: called at once, with every change of it, and with another run.
 * @param {Store<Run | null>} runs
 * @param {Scope} scope
 * @param {(run: Run | null) => void} listener
 */
export function watchRun(runs, scope, listener) {
  let inner = scope.inner();
  runs.watch(scope, (run) => {
    inner.end();
    inner = scope.inner();
    if (run) run.version.watch(inner, () => listener(run));
    else listener(null);
  });
}

/**
 * The maps of a run, fetched again while it grows.
 * @param {App} app
 * @param {Scope} scope
 * @param {Store<Run | null>} runs
 * @returns {Store<Maps | null>}
 */
export function mapsOf(app, scope, runs) {
  /** @type {Store<Maps | null>} */
  const store = new Store(/** @type {Maps | null} */ (null));
  let [uid, points, closed, busy] = ["", -1, false, false];
  const look = async () => {
    const run = runs.value;
    if (busy || !run?.loaded || document.hidden) return;
    if (run.uid !== uid) {
      [uid, points, closed] = [run.uid, -1, false];
      store.set(null);
    }
    if (run.primary.length === points && run.open !== closed) return;
    busy = true;
    try {
      if (!run.detail?.analyses.optimization) await run.refresh(app.api);
      const found = await fetchMaps(app.api, run);
      if (found && !scope.ended && runs.value === run) store.set(found);
      [points, closed] = [run.primary.length, !run.open];
    } catch {
      // asked again a little later
    } finally {
      busy = false;
    }
  };
  runs.watch(scope, look);
  scope.every(LOOK, look);
  return store;
}
