// @ts-check
/** Plotly, from the package that is installed beside the daemon; it is fetched when the first chart is drawn. */

/** @import { Scope } from "../base/scope.js" */

import { themeColour, themed } from "../app/preferences.js";
import { h } from "../base/dom.js";
import { saveButtons, saveTable } from "../base/save.js";

const FILE = "/dashboard/plotly.min.js";
const PICTURE = { format: "png", scale: 2, width: 1200, height: 640 };

/** @type {Promise<any> | null} */
let loading = null;

/** @returns {Promise<any>} */
function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { src: FILE, onload: () => resolve(/** @type {any} */ (window).Plotly), onerror: () => ((loading = null), reject(new Error(FILE))) });
    document.head.append(script);
  });
  return loading;
}

/** Colours that can be told apart by everybody (after Okabe and Ito), by their names in the theme. */
export const SERIES = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6", "--series-7"];

/**
 * A chart with its title and the buttons that keep it.
 */
export class Chart {
  /**
   * @param {Scope} scope
   * @param {string} title
   * @param {string} name of the files that it is kept in
   * @param {string} [about]
   */
  constructor(scope, title, name, about) {
    this._scope = scope;
    this._name = name;
    this._place = h("div", { class: "chart", role: "img", "aria-label": title });
    /** @type {{traces: any[], layout: any} | null} */
    this._wanted = null;
    this._busy = false;
    /** @type {{traces: any[], layout: any} | null} */
    this._last = null;
    const saves = saveButtons(() => this._savePicture(), () => saveTable(this.numbers(), name));
    this.element = h("section", { class: "card chart-card" }, h("div", { class: "title-row" }, h("h2", {}, title), saves), about && h("p", { class: "hint" }, about), this._place);
    /** The numbers behind the chart, column by column.
     * @type {() => Record<string, ArrayLike<unknown>>} */
    this.numbers = () => ({});
    /** @type {(point: any) => void} */
    this.clicked = () => {};
    themed.watch(scope, () => this._again());
    scope.resized(this._place, () => this._resize());
    scope.add(() => /** @type {any} */ (window).Plotly?.purge(this._place));
  }

  /**
   * @param {any[]} traces as Plotly has them
   * @param {any} [layout]
   */
  show(traces, layout = {}) {
    this._wanted = { traces, layout };
    this._draw();
  }

  /** Draw the same in other colours. */
  _again() {
    this._wanted ??= this._last;
    this._draw();
  }

  async _draw() {
    if (this._busy || !this._wanted) return;
    this._busy = true;
    try {
      const plotly = await load();
      while (this._wanted && !this._scope.ended) {
        const { traces, layout } = this._wanted;
        this._wanted = null;
        const fresh = !this._place.classList.contains("drawn");
        await plotly.react(this._place, traces, styled(layout), { displayModeBar: false, displaylogo: false, showTips: false });
        this._last = { traces, layout };
        this._place.classList.add("drawn");
        if (fresh) /** @type {any} */ (this._place).on("plotly_click", (/** @type {any} */ event) => this.clicked(event.points[0]));
      }
    } catch {
      // without Plotly there are still the numbers
    } finally {
      this._busy = false;
    }
  }

  _resize() {
    if (this._place.classList.contains("drawn") && this._place.clientWidth) /** @type {any} */ (window).Plotly?.Plots.resize(this._place);
  }

  async _savePicture() {
    const plotly = await load();
    if (this._last) await plotly.downloadImage(this._place, { ...PICTURE, filename: this._name });
  }
}

/**
 * A layout in the page's colours.
 * @param {any} layout
 */
function styled(layout) {
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map(themeColour);
  const axis = { color: soft, gridcolor: line, zerolinecolor: line, linecolor: themeColour("--line-strong"), ticks: "outside", ticklen: 4, automargin: true, title: { standoff: 8, font: { size: 12 } } };
  const merged = Object.fromEntries(Object.entries({ xaxis: {}, yaxis: {}, ...layout }).map(([key, value]) => [key, /^[xy]axis\d*$/.test(key) ? mergedAxis(axis, /** @type {any} */ (value)) : value]));
  return {
    autosize: true,
    margin: { l: 54, r: 16, t: 8, b: 44 },
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: SERIES.map(themeColour),
    hovermode: "closest",
    hoverlabel: { bgcolor: themeColour("--raised"), bordercolor: line, font: { color: ink, size: 12 } },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, font: { size: 12 } },
    dragmode: "zoom",
    ...merged,
  };
}

/**
 * @param {any} base
 * @param {any} own
 */
function mergedAxis(base, own) {
  const title = typeof own.title === "string" ? { ...base.title, text: own.title } : { ...base.title, ...own.title };
  return { ...base, ...own, title };
}
