// @ts-check
/** The run that the page shows while it is live: the one that grows, or the last one. */

/** @import { Api } from "../net/api.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { StatusFeed } from "../net/status.js" */
/** @import { Status } from "../net/types.js" */

import { Store } from "../base/store.js";
import { LiveSocket } from "../net/socket.js";
import { Run } from "./run.js";

const AGAIN = 1;

export class RunFeed {
  /**
   * @param {Api} api
   * @param {StatusFeed} feed
   * @param {Scope} scope
   */
  constructor(api, feed, scope) {
    this._api = api;
    this._feed = feed;
    /** The run; null before one is known. */
    this.run = new Store(/** @type {Run | null} */ (null));
    /** Whether it was looked for. */
    this.known = new Store(false);
    this._looking = false;
    const hello = () => ({ authorization: api.authorization });
    const message = (/** @type {string} */ data) => this._document(JSON.parse(data));
    const state = (/** @type {boolean} */ open) => open && this._catchUp();
    const socket = new LiveSocket("/ws/documents", { hello, message, state });
    scope.add(() => socket.close());
    feed.status.watch(scope, (status) => this._status(status));
    scope.every(AGAIN, () => this._check());
  }

  /** @param {Status | null} status */
  _status(status) {
    if (!status) return;
    const uid = status.run?.uid;
    if (uid && uid !== this.run.value?.uid) this._show(new Run(uid));
    else if (!uid && !this.known.value) this._latest();
  }

  /** @param {[string, string, any]} message */
  _document([, name, document]) {
    if (name === "start") this._begin(document);
    const run = this.run.value;
    if (!run) return;
    const known = run.owns(name, document);
    const whole = known ? run.take(name, document) : name !== "event";
    if (!whole) this._catchUp();
    if (name === "stop" && known) run.refresh(this._api).catch(() => {});
  }

  /** @param {any} start */
  _begin(start) {
    if (this.run.value?.uid === start.uid) return;
    const run = new Run(start.uid);
    run.start = start;
    this._show(run);
  }

  /** @param {Run} run */
  _show(run) {
    this.run.set(run);
    this.known.set(true);
    run.load(this._api).catch(() => {});
  }

  async _latest() {
    if (this._looking) return;
    this._looking = true;
    try {
      const page = await this._api.get("/runs", { limit: 1 });
      if (!this.run.value && page.runs.length) this._show(new Run(page.runs[0].uid));
      this.known.set(true);
    } catch {
      // asked again with the next status
    } finally {
      this._looking = false;
    }
  }

  _catchUp() {
    this.run.value?.catchUp(this._api).catch(() => {});
  }

  /** Whether what the status says of the run is here; what was missed is fetched. */
  _check() {
    const run = this.run.value;
    const status = this._feed.status.value;
    if (!run || !status || this._feed.link.value.stale) return;
    const grows = status.run?.uid === run.uid;
    if (!run.loaded) run.load(this._api).catch(() => {});
    else if (grows && status.run && status.run.points > run.primary.length) this._catchUp();
    else if (!grows && run.open) this._end(run);
  }

  /** @param {Run} run */
  async _end(run) {
    await run.refresh(this._api).catch(() => {});
    await run.catchUp(this._api).catch(() => {});
  }
}
