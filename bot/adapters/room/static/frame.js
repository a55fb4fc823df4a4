// The frame: three tabs on a phone, two of them beside the market on a middle screen, all in sight on a wide one; dark or
// light; and what a connection that comes and goes looks like.

import * as clock from "./clock.js";
import { byId, h } from "./dom.js";
import * as render from "./render.js";
import * as state from "./state.js";
import * as themeSwitch from "./theme_switch.js";

const PHONE = matchMedia("(max-width: 759px)");
const WIDE = matchMedia("(min-width: 1280px)");
const TABS = ["market", "yours", "talk"];
const PAGES = ["outcome", "theatre", "markets", "run"];
let current = "market";

export const narrow = () => PHONE.matches;

const offered = () => (WIDE.matches ? [] : PHONE.matches ? TABS : TABS.slice(1));
/** Which is in sight: beside the market one of two always is. */
const chosen = () => (PHONE.matches ? current : document.body.dataset.side);

/** Brings `market`, `yours` or `talk` into sight. */
export function show(tab) {
  current = tab;
  document.body.dataset.tab = tab;
  if (tab !== "market") document.body.dataset.side = tab;
  mark(tab, false);
  update();
  state.set("tab", tab);
}

/** Whether one sees it now. */
export const seen = (tab) => WIDE.matches || chosen() === tab || (tab === "market" && !PHONE.matches);

/** A dot: something new is there, out of sight. */
export function mark(tab, on = true) {
  const dot = on && !seen(tab);
  const button = byId(`tab-${tab}`);
  button.classList.toggle("new", dot);
  button.setAttribute("aria-label", dot ? `${button.innerText.trim()}, something new` : button.innerText.trim());
}

function update() {
  const names = offered();
  byId("tabs").toggleAttribute("role", false);
  if (names.length) byId("tabs").setAttribute("role", "tablist");
  for (const name of TABS) {
    const tab = byId(`tab-${name}`);
    const here = chosen() === name;
    tab.hidden = !names.includes(name);
    tab.tabIndex = here ? 0 : -1;
    tab.classList.toggle("chosen", here);
    if (names.includes(name)) {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(here));
      byId(name).setAttribute("role", "tabpanel");
    } else {
      byId(name).removeAttribute("role");
    }
  }
}

function step(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  const names = offered();
  const next = names[(names.indexOf(event.currentTarget.id.slice(4)) + by + names.length) % names.length];
  show(next);
  byId(`tab-${next}`).focus();
}

/** What the stream tells of the connection. `why`: the room's own sentence where it has no place for this page. */
export function link(up, why) {
  document.body.classList.toggle("offline", !up);
  byId("link").textContent = up || why ? "" : "Reconnecting";
  byId("full").textContent = why || "";
  if (why) document.body.classList.remove("loading");
  const before = state.get("link");
  if (!before || before.up !== up || before.why !== why) state.set("link", { up, why });
}

export function beat(data) {
  clock.set(data.now_ms, data.speed);
  byId("here").textContent = data.here > 1 ? `${data.here} here` : "";
}

let gone = 0;
/** A sentence at the edge for a few seconds: an answer to what was done while the chat is out of sight. */
export function notice(sentence, press) {
  const host = byId("notice");
  clearTimeout(gone);
  host.replaceChildren(press ? h("button", { type: "button", on: { click: () => (host.replaceChildren(), press()) } }, sentence) : h("p", {}, sentence));
  gone = setTimeout(() => host.replaceChildren(), 7000);
}

const left = new Map(); // a place of this page to where the keyboard was when one left it
let place = null;

function leave(view) {
  const on = document.activeElement;
  if (place !== null && on !== document.body) left.set(place, on);
  place = view.name === "floor" ? view.name : location.hash; // the floor has two addresses
}

/** Whose place of the keyboard has gone with the page they left finds it where it was when they were here before. */
function comeBack() {
  const on = document.activeElement;
  const before = left.get(place);
  if ((on === document.body || !on.checkVisibility()) && before?.isConnected && !before.matches("input, textarea")) before.focus({ preventScroll: true });
}

export function start() {
  document.body.dataset.side = "yours";
  for (const name of TABS) {
    byId(`tab-${name}`).addEventListener("click", () => show(name));
    byId(`tab-${name}`).addEventListener("keydown", step);
  }
  PHONE.addEventListener("change", update);
  WIDE.addEventListener("change", update);
  themeSwitch.start(byId("theme"), render.redraw);
  update();
  state.watch("view", (view) => {
    leave(view);
    byId("market").hidden = view.name !== "floor";
    for (const name of PAGES) byId(name).hidden = view.name !== name;
    if (PHONE.matches && current !== "market") show("market");
    comeBack();
  });
}
