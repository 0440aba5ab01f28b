// @ts-check
/** Fingers, wheels and keys that change what part of a plane a canvas shows. */

/** @import { Scope } from "./scope.js" */
/** @import { Viewport } from "./viewport.js" */

const STEP = 1.25;
const CLICK = 5;

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
