// The markets one may see, with live prices, and what one has won over all of them.

import * as api from "./api.js";
import { chip } from "./board.js";
import * as clock from "./clock.js";
import { figure, h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as router from "./router.js";
import * as state from "./state.js";

const EVERY_MS = 3000; // while one looks at the list
const KINDS = { Open: "open", Frozen: "cold", Resolved: "done", Closed: "done", Voided: "done" };

/** Draws the list into `host` and the way to it into `way`. */
export function create(host, way, handlers) {
  const list = h("ul");
  const empty = h("p", { class: "empty" }, "There is no market you can see yet.");
  const total = h("p", { class: "all" });
  const make = h("button", { type: "button", class: "primary", hidden: true, on: { click: () => handlers.say("/admin create") } }, "Create a market");
  host.append(h("header", {}, h("h2", {}, "Markets"), total, h("span", { class: "actions" }, make)), list, empty);
  const update = keyed(list, (market) => market.market, row);
  const link = h("a", { href: router.markets, hidden: true }, "Markets");
  way.append(link);
  let timer = 0;

  async function load() {
    clearTimeout(timer);
    try {
      state.set("markets", await api.get("api/v1/markets"));
    } catch {
      // asked again below, or when something changes
    }
    if (!host.hidden && !document.hidden) timer = setTimeout(load, EVERY_MS);
  }

  let key = null;
  const changed = () => {
    const [me, market] = [state.get("visitor"), state.get("market")];
    const next = JSON.stringify([me?.name, market?.market, market?.state]);
    if (me && next !== key) load();
    key = next;
  };
  state.watch("visitor", changed);
  state.watch("market", changed);
  state.watch("view", (view) => {
    if (view.name === "markets") load();
    if (view.name === "markets") link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  document.addEventListener("visibilitychange", () => !document.hidden && !host.hidden && load());
  state.watch("markets", (known) => {
    if (!known) return;
    link.hidden = known.markets.length < 2 && !known.may_create;
    update(known.markets);
    empty.hidden = known.markets.length > 0;
    make.hidden = !known.may_create;
    total.textContent = known.total?.markets ? `${format.gain(known.total.profit)} over ${known.total.markets === 1 ? "one market" : `${known.total.markets} markets`}` : "";
  });
}

function row(market) {
  const title = h("b", { dir: "auto" });
  const where = h("span", { class: "where", dir: "auto" });
  const status = h("span", { class: "pill" });
  const facts = h("span", { class: "facts" });
  const own = h("span", { class: "own" });
  const prices = h("span", { class: "prices" });
  const past = h("a", { class: "past", href: router.theatre(market.market), hidden: true }, "See how it went");
  const element = h("li", {}, h("a", { href: router.floor(market.own_room && state.get("market")?.market === market.market ? null : market.market) }, h("span", { class: "title" }, title, where), h("span", { class: "state" }, status, facts), prices, own), past);
  const leaders = keyed(prices, (leader) => leader.outcome, leaderOf);
  return {
    element,
    update(next) {
      title.textContent = next.title;
      where.textContent = next.own_room ? "" : next.where;
      status.textContent = next.status;
      status.dataset.kind = KINDS[next.status] ?? "wait";
      past.hidden = status.dataset.kind !== "done";
      const left = next.step_ms ? next.step_ms - clock.now() : null;
      facts.textContent = [left === null ? null : `${next.step} ${left > 0 ? `in ${format.span(left)}` : "now"}`, `${format.money(next.volume)} traded`, next.people === 1 ? "1 person" : `${next.people} people`].filter(Boolean).join(" · ");
      own.textContent = next.profit === null ? "" : `You: ${format.gain(next.profit)}${next.rank ? `, ${next.rank} of ${next.of}` : ""}`;
      leaders(next.leaders.map((leader) => ({ ...leader, won: next.status === "Resolved" || next.status === "Closed" })));
    },
  };
}

function leaderOf(leader) {
  const price = h("b");
  const element = h("span", { class: "leader" }, chip(leader.outcome), h("span", { class: "label", dir: "auto" }, leader.name), price);
  return { element, update: (next) => figure(price, next.won ? "won" : format.price(next.yes)) };
}
