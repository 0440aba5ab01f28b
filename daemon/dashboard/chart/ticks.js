// @ts-check
/** Round numbers along an axis. */

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most how many there may be
 * @returns {number[]}
 */
export function ticks(low, high, most) {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return Number.isFinite(low) ? [low] : [];
  const raw = span / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw) ?? 10 * power;
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9 * span; index++) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}
