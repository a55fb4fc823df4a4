// Who is here: a name, given once, and rights.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import * as state from "./state.js";

export const isStranger = () => !state.get("visitor")?.name;

/** Asks the room who this browser is, until it answers. */
export async function load() {
  try {
    const before = state.get("visitor");
    const me = await api.get("api/me");
    if (before && before.name !== me.name) return location.reload(); // signed out elsewhere, or another link was opened
    show(me);
  } catch {
    setTimeout(load, 1500);
  }
}

/** Who came by a link of /room may go again; who took a name here has no other way back to it. */
function askToLeave() {
  const { name, from } = state.get("visitor");
  const sheet = byId("sheet");
  const error = h("p", { class: "error", role: "alert" });
  const out = h("button", { type: "button", class: "danger", on: { click: leave } }, "Sign out");
  async function leave() {
    if (out.ariaBusy === "true") return;
    out.ariaBusy = "true";
    try {
      await api.send("api/leave", {}, (on) => (error.textContent = on ? "The room cannot be reached just now; trying again." : ""));
      location.reload();
    } catch (problem) {
      error.textContent = problem.message;
      out.ariaBusy = null;
    }
  }
  sheet.replaceChildren(
    h("h2", { id: "sheet-title" }, "You are ", h("bdi", {}, name), ` from ${from}`),
    h("p", {}, "Signing out ends it in this browser; /room in your chat gives a new link. What you have stays yours."),
    error,
    h("div", { class: "actions" }, out, h("button", { type: "button", on: { click: () => sheet.close() } }, "Stay")),
  );
  sheet.showModal();
}

function show(me) {
  const nameless = !me.name;
  document.body.classList.toggle("stranger", nameless);
  byId("join").hidden = !nameless;
  byId("line").hidden = nameless;
  byId("leave").hidden = !me.from;
  state.set("visitor", me);
}

/** The name they go by in the market in sight, which its admins may change. */
function showName() {
  const [me, account] = [state.get("visitor"), state.get("account")];
  if (!me) return;
  const name = (account?.joined && account.name) || me.name;
  byId("who").replaceChildren(...(name ? [h("b", { dir: "auto", title: name }, name)] : []), ...(me.admin ? [h("span", { class: "badge" }, "admin")] : []));
}

let reader = () => {};
let wish = null; // what a stranger had pressed when they were led to the field

/** Leads a stranger to the one field there is; once they have a name, `then()` is what they had pressed. */
export function askName(then = null) {
  wish = then;
  byId("name").focus();
}

/** Takes a name, wherever it was asked for. Throws the room's refusal; `trying(on)` while it cannot be reached. */
export async function join(name, trying) {
  show(await api.send("api/join", { name, request: api.newRequest() }, trying));
  reader();
}

/** `joined()`: somebody else is reading now. */
export function start(joined) {
  reader = joined;
  state.watch("visitor", showName);
  state.watch("account", showName);
  byId("join").addEventListener("submit", async (event) => {
    event.preventDefault();
    const error = byId("join-error");
    const button = byId("join").querySelector("button");
    button.disabled = true;
    error.textContent = "";
    try {
      const trying = (on) => (error.textContent = on ? "The room cannot be reached just now; trying again." : "");
      await join(byId("name").value, trying);
      error.textContent = "";
      wish?.();
    } catch (problem) {
      error.textContent = problem.message;
      byId("name").focus();
    }
    button.disabled = false;
  });
  byId("leave").addEventListener("click", askToLeave);
  load();
}
