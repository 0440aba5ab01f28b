// @ts-check
/** The daemon's status as it changes: over a WebSocket, or by asking again and again where there is none. */

/** @import { Api } from "./api.js" */
/** @import { Status } from "./types.js" */

import { Store } from "../base/store.js";
import { ApiError } from "./api.js";
import { LiveSocket } from "./socket.js";

/** After so long without a word the page says that what it shows is old, s. */
export const STALE = 2;
const SILENCE = 3;
const LOOK = 250;
/** Where the page itself was busy for less than this, what the daemon said meanwhile only waits to be read, ms. */
const BUSY = 8000;

/**
 * @typedef {object} Link
 * @property {"starting" | "live" | "asking" | "lost"} state
 * @property {number} heard when the daemon was last heard of, ms as `performance.now`
 * @property {boolean} stale
 * @property {number} gap how long the last silence was that has ended, s; 0 where there was none
 * @property {string} error why asking failed last
 */

export class StatusFeed {
  /**
   * @param {Api} api
   * @param {() => void} refused
   */
  constructor(api, refused) {
    this._api = api;
    /** @type {Store<Status | null>} */
    this.status = new Store(/** @type {Status | null} */ (null));
    /** @type {Store<Link>} */
    this.link = new Store(/** @type {Link} */ ({ state: "starting", heard: performance.now(), stale: false, gap: 0, error: "" }));
    /** How far the daemon's clock is ahead of the browser's, s. */
    this.skew = 0;
    this._asking = false;
    const hello = () => ({ authorization: api.authorization });
    const message = (/** @type {string} */ data) => this._take(JSON.parse(data), "live");
    this._socket = new LiveSocket("/ws/status", { hello, message, refused }, SILENCE);
    this._looked = performance.now();
    this._timer = setInterval(() => this._look(), LOOK);
  }

  /** The daemon's time now, s since 1970. */
  now() {
    return Date.now() / 1000 + this.skew;
  }

  close() {
    clearInterval(this._timer);
    this._socket.close();
  }

  /** Ask at once: something was just changed. */
  async ask() {
    try {
      this._take(await this._api.get("/status"), this._socket.open ? "live" : "asking");
    } catch (error) {
      const link = this.link.value;
      const text = error instanceof ApiError && error.status ? error.message : "";
      if (link.stale) this.link.set({ ...link, state: "lost", error: text });
    }
  }

  /**
   * @param {Status} status
   * @param {"live" | "asking"} state
   */
  _take(status, state) {
    const now = performance.now();
    const before = this.link.value;
    const gap = before.stale ? (now - before.heard) / 1000 : before.gap;
    this.skew = Date.parse(status.time) / 1000 - Date.now() / 1000;
    this.link.set({ state, heard: now, stale: false, gap, error: "" });
    this.status.set(status);
  }

  /** Look whether it has been silent too long. */
  _look() {
    const link = this.link.value;
    const now = performance.now();
    const late = now - this._looked;
    this._looked = now;
    if (late > 3 * LOOK && late < BUSY) return;
    const silent = (now - link.heard) / 1000;
    if (silent >= STALE && !link.stale) this.link.set({ ...link, stale: true, state: "lost" });
    if (silent < 1.2 || this._asking) return;
    this._asking = true;
    this.ask().finally(() => setTimeout(() => (this._asking = false), 700));
  }
}
