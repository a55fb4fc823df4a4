// Who is here: a name, given once, and rights.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import * as state from "./state.js";

export const isStranger = () => !state.get("visitor")?.name;

/** Asks the room who this browser is, until it answers. */
export async function load() {
  try {
    show(await api.get("api/me"));
  } catch {
    setTimeout(load, 1500);
  }
}

function show(me) {
  const nameless = !me.name;
  document.body.classList.toggle("stranger", nameless);
  byId("join").hidden = !nameless;
  byId("line").hidden = nameless;
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
  load();
}
