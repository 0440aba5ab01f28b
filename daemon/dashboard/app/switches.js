// @ts-check
/** Choices of one out of few: language, light or dark, and whatever a view offers. */

import { h } from "../base/dom.js";
import { chooseLanguage, language, LANGUAGES, t } from "../messages/index.js";
import { chooseTheme, theme, THEMES } from "./preferences.js";

/**
 * A row of buttons of which one is pressed.
 * @template {string} T
 * @param {string} label for who cannot see it
 * @param {{value: T, text: string | Node, title?: string}[]} options
 * @param {T} chosen
 * @param {(value: T) => void} choose
 * @returns {HTMLElement & {choose: (value: T) => void}}
 */
export function segments(label, options, chosen, choose) {
  const buttons = options.map(({ value, text, title }) =>
    h("button", { type: "button", class: "segment", "aria-pressed": String(value === chosen), title, "data-value": value, onclick: () => pick(value) }, text),
  );
  /** @param {T} value */
  const mark = (value) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === value));
  };
  /** @param {T} value */
  const pick = (value) => {
    mark(value);
    choose(value);
  };
  return Object.assign(h("div", { class: "segments", role: "group", "aria-label": label }, ...buttons), { choose: mark });
}

/** English or Japanese. */
export function languageSwitch() {
  const names = /** @type {(keyof typeof LANGUAGES)[]} */ (Object.keys(LANGUAGES));
  const options = names.map((value) => ({ value, text: h("span", { lang: value }, LANGUAGES[value]) }));
  return segments(t("menu.language"), options, /** @type {keyof typeof LANGUAGES} */ (language()), (value) => {
    chooseLanguage(value);
    location.reload();
  });
}

/** Light, dark, or as the system has it. */
export function themeSwitch() {
  const options = THEMES.map((value) => ({ value, text: t(`theme.${value}`) }));
  return segments(t("menu.theme"), options, theme(), chooseTheme);
}
