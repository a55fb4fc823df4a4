// The page of a link of /room. The code stands in the fragment, which goes to no server by itself: it leaves the address
// bar and the history at once, and nothing is spent before somebody presses.

import * as api from "./api.js";
import { byId, h } from "./dom.js";

const code = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
addEventListener("hashchange", () => location.hash && location.reload()); // another link, into this very page

const name = (text) => h("bdi", {}, text);
const room = (label) => h("a", { href: "/" }, label);
const said = (text) => h("code", {}, text);

function show(...parts) {
  byId("enter").replaceChildren(...parts.filter(Boolean));
  byId("enter").removeAttribute("aria-busy");
}

async function look() {
  if (!code) return show(h("h1", {}, "Your link is not here any more"), h("p", {}, "This page has no link to open. Press the button in your chat again; say ", said("/room"), " there for a new one."), h("div", { class: "entering-do" }, room("Go to the room")));
  try {
    ask(await api.send("api/enter/look", { code }, waits));
  } catch (problem) {
    no(problem.message);
  }
}

const waits = (on) => on && show(h("h1", {}, "The room cannot be reached just now"), h("p", {}, "Trying again; your link keeps its ten minutes."));

function no(sentence) {
  show(h("h1", {}, "This link does not open"), h("p", {}, sentence), h("div", { class: "entering-do" }, room("Go to the room")));
}

/** `opens`: whom the link opens the room as; `here`: who this browser is, if anybody. */
function ask(opens) {
  const here = opens.here && !opens.here.same ? opens.here : null;
  const error = h("p", { class: "error", role: "alert" });
  const open = h("button", { type: "button", class: "primary" }, "Open as ", name(opens.name));
  const request = api.newRequest();
  open.addEventListener("click", async () => {
    if (open.ariaBusy === "true") return;
    open.ariaBusy = "true";
    error.textContent = "";
    try {
      const entered = await api.send("api/enter", { code, request }, (on) => (error.textContent = on ? "The room cannot be reached just now; trying again." : ""));
      location.replace(entered.to);
    } catch (problem) {
      no(problem.message);
    }
  });
  show(
    h("h1", {}, "Open the room as ", name(opens.name)),
    h("p", {}, `You came from ${opens.from}: your markets and what you have in them are yours here too, in this browser, for 30 days.`),
    here && note(here, opens),
    error,
    h("div", { class: "entering-do" }, open, here ? h("a", { href: "/" }, "Stay ", name(here.name)) : null),
  );
}

function note(here, opens) {
  const lines = [h("p", {}, "You are ", name(here.name), " here now. Opening it ends that in this browser.")];
  if (!here.linked) lines.push(h("p", {}, name(here.name), " is a name of this browser alone: nothing leads back to it. To keep what ", name(here.name), " has, stay, say ", said("/link"), " and then, in ", opens.from, ", the line it shows."));
  return h("div", { class: "entering-note" }, lines);
}

look();
