// @ts-check
/** A run as the page holds it: what was measured, what was thought, and how it stands. */

/** @import { Api } from "../net/api.js" */
/** @import { RunDetail } from "../net/types.js" */

import { Store } from "../base/store.js";
import { ApiError } from "../net/api.js";
import { Table } from "./table.js";

const SUGGESTIONS = "suggestions";
const OPENING = 40;

export class Run {
  /** @param {string} uid */
  constructor(uid) {
    this.uid = uid;
    /** @type {RunDetail | null} */
    this.detail = null;
    /** @type {Record<string, Table>} */
    this.tables = { primary: new Table(), [SUGGESTIONS]: new Table() };
    /** How the devices of the primary stream were set, by data key.
     * @type {Record<string, any>} */
    this.configuration = {};
    /** What the devices of the primary stream read, by device.
     * @type {Record<string, string[]>} */
    this.keys = {};
    /** Data keys of the primary stream that hold frames.
     * @type {string[]} */
    this.cameras = [];
    /** @type {Record<string, any>} */
    this.start = {};
    /** @type {Record<string, any> | null} */
    this.stop = null;
    /** What the points count now, where the analyst has said so: it scores all of them again when it learns more.
     * @type {number[]} */
    this.scores = [];
    /** Counts changes; whoever draws the run watches it. */
    this.version = new Store(0);
    /** Whether all of it is here that there was when it was opened. */
    this.loaded = false;
    /** @type {Map<string, string>} */
    this._streams = new Map();
    this._fetching = false;
    this._again = false;
    /** @type {Promise<void> | null} */
    this._loading = null;
  }

  get primary() {
    return this.tables.primary;
  }

  get suggestions() {
    return this.tables[SUGGESTIONS];
  }

  /** Whether it may still grow. */
  get open() {
    return this.stop === null && (this.detail === null || this.detail.exit_status === "running");
  }

  /**
   * Fetch what is known of the run, and what is missing of its events.
   * @param {Api} api
   */
  load(api) {
    this._loading ??= this._load(api).finally(() => (this._loading = null));
    return this._loading;
  }

  /** @param {Api} api */
  async _load(api) {
    const [detail, opening] = await Promise.all([
      api.get(`/runs/${this.uid}`),
      api.get(`/runs/${this.uid}/documents`, { limit: OPENING }),
      this.catchUp(api),
    ]);
    this.detail = detail;
    this.start = detail.start;
    this.stop = detail.stop;
    for (const [name, document] of opening.documents) if (name === "descriptor") this._describe(document);
    this.loaded = true;
    this.tell();
  }

  /**
   * Fetch the events that are not here.
   * @param {Api} api
   */
  async catchUp(api) {
    if (this._fetching) {
      this._again = true;
      return;
    }
    this._fetching = true;
    try {
      do {
        this._again = false;
        await Promise.all(Object.keys(this.tables).map((stream) => this._fetch(api, stream)));
      } while (this._again);
    } finally {
      this._fetching = false;
    }
    this.tell();
  }

  /**
   * Ask again for what is said of the run as a whole: its end, its analyses.
   * @param {Api} api
   */
  async refresh(api) {
    const detail = await api.get(`/runs/${this.uid}`);
    this.detail = detail;
    this.stop = detail.stop ?? this.stop;
    this.tell();
  }

  /**
   * Take in a document of the run.
   * @param {string} name
   * @param {any} document
   * @returns {boolean} false if events before it are missing
   */
  take(name, document) {
    let whole = true;
    if (name === "start") this.start = document;
    else if (name === "stop") this.stop = document;
    else if (name === "descriptor") this._describe(document);
    else if (name === "event") whole = this._event(document);
    this.tell();
    return whole;
  }

  /**
   * Whether a document belongs to the run; of an event, as far as its descriptor is known.
   * @param {string} name
   * @param {any} document
   */
  owns(name, document) {
    if (name === "start") return document.uid === this.uid;
    if (name === "event" || name === "event_page") return this._streams.has(document.descriptor);
    return document.run_start === this.uid;
  }

  tell() {
    this.version.set(this.version.value + 1);
  }

  /**
   * @param {Api} api
   * @param {string} stream
   */
  async _fetch(api, stream) {
    const table = this.tables[stream];
    // The last ones again: a point that was interrupted is measured once more under its old number.
    /** @type {number | null} */
    let start = Math.max(table.length - 2, 0);
    while (start !== null) {
      try {
        const page = await api.get(`/runs/${this.uid}/tables/${stream}`, { start, times: stream === "primary" });
        table.splice(start, page.columns);
        Object.assign(table.units, page.units);
        start = page.next;
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return; // no such stream yet
        throw error;
      }
    }
  }

  /** @param {any} descriptor */
  _describe(descriptor) {
    const stream = descriptor.name ?? "primary";
    this._streams.set(descriptor.uid, stream);
    if (stream !== "primary") return;
    this.keys = descriptor.object_keys ?? {};
    for (const device of Object.values(descriptor.configuration ?? {})) Object.assign(this.configuration, device.data);
    for (const [key, about] of Object.entries(descriptor.data_keys)) {
      if (about.units) this.primary.units[key] = about.units;
      if (String(about.external ?? "").startsWith("STREAM") && !this.cameras.includes(key)) this.cameras.push(key);
    }
  }

  /** @param {any} event */
  _event(event) {
    const table = this.tables[this._streams.get(event.descriptor) ?? ""];
    if (!table) return true;
    const row = { seq_num: event.seq_num, time: event.time, ...event.data };
    if (table === this.primary) {
      for (const [key, time] of Object.entries(event.timestamps)) row[`ts_${key}`] = time;
    }
    return table.set(event.seq_num - 1, row);
  }
}

