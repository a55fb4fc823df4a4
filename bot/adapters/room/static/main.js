// The room's page: who is here, which messages there are, and where each of them is shown.

import * as api from "./api.js";
import * as board from "./board.js";
import * as clock from "./clock.js";
import { byId, h } from "./dom.js";
import * as messages from "./messages.js";
import * as format from "./format.js";
import * as commandLine from "./command_line.js";
import * as render from "./render.js";
import * as dialogs from "./dialogs.js";
import * as eventStream from "./event_stream.js";

const NARROW = matchMedia("(max-width: 820px)");
const seen = new Map(); // message id to the newest seq shown
const handlers = { press, insert, openForm: ask, enlarge: dialogs.enlarge, pick, buttons: (message) => render.buttons(message, handlers), line: (parts) => render.line(parts, handlers) };
const line = commandLine.create(say);
const news = messages.news(handlers);
const talk = messages.talk(handlers);
const events = eventStream.open({ page, clock: beat, link });
let pinned = null; // the board: {id, view}
let first = true;
let waiting = 0;

// --- messages ---------------------------------------------------------------------------------------------------------

function page(data) {
  beat(data);
  for (const message of data.messages) apply(message, !first);
  if (first && !pinned) noBoard();
  first = false;
  document.body.classList.remove("loading");
}

/** Shows a message, once for each of its states, whichever way it came. */
function apply(message, fresh) {
  if ((seen.get(message.id) ?? -1) >= message.seq) return;
  const edited = seen.has(message.id);
  seen.set(message.id, message.seq);
  if (message.channel === "board") pin(message);
  else if (message.channel === "news") {
    news.put(message, fresh);
    if (fresh) mark("market");
  } else {
    talk.put(message, fresh);
    if (fresh && message.private) announce(message);
    if (fresh && (message.private || !edited)) mark("talk");
  }
}

function pin(message) {
  const data = message.reply.blocks.find((block) => block.t === "board");
  if (!data || (pinned && message.id < pinned.id)) return;
  if (pinned && pinned.id === message.id) {
    pinned.view.update(data, message);
  } else {
    pinned?.view.stop();
    pinned = { id: message.id, view: board.create(data, message, handlers) };
    byId("board").replaceChildren(pinned.view.element);
  }
  const best = data.rows[0];
  document.title = best && best.in ? `${best.name} ${format.price(best.yes)} · Outcry` : "Outcry";
}

function noBoard() {
  byId("board").replaceChildren(
    h(
      "div",
      { class: "sheetlike nothing" },
      h("h2", {}, "No market here yet"),
      h("p", {}, "Once an admin opens one, its prices stand here and move as people trade. ", render.line([{ x: "/help", s: "code" }], handlers), " shows what there is."),
    ),
  );
}

function announce(message) {
  byId("announced").textContent = message.reply ? format.plain(message.reply.head) : "";
}

// --- what the person does -----------------------------------------------------------------------------------------------

async function say(text) {
  show("talk");
  await sendUntilAnswered("api/say", { text, request: api.newRequest() }, () => line.restore(text));
}

async function press(action, message, button) {
  if (isStranger()) return byId("name").focus();
  if (button.ariaBusy) return; // not disabled: that would take the keyboard's place away
  button.ariaBusy = "true";
  await sendUntilAnswered("api/press", { text: action.text, message: message.id, request: api.newRequest() }, () => {});
  button.ariaBusy = null;
}

async function sendUntilAnswered(path, payload, refused) {
  let late = false;
  const wait = (on) => {
    if (late !== on) waiting += on ? 1 : -1;
    late = on;
    byId("wait").textContent = waiting ? "The room cannot be reached just now. What you sent goes out as soon as it can." : "";
  };
  try {
    showAnswer(await api.send(path, payload, wait));
  } catch (problem) {
    refused();
    talk.remark(problem.message);
    byId("announced").textContent = problem.message;
  } finally {
    wait(false);
  }
}

function showAnswer(message) {
  apply(message, true);
  if (message.form) ask(message.form, message.id);
}

function ask(form, id) {
  dialogs.openForm(form, id, (message) => apply(message, true));
}

/** A command somebody wrote about, into the command line: up to where its arguments are only described. */
function insert(text) {
  if (isStranger()) byId("name").focus();
  else line.set(text.replace(/\s*[[<].*$/, " "));
}

function pick(name, side) {
  if (isStranger()) byId("name").focus();
  else line.set(`/buy ${format.typed(name)} ${side} `);
}

// --- who is here ------------------------------------------------------------------------------------------------------------

async function loadVisitor() {
  try {
    showVisitor(await api.get("api/me"));
  } catch {
    setTimeout(loadVisitor, 1500);
  }
}

/** Whether this browser has no name yet: whatever is pressed then leads to the one field there is. */
const isStranger = () => byId("line").hidden;

function showVisitor(me) {
  const nameless = !me.name;
  document.body.classList.toggle("stranger", nameless);
  byId("join").hidden = !nameless;
  byId("line").hidden = nameless;
  byId("who").replaceChildren(...(nameless ? [] : [h("b", {}, me.name)]), ...(me.admin ? [h("span", { class: "badge" }, "admin")] : []));
  show(nameless ? "market" : current);
}

byId("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  const error = byId("join-error");
  const button = event.currentTarget.querySelector("button");
  button.disabled = true;
  error.textContent = "";
  try {
    const trying = () => (error.textContent = "The room cannot be reached just now; trying again.");
    showVisitor(await api.send("api/join", { name: byId("name").value, request: api.newRequest() }, trying));
    error.textContent = "";
    seen.clear();
    news.clear();
    talk.clear();
    first = true;
    events.restart();
    show(NARROW.matches ? "talk" : current);
    line.focus();
  } catch (problem) {
    error.textContent = problem.message;
    byId("name").focus();
  }
  button.disabled = false;
});

// --- the frame --------------------------------------------------------------------------------------------------------------

let current = "market";

/** On a phone one of the two is shown; side by side both are. */
function show(tab) {
  current = tab;
  document.body.dataset.tab = tab;
  mark(tab, false);
  updateTabs();
  if (tab === "talk") talk.toEnd();
}

function mark(tab, on = true) {
  byId(`tab-${tab}`).classList.toggle("new", on && (NARROW.matches ? current !== tab : false));
}

function updateTabs() {
  const narrow = NARROW.matches;
  const bar = byId("tabs");
  if (narrow) bar.setAttribute("role", "tablist");
  else bar.removeAttribute("role");
  for (const name of ["market", "talk"]) {
    const tab = byId(`tab-${name}`);
    const panel = byId(name);
    if (narrow) {
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(current === name));
      tab.tabIndex = current === name ? 0 : -1;
      panel.setAttribute("role", "tabpanel");
    } else {
      panel.removeAttribute("role");
    }
  }
}

for (const name of ["market", "talk"]) {
  byId(`tab-${name}`).addEventListener("click", () => show(name));
  byId(`tab-${name}`).addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = name === "market" ? "talk" : "market";
    show(other);
    byId(`tab-${other}`).focus();
  });
}
NARROW.addEventListener("change", updateTabs);

/** Whoever just types means the command line, wherever a click has left the keyboard. */
document.addEventListener("keydown", (event) => {
  const aimed = event.target.closest("input, textarea, select, dialog");
  const letter = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (letter && !aimed && !isStranger()) line.focus();
});

function beat(data) {
  clock.set(data.now_ms, data.speed);
  byId("here").textContent = data.here > 1 ? `${data.here} here` : "";
}

function link(up, why) {
  document.body.classList.toggle("offline", !up);
  byId("link").textContent = up || why ? "" : "Reconnecting";
  byId("full").textContent = why || "";
  if (why) document.body.classList.remove("loading");
}

const theme = byId("theme");
function labelTheme() {
  const other = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  theme.setAttribute("aria-label", `Switch to the ${other} theme`);
  theme.title = `Switch to the ${other} theme`;
}
theme.addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("outcry-theme", next);
  } catch {
    // storage may be off: then the choice lasts as long as the page
  }
  for (const image of document.querySelectorAll("img.chart")) image.src = render.chartAddress(image.dataset.id, image.dataset.index, image.dataset.seq);
  labelTheme();
});

labelTheme();
updateTabs();
loadVisitor();
