// @ts-check
/** Asks for a key. */

/** @import { Identity } from "../net/session.js" */

import { fill, h } from "../base/dom.js";
import { icon } from "../base/icons.js";
import { t } from "../messages/index.js";
import { Api, ApiError } from "../net/api.js";
import { rememberKey, storedKey } from "../net/session.js";
import { languageSwitch } from "./switches.js";

/**
 * Let somebody in: with the key of this session, or with one that they type.
 * @param {HTMLElement} root
 * @param {() => void} refused called when the key is not accepted any more
 * @returns {Promise<{api: Api, identity: Identity}>}
 */
export async function logIn(root, refused) {
  const kept = storedKey();
  if (kept !== null) {
    const found = await tried(kept, refused, () => fill(root, h("main", { class: "login" }, h("p", { class: "hint", role: "status" }, t("login.away")))));
    if (typeof found !== "string") return found;
  }
  return new Promise((resolve) => form(root, refused, resolve));
}

/**
 * Try a key, for as long as nobody answers.
 * @param {string} key
 * @param {() => void} refused
 * @param {() => void} away called while nobody answers: the daemon may just be starting
 * @returns {Promise<{api: Api, identity: Identity} | string>} or why not
 */
async function tried(key, refused, away) {
  const api = new Api(key, refused);
  for (let wait = 0.3; ; wait = Math.min(2 * wait, 3)) {
    try {
      return { api, identity: await new Api(key).get("/whoami") };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return t("login.wrong");
      if (error instanceof ApiError && error.status === 429) return t("login.wait");
      away();
      await new Promise((done) => setTimeout(done, 1000 * wait));
    }
  }
}

/**
 * @param {HTMLElement} root
 * @param {() => void} refused
 * @param {(found: {api: Api, identity: Identity}) => void} resolve
 */
function form(root, refused, resolve) {
  const field = h("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-help key-problem" });
  const problem = h("p", { id: "key-problem", class: "problem", role: "alert" });
  const button = h("button", { class: "button primary wide", type: "submit" }, t("login.enter"));
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    const key = field.value.trim();
    const found = await tried(key, refused, () => (problem.textContent = t("login.away")));
    button.disabled = false;
    if (typeof found === "string") {
      problem.textContent = found;
      field.setAttribute("aria-invalid", "true");
      field.select();
      return;
    }
    rememberKey(key);
    resolve(found);
  };
  const help = h("p", { id: "key-help", class: "hint" }, t("login.help"));
  const label = h("label", { for: "key" }, t("login.key"));
  fill(
    root,
    h(
      "main",
      { class: "login" },
      h("div", { class: "login-brand" }, h("img", { src: "/dashboard/icon.svg", alt: "", width: 44, height: 44 }), h("h1", {}, "Beampilot")),
      h("form", { class: "card login-card", onsubmit: submit }, label, field, help, problem, button),
      h("p", { class: "login-foot" }, icon("lock"), t("login.session")),
      languageSwitch(),
    ),
  );
  field.focus();
}
