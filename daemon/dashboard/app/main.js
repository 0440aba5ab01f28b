// @ts-check
/** Where the page begins. */

/** @import { App } from "./app.js" */

import { fill, h } from "../base/dom.js";
import { Scope } from "../base/scope.js";
import { loadWords, t } from "../messages/index.js";
import { FrameFeed } from "../net/frames.js";
import { rememberKey } from "../net/session.js";
import { StatusFeed } from "../net/status.js";
import { RunFeed } from "../run/feed.js";
import { logIn } from "./login.js";
import { Notices } from "./notices.js";
import { applyTheme } from "./preferences.js";
import { Router } from "./router.js";
import { empty, shell } from "./shell.js";
import { shortcuts } from "./shortcuts.js";
import { VIEWS } from "./views.js";

/** The key was accepted once and is not any more: it has expired or was revoked. */
function refused() {
  rememberKey(null);
  location.reload();
}

async function begin() {
  applyTheme();
  await loadWords();
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  const { api, identity } = await logIn(root, refused);
  const scope = new Scope();
  const feed = new StatusFeed(api, refused);
  scope.add(() => feed.close());
  /** @type {App} */
  const app = { api, identity, feed, runs: new RunFeed(api, feed, scope), frames: new FrameFeed(api, feed), router: new Router(scope), notices: new Notices() };
  const main = shell(app, root, scope);
  shortcuts(app, scope);
  showViews(app, main, scope);
}

/**
 * @param {App} app
 * @param {HTMLElement} main
 * @param {Scope} scope
 */
function showViews(app, main, scope) {
  let current = scope.inner();
  let shown = "";
  app.router.place.watch(scope, async ({ view, words }) => {
    const entry = VIEWS.find((each) => each.name === view) ?? VIEWS[0];
    current.end();
    const mine = (current = scope.inner());
    document.body.dataset.view = entry.name;
    document.title = `${t(/** @type {any} */ (`view.${entry.name}`))} · Beampilot`;
    const loaded = await entry.load().catch(() => null);
    if (mine.ended) return;
    const section = h("div", { class: `view view-${entry.name}` });
    fill(main, section);
    if (loaded) loaded.view(app, section, mine, words);
    else section.append(empty("warning", t("broken.title"), t("broken.text")));
    if (shown && shown !== entry.name) {
      main.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    shown = entry.name;
  });
}

begin();
