// Small trades as they happen, joined into one feed.

import { chip } from "./board.js";
import * as clock from "./clock.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

/** Draws into `host` and follows the market. */
export function create(host) {
  const list = h("ol");
  host.append(h("h2", { id: "feed-title" }, "Trades"), list);
  state.watch("market", (market) => {
    const tape = market?.tape ?? [];
    host.hidden = !tape.length;
    const names = new Map((market?.rows ?? []).map((row) => [row.o, row.name]));
    list.replaceChildren(...tape.map((trade) => row(trade, names.get(trade.o) ?? "")));
  });
}

function row(trade, name) {
  return h(
    "li",
    {},
    h("span", { class: "what" }, trade.who ? `${trade.who} ` : "", trade.buy ? "Bought " : "Sold ", format.tokens(trade.size), " ", chip(trade.o), h("b", { dir: "auto" }, name), ` ${trade.side.toUpperCase()}`),
    h("span", { class: "price-of" }, `at ${format.price(trade.price)}`),
    h("time", { class: "when", datetime: new Date(trade.at).toISOString(), title: format.momentInFull(trade.at) }, format.moment(trade.at, clock.now())),
  );
}
