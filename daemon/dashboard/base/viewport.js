// @ts-check
/** What part of a plane a canvas shows, and the fingers, wheels and keys that change it. */

/** @import { Scope } from "./scope.js" */

/** @typedef {{x0: number, x1: number, y0: number, y1: number}} Box */
/** @typedef {{left: number, top: number, width: number, height: number}} Area */

const STEP = 1.25;
const DEEPEST = 400;
const CLICK = 5;

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
 * @typedef {object} Gestures
 * @property {() => void} changed what is shown has changed
 * @property {(px: number | null, py: number) => void} [hover] where the pointer is; null where it has left
 * @property {(px: number, py: number) => void} [click]
 * @property {(from: [number, number], to: [number, number], done: boolean) => void} [draw] takes drags, instead of panning
 */

/**
 * Let fingers, wheel and keys move a viewport.
 * @param {HTMLCanvasElement} canvas
 * @param {Viewport} viewport
 * @param {Scope} scope
 * @param {Gestures} gestures
 */
export function attachGestures(canvas, viewport, scope, gestures) {
  /** @type {Map<number, [number, number]>} */
  const fingers = new Map();
  /** @type {[number, number] | null} */
  let pressed = null;
  let moved = false;
  const at = (/** @type {PointerEvent | WheelEvent | MouseEvent} */ event) => /** @type {[number, number]} */ ([event.offsetX, event.offsetY]);
  const changed = () => {
    canvas.style.touchAction = viewport.zoomed || gestures.draw ? "none" : "pan-y";
    gestures.changed();
  };
  scope.listen(canvas, "wheel", (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey && !event.metaKey && !viewport.zoomed && document.activeElement !== canvas && scrolls()) return;
    event.preventDefault();
    viewport.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...at(event));
    changed();
  }, { passive: false });
  scope.listen(canvas, "pointerdown", (/** @type {PointerEvent} */ event) => {
    fingers.set(event.pointerId, at(event));
    canvas.setPointerCapture(event.pointerId);
    pressed = fingers.size === 1 ? at(event) : null;
    moved = false;
    canvas.focus({ preventScroll: true });
  });
  scope.listen(canvas, "pointermove", (/** @type {PointerEvent} */ event) => {
    const to = at(event);
    const from = fingers.get(event.pointerId);
    gestures.hover?.(...to);
    if (!from) return;
    if (fingers.size === 2) pinch(viewport, fingers, event.pointerId, to);
    else if (pressed && gestures.draw) gestures.draw(pressed, to, false);
    else if (event.pointerType === "mouse" || viewport.zoomed) viewport.pan(to[0] - from[0], to[1] - from[1]);
    if (pressed && Math.hypot(to[0] - pressed[0], to[1] - pressed[1]) > CLICK) moved = true;
    fingers.set(event.pointerId, to);
    changed();
  });
  const up = (/** @type {PointerEvent} */ event) => {
    const known = fingers.delete(event.pointerId);
    if (!known || !pressed || event.type === "pointercancel") return;
    if (moved && gestures.draw) gestures.draw(pressed, at(event), true);
    else if (!moved) gestures.click?.(...at(event));
    pressed = null;
  };
  scope.listen(canvas, "pointerup", up);
  scope.listen(canvas, "pointercancel", up);
  scope.listen(canvas, "pointerleave", () => gestures.hover?.(null, 0));
  scope.listen(canvas, "dblclick", () => {
    viewport.reset();
    changed();
  });
  scope.listen(canvas, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!keys(viewport, event.key)) return;
    event.preventDefault();
    changed();
  });
  changed();
}

/**
 * @param {Viewport} viewport
 * @param {Map<number, [number, number]>} fingers
 * @param {number} finger that moved
 * @param {[number, number]} to
 */
function pinch(viewport, fingers, finger, to) {
  const from = /** @type {[number, number]} */ (fingers.get(finger));
  const other = [...fingers].find(([id]) => id !== finger)?.[1] ?? to;
  const before = Math.hypot(from[0] - other[0], from[1] - other[1]);
  const after = Math.hypot(to[0] - other[0], to[1] - other[1]);
  if (before > 0 && after > 0) viewport.zoom(after / before, (to[0] + other[0]) / 2, (to[1] + other[1]) / 2);
  viewport.pan((to[0] - from[0]) / 2, (to[1] - from[1]) / 2);
}

/**
 * @param {Viewport} viewport
 * @param {string} key
 */
function keys(viewport, key) {
  const far = 40;
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowLeft: () => viewport.pan(far, 0),
    ArrowRight: () => viewport.pan(-far, 0),
    ArrowUp: () => viewport.pan(0, far),
    ArrowDown: () => viewport.pan(0, -far),
    "+": () => viewport.zoom(STEP),
    "=": () => viewport.zoom(STEP),
    "-": () => viewport.zoom(1 / STEP),
    0: () => viewport.reset(),
  };
  const action = actions[key];
  action?.();
  return action !== undefined;
}

/** Whether the wheel has the page to move. */
function scrolls() {
  return document.documentElement.scrollHeight > window.innerHeight + 1;
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
