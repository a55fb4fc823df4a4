// Trades as they happen: all of them in one feed, the small ones too, so that announcements keep to what people come for.

import { chip } from "./board.js";
import * as clock from "./clock.js";
import { calm, h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

const FEW = 6;
const LEAST = 10_000; // a cent: less is not news
const PEOPLE = "outcry-feed-people"; // whether what programs trade is left out

/** Draws into `host` and follows the market. */
export function create(host) {
  const list = h("ol");
  const more = h("button", { type: "button", class: "quiet-button", "aria-expanded": "false", on: { click: unfold } }, "More");
  const people = h("button", { type: "button", class: "quiet-button", "aria-pressed": "false", on: { click: choose } }, "Without programs");
  const none = h("p", { class: "quiet", hidden: true }, "People have not traded lately.");
  host.append(h("div", { class: "head" }, h("h2", { id: "feed-title" }, "Trades"), people), list, none, more);
  let seen = null;
  let market = null;
  let all = false;
  let alone = remembered();
  const update = keyed(list, (trade) => `${market} ${trade.id}`, (trade) => row(trade, seen !== null && trade.id > seen));

  function unfold() {
    all = !all;
    more.setAttribute("aria-expanded", String(all));
    more.textContent = all ? "Fewer" : "More";
    draw(state.get("market"));
  }

  function choose() {
    alone = !alone;
    try {
      localStorage.setItem(PEOPLE, alone ? "on" : "off");
    } catch {
      // asked again with the next page
    }
    draw(state.get("market"));
  }

  function draw(next) {
    const whole = (next?.tape ?? []).filter((trade) => trade.amount >= LEAST);
    const tape = whole.filter((trade) => !alone || !trade.by_key);
    host.hidden = !whole.length;
    people.hidden = !alone && !whole.some((trade) => trade.by_key);
    people.setAttribute("aria-pressed", String(alone));
    none.hidden = tape.length > 0;
    if (market !== next?.market) seen = null;
    market = next?.market;
    more.hidden = tape.length <= FEW;
    update(all ? tape : tape.slice(0, FEW));
    seen = Math.max(seen ?? 0, ...tape.map((trade) => trade.id));
  }
  state.watch("market", draw);
}

function remembered() {
  try {
    return localStorage.getItem(PEOPLE) === "on";
  } catch {
    return false;
  }
}

/** The mark of what a program traded for its maker; nothing for people's trades. */
export function mark(trade) {
  return trade.by_key ? h("span", { class: "by-program", role: "img", "aria-label": "by a program", title: "A program traded this for its maker." }, "⚙") : null;
}

function row(trade, fresh) {
  const name = h("b", { dir: "auto" });
  const verb = trade.buy === null ? "Swapped hands: " : trade.buy ? "Bought " : "Sold ";
  const time = h("time", { class: "when", datetime: new Date(trade.at).toISOString(), title: format.momentInFull(trade.at) });
  const element = h(
    "li",
    { class: fresh && !calm() ? "arrives" : null },
    h("span", { class: "what" }, trade.who ? h("b", { dir: "auto" }, `${trade.who} `) : null, verb, `${format.tokens(trade.size)} `, chip(trade.outcome), name, h("span", { class: "side-word", "data-side": trade.side }, trade.side.toUpperCase()), mark(trade)),
    h("span", { class: "at" }, format.price(trade.price)),
    h("span", { class: "amount" }, format.money(trade.amount)),
    time,
  );
  return {
    element,
    update() {
      name.textContent = state.get("market")?.rows.find((outcome) => outcome.outcome === trade.outcome)?.name ?? "";
      time.textContent = format.moment(trade.at, clock.now());
    },
  };
}
