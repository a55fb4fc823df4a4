// What is one's own: how it went, holdings, orders that wait, alerts, trades.

import * as alerts from "./alerts.js";
import { chip } from "./board.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

/** Draws into `host` and follows the account. */
export function create(host, handlers) {
  const holdings = h("ul", { class: "holdings" });
  const orders = h("ul", { class: "orders" });
  const alertRows = h("div", { class: "alerts" });
  const empty = h("p", { class: "empty" }, "You hold nothing yet. Tap a price: the ticket says what you would spend, and what you get if it is right.");
  const ordersTitle = h("h3", {}, "Waiting orders");
  host.append(h("h2", {}, "Yours"), empty, holdings, ordersTitle, orders, alertRows);
  alerts.rows(alertRows);
  state.watch("account", (account) => {
    const mine = account?.joined ? account : null;
    empty.hidden = Boolean(mine?.holdings.length);
    orders.hidden = ordersTitle.hidden = !mine?.orders.length;
    holdings.replaceChildren(...(mine?.holdings ?? []).map((holding) => holdingRow(holding, handlers)));
    orders.replaceChildren(...(mine?.orders ?? []).map((order) => orderRow(order, handlers)));
  });
}

function holdingRow(holding, handlers) {
  return h(
    "li",
    {},
    h("span", { class: "what" }, chip(holding.o), h("b", { dir: "auto" }, holding.name), ` ${holding.side.toUpperCase()}`),
    h("span", { class: "worth" }, format.money(holding.worth)),
    h("span", { class: "more" }, `${format.tokens(holding.tokens)} tokens · ${format.money(holding.if_right)} if right`),
    h("span", { class: "profit" }, format.gain(holding.profit)),
    h("button", { type: "button", "aria-label": `Sell ${holding.name} ${holding.side.toUpperCase()}`, on: { click: () => handlers.pick({ outcome: holding.o, name: holding.name, side: holding.side, action: "sell" }) } }, "Sell"),
  );
}

function orderRow(order, handlers) {
  return h(
    "li",
    {},
    h("span", { class: "what" }, chip(order.o), `${order.buy ? "Buy" : "Sell"} ${format.tokens(order.rest)} `, h("b", { dir: "auto" }, order.name), ` ${order.side.toUpperCase()}`),
    h("button", { type: "button", on: { click: () => handlers.say(order.cancel) } }, "Cancel"),
  );
}
