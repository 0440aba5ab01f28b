// @ts-check
/** Small pictures of runs: their last frames, fetched when they come into view, a few at a time. */

/** @import { App } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { RunSummary } from "../net/types.js" */

import { h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { Picture } from "../frame/picture.js";
import { decode } from "../net/frames.js";

const SIZE = 64;
const AT_ONCE = 2;

export class Thumbnails {
  /**
   * @param {App} app
   * @param {Scope} scope
   */
  constructor(app, scope) {
    this._app = app;
    this._scope = scope;
    /** @type {(() => Promise<void>)[]} */
    this._waiting = [];
    this._working = 0;
    /** @type {WeakMap<Element, RunSummary>} */
    this._runs = new WeakMap();
    this._observer = new IntersectionObserver((entries) => this._seen(entries), { rootMargin: "120px" });
    scope.add(() => this._observer.disconnect());
  }

  /**
   * A place for the picture of a run.
   * @param {RunSummary} run
   */
  of(run) {
    const place = h("a", { class: "thumbnail", href: `#/map?run=${run.uid.slice(0, 8)}`, tabindex: -1, "aria-hidden": "true" }, icon("frame"));
    this._runs.set(place, run);
    if (run.points) this._observer.observe(place);
    return place;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  _seen(entries) {
    for (const { isIntersecting, target } of entries) {
      const run = this._runs.get(target);
      if (!isIntersecting || !run) continue;
      this._observer.unobserve(target);
      this._waiting.push(() => this._fetch(/** @type {HTMLElement} */ (target), run));
    }
    this._work();
  }

  _work() {
    while (this._working < AT_ONCE && this._waiting.length) {
      this._working += 1;
      this._waiting.shift()?.().finally(() => {
        this._working -= 1;
        this._work();
      });
    }
  }

  /**
   * @param {HTMLElement} place
   * @param {RunSummary} run
   */
  async _fetch(place, run) {
    if (this._scope.ended) return;
    const message = await this._app.api.bytes(`/runs/${run.uid}/preview`, { largest: SIZE }).catch(() => null);
    if (!message?.byteLength || this._scope.ended) return;
    const picture = new Picture();
    picture.paint({ ...decode(message), camera: "" }, { scale: "log", colours: "viridis", range: null });
    place.replaceChildren(picture.canvas);
  }
}
