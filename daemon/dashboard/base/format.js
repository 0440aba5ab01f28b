// @ts-check
/** How numbers, durations and moments are written: as in the terminal and in reports. */

import { language, t } from "../messages/index.js";

/** What is written where there is no value. */
export const NONE = "–";

/**
 * A number with a few significant digits, without an exponent where it is short.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const short = rounded === 0 || (size >= 1e-3 && size < 1e7);
  const text = short ? grouped(rounded) : rounded.toExponential(digits - 1).replace(/e([+-])(\d)$/, "e$10$2");
  return text.replaceAll("-", "−");
}

/**
 * A whole number with its thousands apart.
 * @param {number | null | undefined} value
 */
export function count(value) {
  return value === null || value === undefined ? NONE : grouped(Math.round(value)).replace("-", "−");
}

/**
 * A number with its unit.
 * @param {number | null | undefined} value
 * @param {string | null | undefined} unit
 * @param {number} [digits]
 */
export function quantity(value, unit, digits = 4) {
  const text = number(value, digits);
  return unit && text !== NONE ? `${text} ${unit}` : text;
}

/**
 * A duration as people say it: `3 h 02 min`, `4 min 10 s`, `12.3 s`, `8.1 ms`.
 * @param {number | null | undefined} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 5e-5) return t("time.s", { s: 0 });
  if (seconds < 0.9995) return `${(1e3 * seconds).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
  if (seconds < 59.95) return t("time.s", { s: seconds < 9.995 ? seconds.toFixed(1) : Math.round(seconds) });
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("time.min", { min: minutes, s: two(whole % 60) });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("time.h", { h: hours, min: two(minutes % 60) });
  return t("time.d", { d: Math.floor(hours / 24), h: hours % 24 });
}

/**
 * A number of bytes.
 * @param {number | null | undefined} bytes
 */
export function amount(bytes) {
  if (bytes === null || bytes === undefined) return NONE;
  for (const [unit, size] of /** @type {[string, number][]} */ ([["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]])) {
    if (bytes >= size) return `${number(bytes / size, 3)} ${unit}`;
  }
  return `${bytes} B`;
}

/**
 * The time of day; with the date if it is not today's.
 * @param {number | string | null | undefined} when seconds since 1970, or a date in ISO form
 * @param {boolean} [seconds]
 */
export function moment(when, seconds = false) {
  if (when === null || when === undefined) return NONE;
  const date = new Date(typeof when === "number" ? 1000 * when : when);
  if (Number.isNaN(date.getTime())) return NONE;
  const today = date.toDateString() === new Date().toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds && { second: "2-digit" }) };
  /** @type {Intl.DateTimeFormatOptions} */
  const day = { year: "numeric", month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(language(), today ? clock : { ...day, ...clock }).format(date);
}

/** @param {number} value */
function grouped(value) {
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 12 }).format(value);
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, "0");
}
