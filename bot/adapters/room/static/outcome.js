// An outcome's page: its prices as buttons, its chart with what was traded, depth of book and house as one picture, the
// book's levels, its latest trades, and what one holds of it.

import * as alerts from "./alerts.js";
import * as api from "./api.js";
import { chip, colour } from "./board.js";
import * as chart from "./chart.js";
import * as depth from "./depth.js";
import { h, keyed } from "./dom.js";
import { mark } from "./feed.js";
import * as format from "./format.js";
import * as router from "./router.js";
import * as state from "./state.js";
import * as ticket from "./ticket.js";

const AGAIN_MS = 900; // at most so often the page asks anew
const LEVELS = 6;

/** Draws into `host` whenever the address names an outcome. */
export function create(host) {
  let page = null;
  state.watch("view", (view) => {
    const wanted = view?.name === "outcome" ? view : null;
    if (page && wanted && page.market === wanted.market && page.outcome === wanted.outcome) return;
    page?.stop();
    page = wanted && open(host, wanted.market, wanted.outcome);
  });
}

function open(host, market, outcome) {
  const back = h("a", { class: "back", href: router.floor(market), on: { click: goBack } }, h("span", { "aria-hidden": "true" }, "‹"), " Board");
  const name = h("h2", { tabindex: "-1" });
  const note = h("p", { class: "quiet" });
  const prices = h("div", { class: "prices" });
  const charted = h("section", { class: "sheetlike", "aria-label": "Chart" });
  const deep = h("section", { class: "sheetlike deep", "aria-label": "Depth" });
  const book = h("section", { class: "sheetlike", "aria-label": "Book" });
  const tape = h("section", { class: "sheetlike", "aria-label": "Latest trades" });
  const holding = h("div", { class: "holding" });
  const more = h("button", { type: "button", class: "earlier", hidden: true, on: { click: earlier } }, "Earlier trades");
  host.replaceChildren(h("div", { class: "one", vars: { "--c": colour(outcome) } }, back, h("header", {}, h("div", {}, name, note), prices), holding, charted, deep, h("div", { class: "pair" }, book, tape)));
  const drawing = chart.create(charted, { only: () => outcome, ask: alerts.ask });
  const sides = h("div", { class: "spans", role: "group", "aria-label": "Side" }, ["yes", "no"].map((side) => h("button", { type: "button", "data-side": side, on: { click: () => turn(side) } }, side.toUpperCase())));
  const none = h("p", { class: "quiet", hidden: true });
  deep.append(h("div", { class: "chart-bar" }, h("h3", {}, "Depth"), h("span", { class: "key" }, h("i", { class: "house" }), "house", h("i", { class: "book" }), "book"), sides), none);
  const picture = depth.create(deep);
  let side = "yes";
  let facts = null;
  let trades = [];
  let asked = 0;
  let timer = 0;
  let gone = false;
  let ended = false; // no trades before those shown
  drawing.look(market);
  load();

  async function load() {
    timer = 0;
    asked = performance.now();
    try {
      facts = await api.get(`api/v1/markets/${market}/outcomes/${outcome}`);
    } catch (problem) {
      if (problem instanceof api.Refused && !gone) host.replaceChildren(h("div", { class: "one" }, back, h("p", { class: "nothing" }, problem.message)));
      else if (!gone) soon(3000);
      return;
    }
    if (gone) return;
    const old = trades.filter((trade) => !facts.trades.length || trade.id < facts.trades.at(-1).id);
    trades = [...facts.trades, ...old];
    show();
  }

  function soon(ms = Math.max(0, AGAIN_MS - (performance.now() - asked))) {
    timer ||= setTimeout(load, ms);
  }

  function show() {
    name.replaceChildren(chip(outcome), h("bdi", {}, facts.name));
    const row = current();
    note.textContent = [row?.note, `${format.money(facts.volume)} traded`].filter(Boolean).join(" · ");
    offer(row);
    if (facts.series) drawing.feed({ times: facts.series.times, volume: facts.series.volume });
    turn(side);
    levels();
    list();
    own();
  }

  const current = () => {
    const event = state.get("market");
    return event?.market === market ? event.rows.find((each) => each.outcome === outcome) : null;
  };

  /** The two prices, each a button that opens a ticket. */
  function offer(row) {
    const open = row ? row.active && !row.note.startsWith("winner") : facts.active;
    const now = { yes: row?.yes ?? facts.yes, no: row?.no ?? facts.no };
    if (!prices.children.length) prices.append(...["yes", "no"].map((each) => h("button", { type: "button", class: `buy ${each}`, "data-side": each, on: { click: () => buy(each) } }, h("span", {}, h("i", { class: each === "yes" ? "mark full" : "mark", "aria-hidden": "true" }), `Buy ${each.toUpperCase()}`), h("b"))));
    for (const button of prices.children) {
      const { side: each } = button.dataset;
      button.disabled = !open;
      button.setAttribute("aria-label", `Buy ${facts.name} ${each.toUpperCase()} at ${format.price(now[each])}`);
      button.lastChild.textContent = format.price(now[each]);
    }
  }

  const buy = (each, action = "buy") => ticket.open({ market, outcome, name: facts.name, side: each, action });

  function turn(to) {
    side = to;
    for (const button of sides.children) button.setAttribute("aria-pressed", String(button.dataset.side === side));
    none.hidden = Boolean(facts.depth);
    none.textContent = facts.active ? "Nobody can trade just now, so there is no depth. It is back when trading goes on." : `${facts.name} is not traded any more.`;
    picture.update(facts.depth, side, outcome, facts.name);
  }

  function levels() {
    const whole = ["yes", "no"].flatMap((each) => [...facts.book[each].sells, ...facts.book[each].buys]);
    const most = Math.max(1, ...whole.map(([, size]) => size));
    const mine = new Set((state.get("account")?.orders ?? []).filter((order) => order.outcome === outcome && order.limit).map((order) => [order.side, order.buy, Math.round(order.limit)].join()));
    const row = (each, buying, [price, size]) => h("tr", { class: buying ? "wanted" : "offered" }, h("td", {}, buying ? "buy" : "sell"), h("td", { class: "n" }, format.price(price)), h("td", { class: "n", vars: { "--part": String(size / most) } }, amount(size), mine.has([each, buying, price].join()) ? h("em", {}, " yours") : null));
    const tables = ["yes", "no"].map((each) => {
      const { sells, buys } = facts.book[each];
      const rows = [...sells.slice(0, LEVELS).toReversed().map((level) => row(each, false, level)), ...buys.slice(0, LEVELS).map((level) => row(each, true, level))];
      const empty = h("tr", {}, h("td", { colspan: 3, class: "quiet" }, "nobody waits"));
      return h("table", { class: "levels" }, h("caption", {}, h("i", { class: each === "yes" ? "mark full" : "mark", "aria-hidden": "true" }), ` ${each.toUpperCase()}`), h("thead", { class: "unseen" }, h("tr", {}, ["Which", "Price", "Tokens"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, rows.length ? rows : empty));
    });
    book.replaceChildren(h("div", { class: "chart-bar" }, h("h3", {}, "Book")), h("div", { class: "two" }, tables));
  }

  function list() {
    const now = state.get("market")?.at ?? null;
    const rows = trades.map((trade) => h("tr", {}, h("td", { class: "quiet" }, h("time", { datetime: new Date(trade.at).toISOString(), title: format.momentInFull(trade.at) }, format.moment(trade.at, now))), h("td", {}, `${trade.buy === null ? "Traded" : trade.buy ? "Bought" : "Sold"} ${trade.side.toUpperCase()}`, mark(trade)), h("td", { class: "n" }, amount(trade.size)), h("td", { class: "n" }, format.price(trade.price)), h("td", { class: "n" }, format.money(trade.amount))));
    const heads = ["Time", "What", "Tokens", "Price", "Before fees"].map((title, place) => h("th", { scope: "col", class: place > 1 ? "n" : null }, title));
    const body = rows.length ? h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Latest trades" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))) : h("p", { class: "quiet" }, "Nothing of it has been traded yet.");
    more.hidden = ended || facts.trades.length < 12;
    tape.replaceChildren(h("div", { class: "chart-bar" }, h("h3", {}, "Latest trades")), body, more);
  }

  async function earlier() {
    const before = await api.get(`api/v1/markets/${market}/tape?outcome=${outcome}&before=${trades.at(-1).id}`).catch(() => []);
    trades = [...trades, ...before];
    ended = !before.length;
    list();
  }

  /** What one holds of it, each with a tap to sell. */
  function own() {
    const held = (state.get("account")?.holdings ?? []).filter((each) => each.outcome === outcome && each.tokens > 0);
    owned(held);
  }

  const owned = keyed(holding, (each) => each.side, (first) => {
    const told = h("span");
    const sell = h("button", { type: "button", on: { click: () => buy(first.side, "sell") } }, "Sell");
    return {
      element: h("p", {}, told, sell),
      update(each) {
        told.replaceChildren("You hold ", h("b", {}, `${amount(each.tokens)} ${each.side.toUpperCase()}`), ": ", h("b", {}, format.money(each.worth)), " if sold now", ...(each.active === false ? ["."] : [", ", h("b", {}, format.money(each.if_right)), " if right."]));
        sell.hidden = each.active === false;
      },
    };
  });

  /** Back to where one was; who came by the address alone goes to the board. */
  function goBack(event) {
    if (event.metaKey || event.ctrlKey || history.length < 2 || !cameFromHere) return;
    event.preventDefault();
    history.back();
  }
  const cameFromHere = visits > 1;
  name.focus({ preventScroll: true });
  host.scrollTop = 0;

  const stops = [
    state.watch("market", (event) => {
      if (!facts || event?.market !== market) return;
      offer(current());
      if (event.tick !== facts.tick) soon();
    }),
    state.watch("account", () => facts && (own(), levels())),
  ];
  return {
    market,
    outcome,
    stop() {
      gone = true;
      clearTimeout(timer);
      drawing.stop();
      picture.stop();
      for (const stop of stops) stop();
      host.replaceChildren();
    },
  };
}

const amount = (micro) => (micro / 1e6).toLocaleString("en-US", { maximumFractionDigits: 2 });

let visits = 0;
state.watch("view", () => (visits += 1)); // before a page of this module is opened for it
