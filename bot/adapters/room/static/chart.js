// The chart of the market one looks at: its spans, its lines, what is one's own on them. An outcome is highlighted by its
// row of the board or by its label; on a phone it is low until one taps it.

import * as api from "./api.js";
import * as data from "./chart_data.js";
import * as plot from "./chart_plot.js";
import * as scale from "./chart_scale.js";
import * as tables from "./chart_table.js";
import { h, svg } from "./dom.js";
import * as state from "./state.js";

const OVER = ["resolved", "closed", "voided"];
const NAMES = { "5m": "5 min", "15m": "15 min", "1h": "1 h", "6h": "6 h", "1d": "1 d", "1w": "1 w", "30d": "30 d", round: "Round", all: "All" };
const LONG = { "5m": "the last 5 minutes", "15m": "the last 15 minutes", "1h": "the last hour", "6h": "the last 6 hours", "1d": "the last day", "1w": "the last week", "30d": "the last 30 days", round: "since the last round", all: "everything" };
const PHONE = matchMedia("(max-width: 759px)");

/** Draws into `host` and follows the market that is looked at. `only`: `() => outcome` of one alone; `feed()`: what was traded of it;
 *  `ask({outcome, price})`: where given, a tap on the price axis. */
export function create(host, { only = null, ask = null } = {}) {
  const said = h("p", { class: "unseen", role: "note" });
  const spans = h("div", { class: "spans", role: "group", "aria-label": "Span" });
  const about = h("p", { class: "about" });
  const listed = icon("table", "Show the figures as a table", "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14", () => toggle("listed"));
  const grown = icon("grow", "Enlarge the chart", "M4 9V4h5M20 15v5h-5M4 4l6 6M20 20l-6-6", () => toggle("tall"));
  const area = h("div", { class: "area" });
  const figures = h("div", { class: "figures", hidden: true, tabindex: 0, role: "group", "aria-label": "Figures of the chart" });
  host.classList.add("charted", "empty");
  host.replaceChildren(h("div", { class: "chart-bar" }, spans, about, h("span", { class: "tools" }, listed, grown)), said, area, figures);
  let shown = null; // {market, plot, source}
  let span = "all";
  let pinned = null;
  let hovered = null;

  function icon(name, label, d, press) {
    return h("button", { type: "button", class: `icon ${name}`, "aria-label": label, title: label, "aria-pressed": "false", on: { click: press } }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d })));
  }

  function toggle(name, on = !host.classList.contains(name)) {
    host.classList.toggle(name, on);
    (name === "tall" ? grown : listed).setAttribute("aria-pressed", String(on));
    figures.hidden = !host.classList.contains("listed");
    describe();
  }

  function look(market) {
    if (shown?.market === market) return;
    shown?.source.stop();
    shown?.plot.stop();
    shown = null;
    pinned = hovered = null;
    span = "all";
    host.classList.toggle("empty", market === null);
    if (market === null) return;
    const made = plot.create(area, { only: only ? only() : null, pick, ask });
    shown = { market, plot: made, source: data.follow(market, changed) };
    changed("loaded");
  }

  function changed() {
    if (!shown) return;
    const series = shown.source.series(span);
    const event = state.get("market");
    const mine = event?.market === shown.market ? event : null;
    host.classList.toggle("empty", !series?.times.length);
    if (!series) return;
    shown.plot.show({ series, span, over: mine ? OVER.includes(mine.state) : false });
    offer(series);
    describe();
  }

  function offer(series) {
    const length = (series.until ?? 0) - (series.times[0] ?? 0);
    const names = scale.spansFor(length, series.rounds.some((round) => round.name !== "Final"));
    if (!names.includes(span)) choose("all");
    if (spans.dataset.names !== names.join()) {
      spans.dataset.names = names.join();
      spans.replaceChildren(...names.map((name) => h("button", { type: "button", "data-span": name, title: `Show ${LONG[name]}`, on: { click: () => choose(name) } }, NAMES[name])));
    }
    spans.hidden = names.length < 2;
    for (const button of spans.children) button.setAttribute("aria-pressed", String(button.dataset.span === span));
  }

  function choose(name) {
    span = name;
    shown?.source.want(name);
    changed();
  }

  function describe() {
    if (!shown?.plot.view.price && !shown?.plot.view.series) return;
    const words = tables.sentence(shown.plot.view);
    said.textContent = words;
    about.textContent = words;
    if (host.classList.contains("listed")) figures.replaceChildren(tables.table(shown.plot.view));
  }

  /** A label was tapped, or ↑ ↓ pressed: highlights, and of the same again no more. */
  function pick(outcome, keep = false) {
    pinned = pinned === outcome && !keep ? null : outcome;
    light();
  }

  function light() {
    shown?.plot.highlight(hovered ?? pinned);
  }

  if (!only) {
    const row = (event) => event.target.closest?.("#board [data-outcome]");
    const over = (event) => {
      const found = row(event);
      const next = found ? Number(found.dataset.outcome) : null;
      if (next !== hovered) (hovered = next), light();
    };
    document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && over(event));
    document.addEventListener("focusin", over);
    document.addEventListener("focusout", over);
  }
  area.addEventListener("click", (event) => {
    if (PHONE.matches && !only && !host.classList.contains("tall") && event.target.closest(".surface")) toggle("tall", true);
  });

  const own = () => {
    const account = state.get("account");
    const here = account && shown && (account.market ?? shown.market) === shown.market;
    return { orders: here ? account.orders : [], alerts: here ? account.alerts : [] };
  };
  let known = "";
  /** One's own trades, asked for where what one holds or has to spend has changed. */
  async function recall(account) {
    const held = account?.holdings?.map(({ outcome, side, tokens }) => [outcome, side, tokens]);
    const key = JSON.stringify([shown.market, account?.name, account?.cash, held]);
    if (key === known) return;
    known = key;
    const { market, plot: there } = shown;
    const trades = account?.joined && account.market === market ? await api.get(`api/v1/markets/${market}/account/trades`).catch(() => []) : [];
    there.show({ trades });
  }

  const stops = [
    state.watch("view", (view) => only || view?.name === "floor" || (view?.name === "outcome" && shown) || look(null)),
    state.watch("market", (market) => {
      if (!only) look(market?.market ?? null);
      changed();
    }),
    state.watch("account", (account) => {
      if (!shown) return;
      shown.plot.show(own());
      recall(account);
    }),
  ];
  return {
    look,
    /** What was traded of the one outcome: `{times, volume}`. */
    feed: (volume) => shown?.plot.show({ volume }),
    stop() {
      look(null);
      for (const stop of stops) stop();
    },
  };
}

