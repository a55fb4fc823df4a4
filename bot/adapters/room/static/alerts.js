// "Tell me when Germany passes 50¢": the dialog that asks, the rows of what was asked, and a word when it has passed.

import { chip } from "./board.js";
import { h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as frame from "./frame.js";
import * as lines from "./lines.js";
import * as state from "./state.js";
import * as visitor from "./visitor.js";

const TENTH = 1_000; // of a cent, in micro-dollars: the grain of prices
const CENT = 10_000;
const [LOWEST, HIGHEST] = [TENTH, 1_000_000 - TENTH];
const OVER = ["resolved", "disputed", "closed", "voided"];
const STAYS_MS = 15_000; // how long the word of a price that passed stands

let handlers = {};
let wish = null; // {outcome, side, price} while it is asked
let opener = null;

const cents = (micro) => (micro / CENT).toFixed(1);
const short = (micro) => `${Number(cents(micro))}¢`;
const marketRow = (outcome) => state.get("market")?.rows.find((row) => row.outcome === outcome);
const token = (name, side) => [h("b", { dir: "auto" }, name), side === "no" ? " NO" : null];

const part = {
  title: h("h2", { id: "alert-title" }),
  price: h("input", { id: "alert-price", type: "text", inputmode: "decimal", autocomplete: "off", maxlength: 6, "aria-describedby": "alert-now" }),
  slider: h("input", { type: "range", min: 1, max: 999, step: 1, "aria-label": "Price to be told of" }),
  now: h("p", { id: "alert-now", class: "alert-now" }),
  name: h("input", { id: "alert-name", type: "text", maxlength: 32, autocomplete: "nickname", autocapitalize: "words", spellcheck: "false", dir: "auto", placeholder: "What others see" }),
  error: h("p", { class: "error", role: "alert" }),
  submit: h("button", { type: "submit", class: "primary" }),
};
const newcomer = h("p", { class: "alert-name" }, h("label", { for: part.name.id }, "Your name"), part.name);
const dialog = h(
  "dialog",
  { class: "alert-ask", "aria-labelledby": part.title.id, on: { close: closed, click: (event) => event.target === dialog && dialog.close() } },
  h(
    "form",
    { novalidate: true, on: { submit: (event) => (event.preventDefault(), send()) } },
    h("header", {}, part.title, h("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: () => dialog.close() } }, "×")),
    h(
      "div",
      { class: "alert-price" },
      stepper("−", "A cent less", -CENT),
      h("p", {}, h("label", { class: "unseen", for: part.price.id }, "Price in cents"), part.price, h("span", { "aria-hidden": "true" }, "¢")),
      stepper("+", "A cent more", CENT),
    ),
    part.slider,
    part.now,
    newcomer,
    part.error,
    part.submit,
  ),
);
const word = h("div", { class: "alert-passed", hidden: true });

/** Puts dialog and word into the page. `handlers` as in render.js. */
export function start(given) {
  handlers = given;
  document.body.append(dialog, word);
  part.price.addEventListener("input", typed);
  part.price.addEventListener("blur", () => wish && set(wish.price));
  part.price.addEventListener("keydown", keys);
  part.slider.addEventListener("input", () => set(part.slider.value * TENTH));
  state.watch("market", () => (wish && draw(), look()));
  state.watch("visitor", () => wish && draw());
  state.watch("account", follow);
  state.watch("late", (sentence) => wish && part.submit.ariaBusy && (part.error.textContent = sentence));
}

// --- asking -----------------------------------------------------------------------------------------------------------

/** Asks for an alert on `{outcome, price, side?}`, the price in micro-dollars: with the dialog, so that it can be changed. */
export function ask({ outcome, price, side = "yes" }) {
  if (!marketRow(outcome)) return;
  opener = document.activeElement;
  wish = { outcome, side, price: 0 };
  part.error.textContent = "";
  const { name } = marketRow(outcome);
  part.title.replaceChildren("Tell me when ", h("span", { class: "alert-token" }, chip(outcome), ...token(name, side)), " passes");
  set(price);
  dialog.showModal();
  part.price.focus({ preventScroll: true });
  part.price.select();
}

function closed() {
  wish = null;
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

function stepper(sign, label, by) {
  return h("button", { type: "button", "aria-label": label, on: { click: () => set(wish.price + by) } }, sign);
}

function keys(event) {
  const by = { ArrowUp: TENTH, ArrowDown: -TENTH, PageUp: 5 * CENT, PageDown: -5 * CENT }[event.key];
  if (!by) return;
  event.preventDefault();
  set(wish.price + by * (event.shiftKey ? 10 : 1));
}

/** What is typed counts as it is typed; it is put right when one leaves the field. */
function typed() {
  const value = Number(part.price.value.replace(",", ".").replace(/[¢c\s]/g, ""));
  if (part.price.value.trim() && Number.isFinite(value)) set(value * CENT, { typing: true });
}

function set(price, { typing = false } = {}) {
  wish.price = Math.min(HIGHEST, Math.max(LOWEST, Math.round(price / TENTH) * TENTH));
  if (!typing) part.price.value = cents(wish.price);
  part.slider.value = wish.price / TENTH;
  part.slider.setAttribute("aria-valuetext", `${cents(wish.price)} cents`);
  draw();
}

/** Where the price is, which way it has to go, and whether there is anything to wait for. */
function draw() {
  const market = state.get("market");
  const row = marketRow(wish.outcome);
  const now = row?.active ? format.tenths(row[wish.side]) * TENTH : null;
  const why = !row?.active || OVER.includes(market.state) ? "Trading is over here, so there is no price to wait for." : market.state === "lobby" ? "Trading has not started yet." : now === wish.price ? `It is at ${format.price(now)} now: choose another price.` : "";
  const shown = [`Now ${now === null ? "out" : format.price(now)}. `, why || `You are told once, in private, when it ${wish.price > now ? "rises" : "falls"} to ${short(wish.price)}.`];
  if (part.now.textContent !== shown.join("")) part.now.textContent = why ? why : shown.join("");
  const [low, high] = [wish.price, now ?? wish.price].sort((a, b) => a - b);
  for (const [name, value] of Object.entries({ "--low": low, "--high": high, "--now": now ?? low })) part.slider.style.setProperty(name, `${value / 10_000}%`);
  const stranger = visitor.isStranger();
  newcomer.hidden = !stranger;
  part.submit.textContent = stranger ? "Join and tell me" : "Tell me";
  part.submit.setAttribute("aria-disabled", String(Boolean(why)));
}

async function send() {
  if (part.submit.ariaBusy || part.submit.getAttribute("aria-disabled") === "true") return;
  part.submit.ariaBusy = "true";
  part.error.textContent = "";
  const asked = wish;
  try {
    if (visitor.isStranger()) await visitor.join(part.name.value);
    if (asked === wish) answered(await lines.say(line(asked)));
  } catch (problem) {
    part.error.textContent = problem.message;
    part.name.focus();
  }
  part.submit.ariaBusy = null;
}

function answered(message) {
  const sentence = message?.reply ? format.plain(message.reply.head) : "That did not go through; the chat says why.";
  if (!message?.reply?.ok) {
    part.error.textContent = sentence;
    return;
  }
  dialog.close();
  if (!frame.seen("talk")) frame.notice(sentence, () => frame.show("talk"));
}

/** The line that says the same; a name that a line could take for something else goes by its number. */
function line({ outcome, side, price }) {
  const { name } = marketRow(outcome);
  const plain = /^(?!price$|outcome$)\p{L}[\p{L}\p{M} .'’-]*$/iu.test(name);
  return `/alert ${plain ? format.typed(name) : `#${outcome + 1}`} ${side === "no" ? "no " : ""}${Number(cents(price))}c`;
}

// --- what was asked ---------------------------------------------------------------------------------------------------

/** Keeps `host` filled with a row for each alert of the account. */
export function rows(host) {
  const list = h("ul");
  const element = h("section", { "aria-label": "Alerts", hidden: true }, h("h3", {}, "Alerts"), list);
  const update = keyed(list, (alert) => alert.id, alertRow);
  host.append(element);
  const drawAll = () => {
    const alerts = state.get("account")?.alerts ?? [];
    update(alerts);
    element.hidden = !alerts.length;
  };
  state.watch("account", drawAll);
  state.watch("market", drawAll);
}

function alertRow() {
  const what = h("span", { class: "what" });
  const price = h("b", { class: "worth" });
  const more = h("span", { class: "more" });
  let shown = null;
  const cancel = h("button", { type: "button", on: { click: () => handlers.say(shown.cancel) } }, "Cancel");
  const element = h("li", {}, what, price, more, cancel);
  return {
    element,
    update(alert) {
      const side = alert.side === "no" ? h("span", { class: "side-word", "data-side": "no" }, "NO") : null;
      if (!shown) what.append(chip(alert.outcome), h("b", { dir: "auto" }, alert.name), ...(side ? [side] : []));
      shown = alert;
      const row = marketRow(alert.outcome);
      price.textContent = short(alert.price);
      more.textContent = `${alert.above ? "when it rises there" : "when it falls there"}${row?.active ? ` · now\u00a0${format.price(row[alert.side])}` : ""}`;
      cancel.setAttribute("aria-label", `Cancel: ${alert.name}${alert.side === "no" ? " NO" : ""} ${short(alert.price)}`);
    },
  };
}

// --- what has passed --------------------------------------------------------------------------------------------------

let waiting = new Map(); // alerts of the account by id
let looking = null; // the account they are of
let gone = []; // those that are not there any more, with the tick since when, until the market is as far
let leaves = 0;

/** An alert that is not there any more was told, taken back, or went with its outcome: the price says which. */
function follow(account) {
  const alerts = new Map((account?.joined ? account.alerts : []).map((alert) => [alert.id, alert]));
  const same = looking && account && looking.market === account.market && looking.name === account.name;
  if (same) gone.push(...[...waiting.values()].filter((alert) => !alerts.has(alert.id)).map((alert) => ({ ...alert, market: account.market, tick: account.tick })));
  else gone = [];
  [waiting, looking] = [alerts, account];
  look();
}

function look() {
  const market = state.get("market");
  if (!gone.length || !market || market.tick === undefined || market.market !== gone[0].market || market.tick < gone[0].tick) return;
  const passed = gone.find((alert) => {
    const row = marketRow(alert.outcome);
    const now = row?.active ? format.tenths(row[alert.side]) * TENTH : null;
    return now !== null && (alert.above ? now >= alert.price : now <= alert.price);
  });
  gone = [];
  if (passed && !OVER.includes(market.state)) say(passed, marketRow(passed.outcome));
}

function say(alert, row) {
  const buy = () => (leave(), handlers.pick({ outcome: alert.outcome, name: alert.name, side: alert.side, action: "buy" }));
  word.replaceChildren(
    h("p", {}, chip(alert.outcome), ...token(alert.name, alert.side), ` ${format.tenths(row[alert.side]) * TENTH === alert.price ? "reached" : "passed"} ${short(alert.price)}: it is at ${format.price(row[alert.side])}.`),
    h("button", { type: "button", class: "primary", on: { click: buy } }, "Buy"),
    h("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: leave } }, "×"),
  );
  word.hidden = false;
  stay();
}

/** It goes by itself, but not from under somebody's hand. */
function stay() {
  clearTimeout(leaves);
  leaves = setTimeout(() => (word.matches(":hover, :focus-within") ? stay() : leave()), STAYS_MS);
}

function leave() {
  clearTimeout(leaves);
  word.hidden = true;
}
