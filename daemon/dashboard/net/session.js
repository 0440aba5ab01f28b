// @ts-check
/** Who uses the page: the key is remembered for the session of this tab and never longer. */

/**
 * @typedef {object} Identity
 * @property {string} name
 * @property {string} role
 * @property {string[]} scopes
 */

const KEY = "beampilot.key";

/** The key of this session, or null. */
export function storedKey() {
  return sessionStorage.getItem(KEY);
}

/** @param {string | null} key */
export function rememberKey(key) {
  if (key === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
}

/**
 * What each role may do beyond the one before it, as far as the page has buttons for it.
 * @param {string} scope
 */
export function roleFor(scope) {
  return scope.startsWith("admin:") || scope.startsWith("write:manager") ? "administrator" : "operator";
}
