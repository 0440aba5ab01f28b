// @ts-check
/** A WebSocket that comes back: after a restart of the daemon, a break of the network, a night in a bag. */

const SHORTEST = 0.25;
const LONGEST = 5;
const CONNECTING = 20;
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;

/**
 * @typedef {object} Handlers
 * @property {() => Record<string, unknown>} hello what the first message says
 * @property {(data: any) => void} message
 * @property {(open: boolean) => void} [state]
 * @property {() => void} [refused]
 */

export class LiveSocket {
  /**
   * @param {string} path
   * @param {Handlers} handlers
   * @param {number} [silence] seconds without a message after which the connection counts as dead; 0 for never
   */
  constructor(path, handlers, silence = 0) {
    this._url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1${path}`;
    this._handlers = handlers;
    this._silence = silence;
    this._pause = SHORTEST;
    this._heard = 0;
    this._closed = false;
    /** @type {WebSocket | null} */
    this._socket = null;
    this._timer = 0;
    this._guard = silence ? window.setInterval(() => this._check(), 500) : 0;
    this._wake = () => this._hurry();
    window.addEventListener("online", this._wake);
    document.addEventListener("visibilitychange", this._wake);
    this._open();
  }

  /** Whether messages come. */
  get open() {
    return this._socket?.readyState === WebSocket.OPEN;
  }

  /** @param {string} text */
  send(text) {
    if (this.open) this._socket?.send(text);
  }

  /** Go for good. */
  close() {
    this._closed = true;
    window.clearTimeout(this._timer);
    window.clearInterval(this._guard);
    window.removeEventListener("online", this._wake);
    document.removeEventListener("visibilitychange", this._wake);
    const socket = this._socket;
    // One that is closed before it is open leaves a warning in the console.
    if (socket?.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket?.close();
  }

  _open() {
    const socket = new WebSocket(this._url);
    this._heard = performance.now();
    socket.binaryType = "arraybuffer";
    this._socket = socket;
    this._heard = performance.now();
    socket.onopen = () => {
      this._heard = performance.now();
      socket.send(JSON.stringify(this._handlers.hello()));
      this._handlers.state?.(true);
    };
    socket.onmessage = (event) => {
      this._heard = performance.now();
      this._pause = SHORTEST;
      this._handlers.message(event.data);
    };
    socket.onclose = (event) => this._lost(socket, event.code);
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   */
  _lost(socket, code) {
    if (socket !== this._socket) return;
    this._socket = null;
    if (this._closed) return;
    this._handlers.state?.(false);
    if (code === UNAUTHORIZED) this._handlers.refused?.();
    if (code === UNAUTHORIZED || code === FORBIDDEN) return;
    this._timer = window.setTimeout(() => this._open(), 1000 * this._pause * (1 + 0.3 * Math.random()));
    this._pause = Math.min(2 * this._pause, LONGEST);
  }

  /** A connection whose other end vanished says nothing, and is closed by nobody but us. */
  _check() {
    const socket = this._socket;
    const patience = socket?.readyState === WebSocket.OPEN ? this._silence : CONNECTING;
    if (!socket || performance.now() - this._heard < 1000 * patience) return;
    this._heard = performance.now();
    socket.onmessage = null;
    socket.close();
    this._lost(socket, 1006);
  }

  _hurry() {
    if (this._closed || this._socket || document.hidden) return;
    window.clearTimeout(this._timer);
    this._pause = SHORTEST;
    this._open();
  }
}
