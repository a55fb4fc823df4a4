// The ticket: a sheet in which one side of an outcome is bought or sold. Its quote lives while one drags, one Confirm sends
// what it shows, and the sheet stays until it is known what became of it.

import * as amounts from "./ticket_amount.js";
import { chip } from "./board.js";
import { byId, calm, h } from "./dom.js";
import * as figures from "./ticket_figures.js";
import * as format from "./format.js";
import * as lines from "./lines.js";
import * as more from "./ticket_more.js";
import * as quotes from "./ticket_quotes.js";
import * as render from "./render.js";
import * as state from "./state.js";
import * as visitor from "./visitor.js";

const PHONE = matchMedia("(max-width: 759px)");
const SWIPED = 90; // pixels, from where on a sheet that is pulled down goes
const HEARD_MS = 900; // how long a quote stands before it is read out

const host = byId("sheet-ticket");
let handlers = {};
let wish = null; // {market, outcome, side, action, amount, limit, slippage, autofill}; null while it is closed
let quote = null; // the newest, of `quoted`
let quoted = "";
let opener = null;
let following = null; // the number of the message that says what became of the order
let busy = false;
let untouched = false; // nobody has chosen the amount yet
const last = { buy: "$10", sell: "all" }; // what was chosen before
let stepped = false; // a step of the history is ours
const kept = new Map(); // the newest state of messages that are tickets

const live = quotes.create({ quote: show, refused: (sentence) => trouble(sentence), away: () => trouble("The room cannot be reached just now; trying again.") });
const amount = amounts.create((text) => change({ amount: text }));
const extra = more.create((chosen) => change(chosen));
const table = figures.create();

const part = {
  grip: h("div", { class: "ticket-grip", "aria-hidden": "true" }),
  name: h("h2", { id: "ticket-name", tabindex: -1 }),
  ways: h("div", { class: "ticket-ways", role: "group", "aria-label": "Buy or sell" }, way("buy", "Buy"), way("sell", "Sell")),
  sides: h("div", { class: "ticket-sides", role: "group", "aria-label": "Side" }, side("yes"), side("no")),
  sentence: h("div", { class: "ticket-problem" }),
  notes: h("div", { class: "ticket-notes" }),
  offers: h("div", { class: "actions ticket-offers" }),
  confirm: h("button", { type: "submit", class: "ticket-confirm" }),
  heard: h("p", { class: "unseen", "aria-live": "polite" }),
  join: h("div", { class: "ticket-newcomer", hidden: true }),
  result: h("div", { class: "ticket-result", hidden: true }),
};
const form = h("form", { novalidate: true, on: { submit: (event) => (event.preventDefault(), confirm()) } });

/** Puts the sheet together, closed. `handlers` as in render.js. */
export function create(given) {
  handlers = given;
  host.setAttribute("aria-labelledby", "ticket-name");
  host.removeAttribute("aria-label");
  const close_ = h("button", { type: "button", class: "icon", "aria-label": "Close the ticket", on: { click: () => close() } }, "×");
  form.append(part.sides, amount.element, part.sentence, table.element, part.notes, part.offers, extra.element, h("div", { class: "ticket-foot" }, part.join, part.confirm));
  host.replaceChildren(part.grip, h("header", {}, part.name, part.ways, close_), form, part.result, part.heard);
  host.addEventListener("keydown", keys);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && wish && !document.querySelector("dialog[open]") && close());
  addEventListener("popstate", () => (stepped = false, close()));
  PHONE.addEventListener("change", modal);
  swipes();
  state.watch("market", refresh);
  state.watch("account", refresh);
  state.watch("visitor", refresh);
  state.watch("view", (view) => wish && view && (view.name === "markets" || view.name === "theatre") && close());
  state.watch("message", follow);
  state.watch("late", () => wish && button());
}

export const isOpen = () => wish !== null;

/** Opens it, or turns it to something else, for `{market, outcome, side, action: "buy" | "sell", amount?}`. */
export function open(asked) {
  if (!asked.market) return false;
  if (!wish) {
    opener = document.activeElement;
    history.pushState({ ticket: true }, "");
    stepped = true;
  }
  const same = wish && wish.outcome === asked.outcome && wish.action === asked.action;
  wish = { market: asked.market, outcome: asked.outcome, side: asked.side, action: asked.action, amount: "", limit: "", slippage: "", autofill: null };
  wish.amount = asked.amount ?? (same && amount.field.value ? amount.field.value : last[asked.action]);
  untouched = !asked.amount;
  amount.set(wish.amount);
  extra.set({}, wish.action === "buy");
  edit();
  host.hidden = false;
  document.body.classList.add("ticketed");
  modal();
  if (PHONE.matches) part.name.focus({ preventScroll: true });
  else amount.field.focus({ preventScroll: true });
  keepInSight();
}

/** Back to where one was. */
export function close() {
  if (!wish) return;
  wish = null;
  following = null;
  live.stop();
  host.hidden = true;
  host.style.translate = "";
  document.body.classList.remove("ticketed");
  modal();
  if (stepped && history.state?.ticket) history.back();
  stepped = false;
  if (host.contains(document.activeElement) || document.activeElement === document.body) {
    if (opener?.isConnected && !opener.disabled) opener.focus({ preventScroll: true });
  }
  opener = null;
}

// --- choosing ---------------------------------------------------------------------------------------------------------

function way(action, label) {
  return h("button", { type: "button", "data-action": action, on: { click: () => wish.action !== action && change({ action, amount: last[action], limit: "", slippage: "", autofill: null }) } }, label);
}

function side(name) {
  return h("button", { type: "button", class: name, "data-side": name, on: { click: () => change({ side: name }) } }, h("span", {}, name.toUpperCase()), h("b", {}));
}

function change(chosen) {
  wish = { ...wish, ...chosen };
  if ("amount" in chosen && amount.field.value !== wish.amount) amount.set(wish.amount);
  if ("action" in chosen) extra.set(wish, wish.action === "buy");
  if (wish.amount) last[wish.action] = wish.amount;
  untouched = false;
  following = null;
  paint();
  ask();
}

/** The sheet as one chooses in it. */
function edit() {
  following = null;
  part.result.hidden = true;
  form.hidden = false;
  quoted = "";
  trouble("");
  paint();
  ask();
}

const ask = () => (table.wait(key() !== quoted), button(), live.ask(wish));
const key = () => JSON.stringify(wish);
const market = () => (state.get("market")?.market === wish?.market ? state.get("market") : null);
const rowOf = (outcome) => market()?.rows.find((row) => row.outcome === outcome);
const names = (outcome) => rowOf(outcome)?.name ?? `#${outcome + 1}`;
const account = () => (state.get("account")?.market === wish?.market ? state.get("account") : null);
const holding = () => account()?.holdings?.find((held) => held.outcome === wish.outcome && held.side === wish.side);

/** The market or the account has moved: prices here follow, and what is quoted is asked anew. */
let seen = "";
function refresh() {
  if (!wish) return;
  paint();
  const now = JSON.stringify([market()?.tick, market()?.state, account()?.cash, account()?.joined, state.get("visitor")?.name]);
  if (now === seen || !part.result.hidden) return;
  seen = now;
  ask();
}

function paint() {
  const row = rowOf(wish.outcome);
  part.name.replaceChildren(chip(wish.outcome), h("span", { dir: "auto" }, names(wish.outcome)));
  for (const pressed of part.sides.children) {
    pressed.setAttribute("aria-pressed", String(pressed.dataset.side === wish.side));
    pressed.querySelector("b").textContent = row?.active ? format.price(row[pressed.dataset.side]) : "";
  }
  const holds = Boolean(holding()) || wish.action === "sell";
  part.ways.hidden = !holds;
  for (const pressed of part.ways.children) pressed.setAttribute("aria-pressed", String(pressed.dataset.action === wish.action));
  host.dataset.side = wish.side;
  host.dataset.action = wish.action;
  newcomer();
  button();
}

// --- the quote --------------------------------------------------------------------------------------------------------

function show(fresh, of) {
  if (!wish || of.market !== wish.market) return;
  quote = fresh;
  quoted = JSON.stringify(of);
  const buying = of.action === "buy";
  const most = (fresh.largest?.spend ?? 0) / 1e6;
  if (!fresh.ok && untouched && buying && most > 0 && most < Number(wish.amount.slice(1))) return change({ amount: `$${most}` });
  const size = !fresh.ok ? null : buying ? fresh.spend - fresh.gas + fresh.escrow : fresh.size + fresh.rests;
  amount.fit(fresh.largest, size, { buying, shares: fresh.cash !== null, note: means(fresh, buying) });
  if (fresh.ok) {
    table.update(fresh, { names, held: fresh.free ?? 0 });
    extra.fit(fresh);
    trouble("");
  } else {
    trouble(fresh.sentence);
  }
  table.element.hidden = !fresh.ok;
  const notes = [...(fresh.unread ?? []), ...(fresh.notes ?? [])].filter((block) => block.t === "line" && !typed(block.parts));
  part.notes.replaceChildren(...notes.map((block) => h("p", {}, render.line(block.parts, handlers))));
  part.notes.classList.toggle("careful", Boolean(fresh.only_loses));
  part.offers.replaceChildren(...(fresh.offers ?? []).map(offer));
  table.wait(key() !== quoted);
  button();
  hear(fresh);
}

/** Lines to be typed are no help here: the sheet does what they say. */
const typed = (parts) => parts.some((one) => one.s === "code" && one.x !== "/rules");

function means(fresh, buying) {
  if (buying) return fresh.cash === null ? "" : `of ${figures.dollars(fresh.cash)}`;
  return fresh.free === null ? "" : `of ${figures.tokens(fresh.free)} tokens`;
}

function offer(other) {
  const { label, ...order } = other;
  const take = () => {
    change({ outcome: order.outcome, side: order.side, action: order.action, amount: order.amount ?? "", limit: order.limit ?? "", slippage: order.slippage ?? "", autofill: order.autofill ? order.autofill === "yes" : null });
    extra.set(wish, wish.action === "buy");
    amount.field.focus({ preventScroll: true });
  };
  return h("button", { type: "button", class: quote?.only_loses ? "primary" : undefined, on: { click: take } }, label);
}

function trouble(told) {
  const parts = typeof told === "string" ? [told] : render.line(told, handlers);
  part.sentence.replaceChildren(...(told.length ? [h("p", {}, parts)] : []));
}

let hearing = 0;
/** Read out once it stands, not at every step of a drag. */
function hear(fresh) {
  clearTimeout(hearing);
  hearing = setTimeout(() => {
    if (wish && part.result.hidden) part.heard.textContent = format.plain(fresh.ok ? fresh.head : fresh.sentence);
  }, HEARD_MS);
}

// --- confirming -------------------------------------------------------------------------------------------------------

const ready = () => Boolean(quote?.ok) && key() === quoted && !busy && isMember();
const isMember = () => !visitor.isStranger() && account()?.joined !== false;

function button() {
  const shown = part.confirm;
  shown.hidden = !isMember();
  shown.setAttribute("aria-disabled", String(!ready()));
  shown.classList.toggle("careful", Boolean(quote?.only_loses));
  shown.setAttribute("aria-busy", String(busy));
  shown.textContent = !busy ? label() : state.get("late") ? "Goes out when the room is back" : "Sending";
}

function label() {
  const verb = wish.action === "buy" ? "Buy" : "Sell";
  if (!quote?.ok || (quote.spend === undefined) !== (wish.action === "sell")) return verb;
  if (quote.only_loses) return `${verb} as asked for ${sum()}`;
  return quote.rests ? `${verb} for ${wish.action === "buy" ? "at most" : "at least"} ${sum()}` : `${verb} for ${sum()}`;
}

const sum = () => (quote.spend === undefined ? figures.dollars(quote.rests ? quote.worst : quote.get) : figures.dollars(quote.rests ? quote.worst : quote.spend, true));

async function confirm() {
  if (visitor.isStranger()) return join();
  if (!ready()) return;
  busy = true;
  button();
  const { market: where } = wish;
  const message = await lines.order(where, quote.line, quote.order);
  busy = false;
  if (!wish || wish.market !== where) return;
  if (!message) return edit();
  following = message.id;
  follow(kept.get(message.id) ?? message);
}

/** What became of it: the message that answers says so, and says it anew once its turn has come. */
function follow(message) {
  if (message.reply?.ticket !== undefined) {
    kept.set(message.id, message);
    if (kept.size > 50) kept.delete(kept.keys().next().value);
  }
  if (!wish || message.id !== following) return;
  const { reply } = message;
  if (!reply.ok && reply.ticket === undefined) {
    edit(); // refused whole, nothing was ordered: what it would be now, and why it was not
    trouble(reply.head);
    part.heard.textContent = format.plain(reply.head);
    return;
  }
  const waits = reply.ok && message.edited === null;
  const focused = form.contains(document.activeElement) || part.result.contains(document.activeElement);
  part.result.dataset.state = waits ? "waits" : reply.ok ? "done" : "failed";
  const done = h("button", { type: "button", class: "ticket-confirm", on: { click: () => close() } }, "Done");
  const again = h("button", { type: "button", class: reply.ok ? "ticket-again" : "ticket-again primary", on: { click: () => edit() } }, reply.ok ? (wish.action === "buy" ? "Buy more" : "Sell more") : "Try again");
  part.result.replaceChildren(
    h("i", { class: "ticket-sign", "aria-hidden": "true" }),
    h("div", { class: "ticket-told" }, render.reply(message, handlers)),
    h("div", { class: "ticket-foot" }, ...(waits ? [done] : reply.ok ? [again, done] : [again])),
  );
  part.result.hidden = false;
  form.hidden = true;
  if (focused) part.result.querySelector(".ticket-foot button:last-child").focus({ preventScroll: true });
}

// --- newcomers --------------------------------------------------------------------------------------------------------

const nameField = h("input", { id: "ticket-joins", type: "text", maxlength: 32, autocomplete: "nickname", autocapitalize: "words", spellcheck: "false", dir: "auto", placeholder: "Your name" });
const nameError = h("p", { class: "error", role: "alert" });
const joinButton = h("button", { type: "submit", class: "ticket-confirm" }, "Join and buy");
const entry = h("div", { class: "ticket-entry" }, h("label", { for: nameField.id, class: "unseen" }, "Your name here"), nameField, joinButton);
const comeIn = h("button", { type: "button", class: "ticket-confirm", on: { click: () => lines.say("/join") } }, "Join this market");

function newcomer() {
  part.join.hidden = isMember();
  if (part.join.hidden) return;
  const wanted = visitor.isStranger() ? [entry, nameError] : [comeIn];
  if (part.join.firstChild !== wanted[0]) part.join.replaceChildren(...wanted); // what one is typing in stays
}

async function join() {
  nameError.textContent = "";
  joinButton.setAttribute("aria-busy", "true");
  try {
    await visitor.join(nameField.value);
    part.confirm.focus({ preventScroll: true });
  } catch (problem) {
    nameError.textContent = problem.message;
    nameField.focus();
  }
  joinButton.removeAttribute("aria-busy");
}

// --- the frame of it --------------------------------------------------------------------------------------------------

/** On a phone it is all there is to do; beside the board it is one thing of several. */
function modal() {
  host.setAttribute("role", PHONE.matches ? "dialog" : "complementary");
  host.toggleAttribute("aria-modal", false);
  if (PHONE.matches) host.setAttribute("aria-modal", "true");
  for (const id of ["side", "tabs"]) byId(id).inert = wish !== null && !PHONE.matches; // it lies over them there
}

function keys(event) {
  if (event.key !== "Tab" || !PHONE.matches) return;
  const stops = [...host.querySelectorAll("button, input, summary")].filter((stop) => !stop.disabled && stop.offsetParent !== null);
  const [first, last] = [stops[0], stops.at(-1)];
  const on = document.activeElement;
  if (event.shiftKey ? on === first || on === part.name : on === last) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}

/** The price one tapped stays above the sheet. */
function keepInSight() {
  if (!PHONE.matches) return;
  const row = document.querySelector(`#board [data-outcome="${wish.outcome}"]`);
  if (!row?.offsetParent) return;
  host.style.setProperty("--above", `${Math.ceil(byId("market").getBoundingClientRect().top + row.offsetHeight + 10)}px`);
  row.scrollIntoView({ block: "start", behavior: calm() ? "instant" : "smooth" });
}

function swipes() {
  let from = null;
  const end = (event) => {
    if (from === null) return;
    const by = event.clientY - from;
    from = null;
    host.style.translate = "";
    if (by > SWIPED && event.type === "pointerup") close();
  };
  host.addEventListener("pointerdown", (event) => {
    if (PHONE.matches && !event.target.closest("button, input, summary") && (event.target === part.grip || event.target.closest("header"))) {
      from = event.clientY;
      host.setPointerCapture(event.pointerId);
    }
  });
  host.addEventListener("pointermove", (event) => from !== null && (host.style.translate = `0 ${Math.max(0, event.clientY - from)}px`));
  host.addEventListener("pointerup", end);
  host.addEventListener("pointercancel", end);
}
