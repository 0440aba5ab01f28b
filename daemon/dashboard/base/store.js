// @ts-check
/** A value that others are told of when it changes. */

/** @import { Scope } from "./scope.js" */

/** @template T */
export class Store {
  /** @param {T} value */
  constructor(value) {
    this._value = value;
    /** @type {Set<(value: T) => void>} */
    this._listeners = new Set();
  }

  get value() {
    return this._value;
  }

  /**
   * Replace the value; who listens is told if it is another one.
   * @param {T} value
   */
  set(value) {
    if (Object.is(value, this._value)) return;
    this._value = value;
    this.tell();
  }

  /** Tell everybody: the value is the same, but something in it has changed. */
  tell() {
    for (const listener of [...this._listeners]) listener(this._value);
  }

  /**
   * Have a listener told now and whenever the value changes, until a scope ends.
   * @param {Scope} scope
   * @param {(value: T) => void} listener
   */
  watch(scope, listener) {
    this._listeners.add(listener);
    scope.add(() => this._listeners.delete(listener));
    listener(this._value);
  }
}
