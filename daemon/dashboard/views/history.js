// @ts-check
/** What was measured: every run of the data folder. */

/** @import { App, View } from "../app/app.js" */
/** @import { Scope } from "../base/scope.js" */
/** @import { RunSummary } from "../net/types.js" */

import { may, refusal } from "../app/app.js";
import { empty } from "../app/shell.js";
import { planTitle } from "../app/summary.js";
import { h, show, write } from "../base/dom.js";
import { duration, moment, number } from "../base/format.js";
import { icon } from "../base/icons.js";
import { download } from "../base/save.js";
import { Thumbnails } from "../history/thumbnails.js";
import { t, term } from "../messages/index.js";
import { TONES } from "../queue/done.js";

const PAGE = 30;
/** Plans that learn from their points, so that another run can take up what they knew. */
const RESUMABLE = ["autonomous_scan", "survey"];
const TYPING = 300;

/** @type {View} */
export function view(app, root, scope, words) {
  const thumbnails = new Thumbnails(app, scope);
  const field = h("input", { type: "search", id: "search", value: words.get("search") ?? "", placeholder: t("history.search"), "data-search": true, autocomplete: "off" });
  const list = h("ol", { class: "items" });
  const total = h("p", { class: "hint", role: "status" });
  const more = h("button", { type: "button", class: "button", hidden: true, onclick: () => load(false) }, t("history.more"));
  const nothing = empty("history", t("history.none"), t("history.none-text"));
  show(nothing, false);
  let [asked, next, timer] = [0, 0, 0];
  const load = async (/** @type {boolean} */ fresh) => {
    const mine = (asked += 1);
    const search = field.value.trim();
    const found = await app.api.get("/runs", { limit: PAGE, offset: fresh ? 0 : next, search }).catch((error) => void app.notices.problem(refusal(app, error)));
    if (!found || mine !== asked || scope.ended) return;
    const rows = found.runs.map((/** @type {RunSummary} */ run) => row(app, run, thumbnails));
    if (fresh) list.replaceChildren(...rows);
    else list.append(...rows);
    next = found.next ?? 0;
    show(more, found.next !== null);
    show(nothing, !found.total);
    write(total, search ? t("history.found", { count: found.total }) : t(found.total === 1 ? "history.count-one" : "history.count", { count: found.total }));
  };
  scope.listen(field, "input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => (app.router.note({ search: field.value.trim() }), load(true)), TYPING);
  });
  scope.add(() => clearTimeout(timer));
  const searched = h("div", { class: "search" }, icon("search"), h("label", { for: "search", class: "sr-only" }, t("history.search")), field);
  root.append(h("div", { class: "title-row" }, h("h1", { class: "title" }, t("view.history")), total), h("section", { class: "card" }, searched, list, nothing, h("div", { class: "center" }, more)));
  let known = "";
  app.feed.status.watch(scope, (status) => {
    const now = `${status?.uids.history} ${status?.run?.uid}`;
    if (status && now !== known) load(true);
    if (status) known = now;
  });
}

/**
 * @param {App} app
 * @param {RunSummary} run
 * @param {Thumbnails} thumbnails
 */
function row(app, run, thumbnails) {
  const short = run.uid.slice(0, 8);
  const about = [run.sample, run.operator, run.proposal].filter(Boolean).join(" · ");
  const facts = [moment(run.time), duration(run.duration), t("now.points", { points: run.points }), run.best ? t("history.best", { value: number(run.best.value) }) : ""];
  const title = h("a", { href: `#/map?run=${short}`, class: "item-title" }, t("now.scan", { scan: run.scan_id }), " · ", planTitle(run.plan_name));
  const text = h("div", { class: "item-words" }, title, about && h("span", {}, about), h("span", { class: "hint" }, facts.filter((each) => each && each !== "–").join(" · ")), run.reason && h("span", { class: "hint" }, run.reason));
  const pill = h("span", { class: `pill ${TONES[run.exit_status] ?? ""}` }, term("exit", run.exit_status));
  return h("li", { class: "item" }, thumbnails.of(run), text, pill, h("div", { class: "item-actions" }, ...actions(app, run, short)));
}

/**
 * @param {App} app
 * @param {RunSummary} run
 * @param {string} short
 */
function actions(app, run, short) {
  const link = (/** @type {import("../base/icons.js").Icon} */ sign, /** @type {string} */ text, /** @type {string} */ href) => h("a", { class: "button small", href, "aria-label": `${text}: ${t("now.scan", { scan: run.scan_id })}` }, icon(sign), text);
  const report = h("button", { type: "button", class: "button small", "aria-label": `${t("history.report")}: ${t("now.scan", { scan: run.scan_id })}`, onclick: () => fetchReport(app, run, report) }, icon("report"), t("history.report"));
  const open = run.exit_status === "running";
  const goes = may(app, "write:queue:edit") && ["abort", "fail", "interrupted"].includes(run.exit_status) && RESUMABLE.includes(run.plan_name);
  return [!open && run.points > 1 && link("play", t("player.play"), `#/map?run=${short}&replay=10`), run.points > 0 && report, goes && link("target", t("history.continue"), `#/queue?continue=${short}`)];
}

/**
 * The report is a page of its own that opens offline: it is kept as a file.
 * @param {App} app
 * @param {RunSummary} run
 * @param {HTMLButtonElement} button
 */
async function fetchReport(app, run, button) {
  button.disabled = true;
  try {
    download(await app.api.file(`/runs/${run.uid}/report`), `beampilot-scan-${run.scan_id}.html`);
  } catch (error) {
    app.notices.problem(refusal(app, error));
  } finally {
    button.disabled = false;
  }
}
