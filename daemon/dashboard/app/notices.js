// @ts-check
/** Short messages at the edge of the page: what was done, and what was refused. */

import { h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";

const SHOWN = 6;
const SHOWN_PROBLEM = 15;
const MOST = 4;

export class Notices {
  constructor() {
    this.element = h("div", { class: "notices", role: "status", "aria-live": "polite" });
  }

  /** @param {string} text */
  say(text) {
    this._add(text, "said", SHOWN);
  }

  /** @param {string} text */
  problem(text) {
    this._add(text, "refused", SHOWN_PROBLEM);
  }

  /**
   * @param {string} text
   * @param {string} kind
   * @param {number} seconds
   */
  _add(text, kind, seconds) {
    const notice = h("div", { class: `notice ${kind}` }, h("p", {}, text), close());
    const timer = setTimeout(() => notice.remove(), 1000 * seconds);
    function close() {
      const leave = () => {
        clearTimeout(timer);
        notice.remove();
      };
      return h("button", { type: "button", class: "icon-button", "aria-label": t("notice.close"), onclick: leave }, icon("close"));
    }
    this.element.append(notice);
    while (this.element.children.length > MOST) this.element.firstElementChild?.remove();
  }
}
