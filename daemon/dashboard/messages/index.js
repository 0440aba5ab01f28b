// @ts-check
/** The page's words, in the language that was chosen; English is where a language is looked for that there is none. */

import en from "./en.js";

/** @typedef {keyof typeof en} Key */

/** The languages, as each calls itself. */
export const LANGUAGES = /** @type {const} */ ({ en: "English", ja: "日本語" });

const PREFERENCE = "beampilot.language";

/** @type {Record<string, string>} */
let words = en;
/** @type {keyof typeof LANGUAGES} */
let chosen = "en";

/** The language that was chosen, as in HTML's `lang`. */
export function language() {
  return chosen;
}

/** Load the words: of the language that was chosen here before, or else the browser's. */
export async function loadWords() {
  const wanted = [localStorage.getItem(PREFERENCE), ...navigator.languages].map((each) => each?.slice(0, 2));
  const found = wanted.find((each) => each !== undefined && each in LANGUAGES);
  if (found === "ja") {
    words = (await import("./ja.js")).default;
    chosen = "ja";
  }
  document.documentElement.lang = chosen;
}

/**
 * Have the page speak another language from its next start on.
 * @param {keyof typeof LANGUAGES} wanted
 */
export function chooseLanguage(wanted) {
  localStorage.setItem(PREFERENCE, wanted);
}

/**
 * A message.
 * @param {Key} key
 * @param {Record<string, string | number>} [values] for the names in braces
 */
export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * A word of the daemon, such as a state or a reason, in the page's language; as it came if that has none for it.
 * @param {string} kind
 * @param {string} word
 */
export function term(kind, word) {
  return words[`${kind}.${word}`] ?? word;
}
