// @ts-check
/** What a view has begun and must end when it goes. */

/** Ends everything that was begun in it. */
export class Scope {
  constructor() {
    /** @type {(() => void)[]} */
    this._endings = [];
    this.ended = false;
  }

  /**
   * Have something called at the end; at once if that has come.
   * @param {() => void} ending
   */
  add(ending) {
    if (this.ended) ending();
    else this._endings.push(ending);
  }

  /**
   * Listen until the end.
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   * @param {AddEventListenerOptions} [options]
   */
  listen(target, type, listener, options) {
    target.addEventListener(type, listener, options);
    this.add(() => target.removeEventListener(type, listener, options));
  }

  /**
   * Call something again and again until the end.
   * @param {number} seconds
   * @param {() => void} action
   */
  every(seconds, action) {
    const timer = setInterval(action, 1000 * seconds);
    this.add(() => clearInterval(timer));
  }

  /**
   * Watch the size of an element until the end.
   * @param {Element} element
   * @param {() => void} action
   */
  resized(element, action) {
    const observer = new ResizeObserver(() => action());
    observer.observe(element);
    this.add(() => observer.disconnect());
  }

  /**
   * Give a function that has something drawn once before the next picture, however often it is called.
   * @param {() => void} draw
   * @returns {() => void}
   */
  painter(draw) {
    let asked = 0;
    this.add(() => cancelAnimationFrame(asked));
    return () => {
      if (asked || this.ended) return;
      asked = requestAnimationFrame(() => {
        asked = 0;
        if (!this.ended) draw();
      });
    };
  }

  /** A scope that ends with this one, or before. */
  inner() {
    const scope = new Scope();
    this.add(() => scope.end());
    return scope;
  }

  /** End everything, the last first. */
  end() {
    this.ended = true;
    while (this._endings.length) this._endings.pop()?.();
  }
}
