// What is one's own: how it went, holdings, orders that wait, alerts, trades, and all one's markets together.

import * as alerts from "./alerts.js";
import * as api from "./api.js";
import { chip } from "./board.js";
import * as clock from "./clock.js";
import { figure, h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

const OVER = ["resolved", "disputed", "closed", "voided"];

/** Draws into `host` and follows the account. */
export function create(host, handlers) {
  const total = h("b", { class: "total" });
  const ended = h("section", { class: "ended", "aria-label": "How it went" });
  const holdings = part("Holdings", "holdings", (holding) => `${holding.outcome} ${holding.side}`, () => holdingRow(handlers));
  const orders = part("Waiting orders", "orders", (order) => order.id, () => orderRow(handlers));
  const alertRows = h("div", { class: "alerts" });
  const trades = ownTrades();
  const empty = h("p", { class: "empty" });
  const all = h("p", { class: "all quiet" });
  host.append(h("h2", {}, "Yours", total), ended, empty, holdings.element, orders.element, alertRows, trades.element, all);
  alerts.rows(alertRows);

  const draw = () => {
    const [account, market] = [state.get("account"), state.get("market")];
    const mine = account?.joined ? account : null;
    total.textContent = mine?.funded ? `${format.exact(mine.total)} in all` : "";
    showEnd(ended, mine, market);
    empty.textContent = sentence(account, market);
    empty.hidden = !empty.textContent;
    holdings.update(mine?.holdings ?? []);
    orders.update(mine?.orders ?? []);
    trades.update(mine);
  };
  state.watch("account", draw);
  state.watch("market", draw);
  state.watch("markets", (markets) => {
    const many = markets?.total?.markets > 1;
    all.hidden = !many;
    if (many) all.textContent = `Over your ${markets.total.markets} markets: ${format.gain(markets.total.profit)}.`;
  });
}

/** What stands in the place of holdings where there are none. */
function sentence(account, market) {
  if (!market) return "What you own in a market stands here.";
  if (!account || account.holdings.length || OVER.includes(market.state)) return "";
  if (market.state === "draft") return "Once the doors are open people join, and what you buy stands here.";
  if (!account.joined) return "Join the market, get play money, and what you buy stands here.";
  if (!account.funded) return "You are in. When trading starts you get your play money; what you buy then stands here.";
  return "You hold nothing yet. Tap a price: its ticket says what you would spend and what you get if it is right.";
}

function part(title, name, key, make) {
  const list = h("ul", { class: name });
  const element = h("section", { "aria-label": title, hidden: true }, h("h3", {}, title), list);
  const update = keyed(list, key, make);
  return {
    element,
    update(items) {
      update(items);
      element.hidden = !items.length;
    },
  };
}

function holdingRow(handlers) {
  const name = h("b", { dir: "auto" });
  const side = h("span", { class: "side-word" });
  const mark = h("span", { class: "chip-of" });
  const worth = h("b", { class: "worth" });
  const profit = h("span", { class: "profit" });
  const more = h("span", { class: "more" });
  let shown = null;
  const sell = h("button", { type: "button", on: { click: () => handlers.pick({ outcome: shown.outcome, name: shown.name, side: shown.side, action: "sell" }) } }, "Sell");
  const element = h("li", {}, h("span", { class: "what" }, mark, name, side), worth, more, profit, sell);
  return {
    element,
    update(holding) {
      if (!shown) mark.append(chip(holding.outcome));
      name.textContent = holding.name;
      side.textContent = holding.side.toUpperCase();
      side.dataset.side = holding.side;
      const waits = holding.tokens - holding.free;
      more.textContent = `${format.tokens(holding.tokens)} at ${format.price(holding.price)} · ${format.exact(holding.if_right)}\u00a0if\u00a0right${waits ? ` · ${format.tokens(waits)}\u00a0for\u00a0sale` : ""}`;
      figure(worth, format.exact(holding.worth), { still: !shown });
      figure(profit, format.gain(holding.profit), { still: !shown });
      profit.dataset.sign = Math.sign(holding.profit);
      sell.setAttribute("aria-label", `Sell ${holding.name} ${holding.side.toUpperCase()}, worth ${format.exact(holding.worth)}`);
      sell.hidden = !holding.free || OVER.includes(state.get("market")?.state);
      shown = holding;
    },
  };
}

function orderRow(handlers) {
  const mark = h("span", { class: "chip-of" });
  const what = h("span");
  const name = h("b", { dir: "auto" });
  const side = h("span", { class: "side-word" });
  const more = h("span", { class: "more" });
  let shown = null;
  const cancel = h("button", { type: "button", on: { click: () => handlers.say(shown.cancel) } }, "Cancel");
  const element = h("li", {}, h("span", { class: "what" }, what, mark, name, side), more, cancel);
  return {
    element,
    update(order) {
      if (!shown) mark.append(chip(order.outcome));
      shown = order;
      what.textContent = `${order.buy ? "Buy" : "Sell"} `;
      name.textContent = order.name;
      side.textContent = order.side.toUpperCase();
      side.dataset.side = order.side;
      more.textContent = [size(order), order.limit === null ? null : `at ${format.price(order.limit)} or ${order.buy ? "less" : "more"}`, order.autofill ? "auto-fill" : null, order.pending ? "waits for its turn" : null].filter(Boolean).join(" · ");
      cancel.setAttribute("aria-label", `Cancel: ${order.buy ? "buy" : "sell"} ${order.name} ${order.side.toUpperCase()}, ${more.textContent}`);
    },
  };
}

function size(order) {
  if (order.spend) return `for ${format.exact(order.spend)}`;
  return order.rest === order.size ? `${format.tokens(order.size)} tokens` : `${format.tokens(order.rest)} of ${format.tokens(order.size)} tokens`;
}

let endShown = "";
/** How the market went for one, once it is over. */
function showEnd(host, account, market) {
  const end = account?.ended;
  host.hidden = !end;
  if (!end) return;
  const key = JSON.stringify([end, market?.title]);
  if (key === endShown) return;
  endShown = key;
  host.replaceChildren(
    h("p", { class: "place" }, end.place ? [h("b", {}, end.place), ` of ${end.of}`] : "Not ranked"),
    h("p", { class: "gain", "data-sign": Math.sign(end.gain) }, `${format.gain(end.gain)} (${format.share(end.gain_share)})`),
    h("p", { class: "quiet" }, `You went in with ${format.exact(end.stake)} and came out with ${format.exact(end.final)}.`),
  );
}

/** One's own trades, asked for once one opens them. */
function ownTrades() {
  const body = h("tbody");
  const note = h("p", { class: "quiet" });
  const columns = ["When", "Trade", "Tokens", "Price", "Paid or got"];
  const table = h("table", {}, h("thead", {}, h("tr", {}, columns.map((title, index) => h("th", { scope: "col", class: index > 1 ? "n" : null }, title)))), body);
  const scroll = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Your trades" }, table);
  const element = h("details", { class: "trades", hidden: true, on: { toggle: () => element.open && load() } }, h("summary", {}, "Your trades"), scroll, note);
  let market = null;
  let seen = "";

  async function load() {
    const asked = market;
    try {
      const trades = await api.get(`api/v1/markets/${asked}/account/trades`);
      if (asked !== market) return;
      body.replaceChildren(...trades.map(tradeRow));
      scroll.hidden = !trades.length;
      note.textContent = trades.length ? "" : "You have not traded in this market.";
    } catch {
      note.textContent = "Your trades cannot be read just now.";
    }
  }

  return {
    element,
    update(account) {
      element.hidden = !account?.funded;
      market = account?.market ?? null;
      const key = account ? JSON.stringify([market, account.cash, account.holdings.map((holding) => holding.tokens)]) : "";
      if (element.open && !element.hidden && key !== seen) load();
      seen = key;
    },
  };
}

function tradeRow(trade) {
  const name = state.get("market")?.rows.find((row) => row.outcome === trade.outcome)?.name ?? "";
  return h(
    "tr",
    {},
    h("td", {}, h("time", { class: "quiet", datetime: new Date(trade.at).toISOString(), title: format.momentInFull(trade.at) }, format.moment(trade.at, clock.now()))),
    h("td", { class: "long" }, `${trade.buy ? "Bought" : "Sold"} `, chip(trade.outcome), h("span", { dir: "auto" }, name), ` ${trade.side.toUpperCase()}`),
    h("td", { class: "n" }, format.tokens(trade.size)),
    h("td", { class: "n" }, format.price(trade.price)),
    h("td", { class: "n" }, `${trade.buy ? "\u2212" : "+"}${format.exact(Math.abs(trade.amount))}`),
  );
}
