// @ts-check
/** Addresses: `#/map?run=3f2a&layer=deviation` is a view with what is chosen in it, and can be given to others. */

/** @import { Scope } from "../base/scope.js" */

import { Store } from "../base/store.js";

/**
 * @typedef {object} Place
 * @property {string} view
 * @property {URLSearchParams} words
 */

export class Router {
  /** @param {Scope} scope */
  constructor(scope) {
    /** @type {Store<Place>} */
    this.place = new Store(read());
    scope.listen(window, "hashchange", () => this.place.set(read()));
  }

  /**
   * Go to a view.
   * @param {string} view
   * @param {Record<string, string | number | null | undefined>} [words]
   */
  go(view, words = {}) {
    location.hash = address(view, words);
  }

  /**
   * Note what is chosen in the view, without going anywhere.
   * @param {Record<string, string | number | null | undefined>} words those that are null are left out from now on
   */
  note(words) {
    const { view, words: before } = this.place.value;
    for (const [name, value] of Object.entries(words)) {
      if (value === null || value === undefined || value === "") before.delete(name);
      else before.set(name, String(value));
    }
    history.replaceState(null, "", address(view, Object.fromEntries(before)));
  }
}

/**
 * @param {string} view
 * @param {Record<string, string | number | null | undefined>} [words]
 */
export function address(view, words = {}) {
  const given = Object.entries(words).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${view}${query && `?${query}`}`;
}

/** @returns {Place} */
function read() {
  const [view, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: view || "now", words: new URLSearchParams(query) };
}
