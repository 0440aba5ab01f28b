// @ts-check
/** Frames of the cameras as they come: the newest of each, binned by the daemon so that it fits a screen. */

/** @import { Scope } from "../base/scope.js" */
/** @import { Api } from "./api.js" */
/** @import { StatusFeed } from "./status.js" */

import { LiveSocket } from "./socket.js";

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array} Pixels */

/**
 * @typedef {object} Frame
 * @property {string} camera
 * @property {number} sequence
 * @property {number} binning so many pixels of the camera are one here, in either direction
 * @property {number} height
 * @property {number} width
 * @property {number} time s since 1970
 * @property {Pixels} pixels row by row from the top
 */

const HEADER = 32;
const MAGIC = 0x5042; // "BP"
const TYPES = [Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array];
const WINDOW = 3;

/**
 * Read a message: header, then pixels.
 * @param {ArrayBuffer} message
 * @returns {Frame & {number: number}}
 */
export function decode(message) {
  const view = new DataView(message);
  if (message.byteLength < HEADER || view.getUint16(0, true) !== MAGIC) throw new Error("this is no frame");
  const Type = TYPES[view.getUint8(4) - 1];
  const [height, width] = [view.getUint32(16, true), view.getUint32(20, true)];
  return {
    camera: "",
    number: view.getUint16(6, true),
    sequence: Number(view.getBigUint64(8, true)),
    binning: view.getUint8(5),
    height,
    width,
    time: view.getFloat64(24, true),
    pixels: new Type(message, HEADER, height * width),
  };
}

export class FrameFeed {
  /**
   * @param {Api} api
   * @param {StatusFeed} feed
   */
  constructor(api, feed) {
    this._api = api;
    this._feed = feed;
    /** @type {Set<(frame: Frame) => void>} */
    this._listeners = new Set();
    /** @type {LiveSocket | null} */
    this._socket = null;
    /** @type {Map<number, string>} */
    this._names = new Map();
    /** The newest frame of each camera.
     * @type {Map<string, Frame>} */
    this.latest = new Map();
    /** When frames came lately, ms as `performance.now`.
     * @type {number[]} */
    this._came = [];
    this._sequence = -1;
    /** Frames that the engine sent and that were left out on their way here. */
    this.dropped = 0;
    /** How old the newest frame was when it came, s. */
    this.delay = NaN;
  }

  /**
   * Have a listener given every frame that comes until a scope ends.
   * @param {Scope} scope
   * @param {(frame: Frame) => void} listener
   */
  watch(scope, listener) {
    this._listeners.add(listener);
    if (!this._socket) this._open();
    scope.add(() => {
      this._listeners.delete(listener);
      if (this._listeners.size === 0) this._close();
    });
  }

  /** Frames per second over the last seconds. */
  get rate() {
    const now = performance.now();
    this._came = this._came.filter((time) => now - time < 1000 * WINDOW);
    return this._came.length / WINDOW;
  }

  _open() {
    const hello = () => ({ authorization: this._api.authorization, acknowledge: true });
    const message = (/** @type {string | ArrayBuffer} */ data) => this._take(data);
    const state = () => (this._sequence = -1);
    this._socket = new LiveSocket("/ws/frames", { hello, message, state });
  }

  _close() {
    this._socket?.close();
    this._socket = null;
    this._sequence = -1;
    this._came = [];
  }

  /** @param {string | ArrayBuffer} data */
  _take(data) {
    if (typeof data === "string") {
      const { camera, number } = JSON.parse(data);
      this._names.set(number, camera);
      return;
    }
    try {
      this._frame(data);
    } finally {
      // The next one is only sent now: a page that cannot keep up would otherwise see frames that are ever older.
      this._socket?.send("{}");
    }
  }

  /** @param {ArrayBuffer} data */
  _frame(data) {
    const found = decode(data);
    const frame = { ...found, camera: this._names.get(found.number) ?? String(found.number) };
    if (this._sequence >= 0 && frame.sequence > this._sequence + 1) this.dropped += frame.sequence - this._sequence - 1;
    this._sequence = Math.max(this._sequence, frame.sequence);
    this._came.push(performance.now());
    this.delay = this._feed.now() - frame.time;
    this.latest.set(frame.camera, frame);
    for (const listener of this._listeners) listener(frame);
  }
}
