// @ts-check
/** What part of a plane a canvas shows. */

/** @typedef {{x0: number, x1: number, y0: number, y1: number}} Box */
/** @typedef {{left: number, top: number, width: number, height: number}} Area */

const DEEPEST = 400;

export class Viewport {
  /**
   * @param {Box} whole all there is to see; x0 is at the left, y0 at the bottom
   */
  constructor(whole) {
    this.whole = whole;
    this.shown = { ...whole };
    /** @type {Area} */
    this.area = { left: 0, top: 0, width: 1, height: 1 };
  }

  /** Whether only a part is shown. */
  get zoomed() {
    return ["x0", "x1", "y0", "y1"].some((side) => this.shown[/** @type {keyof Box} */ (side)] !== this.whole[/** @type {keyof Box} */ (side)]);
  }

  /** @param {Box} whole */
  setWhole(whole) {
    const same = Object.keys(whole).every((side) => whole[/** @type {keyof Box} */ (side)] === this.whole[/** @type {keyof Box} */ (side)]);
    if (same) return;
    this.whole = whole;
    this.shown = { ...whole };
  }

  reset() {
    this.shown = { ...this.whole };
  }

  /** @param {number} x */
  toX(x) {
    return this.area.left + ((x - this.shown.x0) / (this.shown.x1 - this.shown.x0)) * this.area.width;
  }

  /** @param {number} y */
  toY(y) {
    return this.area.top + ((this.shown.y1 - y) / (this.shown.y1 - this.shown.y0)) * this.area.height;
  }

  /** @param {number} px */
  fromX(px) {
    return this.shown.x0 + ((px - this.area.left) / this.area.width) * (this.shown.x1 - this.shown.x0);
  }

  /** @param {number} py */
  fromY(py) {
    return this.shown.y1 - ((py - this.area.top) / this.area.height) * (this.shown.y1 - this.shown.y0);
  }

  /**
   * Whether a point of the canvas lies on the plane.
   * @param {number} px
   * @param {number} py
   */
  contains(px, py) {
    const { left, top, width, height } = this.area;
    return px >= left && px <= left + width && py >= top && py <= top + height;
  }

  /**
   * Zoom around a point of the canvas.
   * @param {number} factor above 1 goes nearer
   * @param {number} [px]
   * @param {number} [py]
   */
  zoom(factor, px = this.area.left + this.area.width / 2, py = this.area.top + this.area.height / 2) {
    const { shown, whole } = this;
    const deepest = (whole.x1 - whole.x0) / (shown.x1 - shown.x0) / DEEPEST;
    const by = Math.min(factor, 1 / Math.max(deepest, 1e-9));
    const [x, y] = [this.fromX(px), this.fromY(py)];
    this._show({ x0: x - (x - shown.x0) / by, x1: x + (shown.x1 - x) / by, y0: y - (y - shown.y0) / by, y1: y + (shown.y1 - y) / by });
  }

  /**
   * Move what is shown by pixels of the canvas.
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    const x = (dx / this.area.width) * (this.shown.x1 - this.shown.x0);
    const y = (dy / this.area.height) * (this.shown.y1 - this.shown.y0);
    this._show({ x0: this.shown.x0 - x, x1: this.shown.x1 - x, y0: this.shown.y0 + y, y1: this.shown.y1 + y });
  }

  /**
   * Show a part, as far as there is one.
   * @param {Box} box
   */
  _show(box) {
    [this.shown.x0, this.shown.x1] = inside(box.x0, box.x1, this.whole.x0, this.whole.x1);
    [this.shown.y0, this.shown.y1] = inside(box.y0, box.y1, this.whole.y0, this.whole.y1);
  }
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} least
 * @param {number} most
 * @returns {[number, number]}
 */
function inside(low, high, least, most) {
  if (Math.abs(high - low) >= Math.abs(most - least)) return [least, most];
  const [first, last] = least < most ? [least, most] : [most, least];
  const shift = Math.max(first - Math.min(low, high), 0) + Math.min(last - Math.max(low, high), 0);
  return [low + shift, high + shift];
}

/**
 * Give a canvas as many pixels as the screen has in its place.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
export function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
