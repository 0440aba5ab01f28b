// @ts-check
/** What an operator asks of the search: a point by hand, and regions to leave out. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { Store } from "../base/store.js" */
/** @import { Region } from "../net/types.js" */
/** @import { Run } from "../run/run.js" */
/** @import { MapPanel } from "./panel.js" */

import { h } from "../base/dom.js";

export class Steering {
  /**
   * @param {App} app
   * @param {Scope} scope
   * @param {MapPanel} panel
   * @param {Store<Run | null>} runs
   */
  constructor(app, scope, panel, runs) {
    this._app = app;
    this.element = h("div", { hidden: true });
  }

  /**
   * What was asked for and is not done yet.
   * @param {Run} run
   * @returns {{wished: Record<string, number>[], excluded: Region[]}}
   */
  of(run) {
    const status = this._app.feed.status.value;
    const mine = status?.run?.uid === run.uid ? status.steering : null;
    return { wished: mine?.wished ?? [], excluded: mine?.excluded ?? [] };
  }
}
