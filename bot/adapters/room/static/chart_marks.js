// What happened, on the chart: stretches without trading, rounds with their names, where lines end; and what is one's own:
// trades (bought up, sold down; filled YES, hollow NO), orders that wait, alerts on the axis.

import { colour } from "./board.js";
import * as data from "./chart_data.js";
import { h, svg } from "./dom.js";
import { shown } from "./chart_labels.js";

const MOST_TRADES = 120;
const mine = (view, list) => (list ?? []).filter((row) => view.only === null || row.outcome === view.only);

/** YES of what an order or alert names, in the view's unit. */
function yes(view, row, price) {
  const micro = row.side === "no" ? 1e6 - price : price;
  return view.unit === "chance" ? (micro * 1e6) / Math.max(1, view.series.sums.at(-1)) : micro;
}

/** Prices of one's own that must be in sight, so far as they are near. */
export function prices(view) {
  if (view.only === null) return [];
  return [...mine(view, view.orders).map((order) => yes(view, order, order.limit)), ...mine(view, view.alerts).map((alert) => yes(view, alert, alert.price))];
}

export function create(view) {
  const rounds = svg("g", { class: "rounds" });
  const orders = svg("g", { class: "orders" });
  const exits = svg("g", { class: "exits" });
  const trades = svg("g", { class: "trades" });
  const bells = h("div", { class: "bells" });
  view.base.append(rounds, orders, exits, trades);
  view.texts.append(bells);

  function draw() {
    for (const group of [rounds, orders, exits, trades]) view.base.append(group); // above the lines
    drawFreezes();
    drawRounds();
    drawExits();
    drawOrders();
    drawTrades();
    drawBells();
  }

  function drawFreezes() {
    const { series, time, left, right, top, foot } = view;
    const shades = series.freezes.flatMap(([from, to], place) => {
      const open = series.still && place === series.freezes.length - 1;
      const [x, end] = [Math.max(left, time(from)), Math.min(right, open ? right : time(to))];
      if (end <= left || x >= right) return [];
      const wide = Math.max(1, end - x);
      const word = wide > 46 ? svg("text", { x: x + wide / 2, y: top + 12, class: "frozen" }, "frozen") : null;
      return [svg("rect", { x, y: top, width: wide, height: foot - top }), ...(word ? [word] : [])];
    });
    view.frames.replaceChildren(...shades);
  }

  function drawRounds() {
    const { series, time, left, right, top, foot } = view;
    let free = left;
    const drawn = series.rounds.flatMap((round) => {
      const x = Math.round(time(round.at)) + 0.5;
      if (x < left || x > right + 1) return [];
      const line = svg("line", { x1: x, x2: x, y1: top - 6, y2: foot });
      const name = x - left < 60 ? { x: Math.max(x, left + 2), class: "begins" } : { x };
      const width = round.name.length * 6.4 + 10;
      const begins = name.class ? name.x : x - width / 2;
      if (begins < free) return [line];
      free = begins + width;
      return [line, svg("text", { ...name, y: top - 10 }, round.name)];
    });
    rounds.replaceChildren(...drawn);
  }

  function drawExits() {
    const { series, time, price, left, right, only } = view;
    const places = [];
    const dots = [...series.exits].flatMap(([outcome, at]) => {
      if (only !== null && outcome !== only) return [];
      const x = time(at);
      if (x < left - 1 || x > right + 1) return [];
      const value = lastValue(outcome, at);
      if (value === null) return [];
      const y = price(value);
      const parts = [svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 4, vars: { "--c": colour(outcome) } })];
      const name = series.names[outcome];
      const wide = name.length * 6 + 14;
      const clear = x + wide < right && places.every((place) => Math.abs(place.x - x) > 90 || Math.abs(place.y - y) > 13);
      if (view.width > 520 && clear && (view.highlight === null || view.highlight === outcome)) {
        places.push({ x, y });
        parts.push(svg("text", { x: x + 8, y: y + 4, class: "left" }, name));
      }
      return parts;
    });
    exits.replaceChildren(...dots);
  }

  function lastValue(outcome, at) {
    const { series, unit } = view;
    for (let point = data.at(series, at); point >= 0; point -= 1) {
      const value = data.value(series, outcome, point, unit);
      if (value !== null) return value;
    }
    return null;
  }

  function drawOrders() {
    const { price, left, right, low, high } = view;
    const waiting = mine(view, view.orders).filter((order) => order.limit && !order.pending);
    const told = []; // where labels are: one that would lie on another is left out
    const drawn = waiting.flatMap((order) => {
      const value = yes(view, order, order.limit);
      if (value < low || value > high) return [];
      const y = Math.round(price(value)) + 0.5;
      const dim = view.highlight !== null && view.highlight !== order.outcome ? " dim" : "";
      const line = svg("line", { class: dim, x1: left, x2: right, y1: y, y2: y, vars: { "--c": colour(order.outcome) } });
      const base = clear(y) ? y - 4 : y + 13;
      if (told.some((other) => Math.abs(other - base) < 12)) return [line];
      told.push(base);
      return [
        line,
        svg("text", { class: `left${dim}`, x: left + 6, y: base }, `${order.buy ? "buy" : "sell"} ${Math.round(order.rest / 1e6)}${view.width < 480 ? "" : ` ${order.side.toUpperCase()} at ${shown(order.limit, "cents", 0)}`}`),
      ];
    });
    orders.replaceChildren(...drawn);
  }

  /** Whether no line runs just above, where the label would be. */
  function clear(y) {
    const { series, price, only, unit, from, to } = view;
    const points = [0, 0.08, 0.16].map((part) => data.at(series, from + (to - from) * part));
    const crowd = (low, high) => points.some((point) => series.names.some((_, outcome) => {
      if (only !== null && outcome !== only) return false;
      const value = data.value(series, outcome, point, unit);
      return value !== null && price(value) > low && price(value) < high;
    }));
    return !crowd(y - 17, y - 1) || crowd(y + 1, y + 17);
  }

  function drawTrades() {
    const { series, time, price, left, right, unit } = view;
    const drawn = mine(view, view.trades).slice(0, MOST_TRADES).flatMap((trade) => {
      const x = time(trade.at);
      if (x < left - 2 || x > right + 2) return [];
      const value = data.value(series, trade.outcome, data.at(series, trade.at), unit) ?? lastValue(trade.outcome, trade.at);
      if (value === null) return [];
      const y = price(value);
      const up = trade.buy;
      const d = up ? `M${x},${y + 5}l5.5,9h-11z` : `M${x},${y - 5}l5.5,-9h-11z`;
      const dim = view.highlight !== null && view.highlight !== trade.outcome ? " dim" : "";
      const words = `You ${up ? "bought" : "sold"} ${Math.round(trade.size / 1e4) / 100} ${series.names[trade.outcome]} ${trade.side.toUpperCase()} at ${shown(trade.price, "cents")}`;
      return [svg("path", { class: `${trade.side}${dim}`, d, vars: { "--c": colour(trade.outcome) } }, svg("title", {}, words))];
    });
    trades.replaceChildren(...drawn);
  }

  function drawBells() {
    const { price, low, high, top, left } = view;
    const drawn = mine(view, view.alerts).flatMap((alert) => {
      const value = yes(view, alert, alert.price);
      if (value < low || value > high) return [];
      const words = `You are told when ${alert.name} ${alert.above ? "rises to" : "falls to"} ${shown(alert.price, "cents", 0)}`;
      return [h("span", { class: "bell", role: "img", "aria-label": words, title: words, vars: { "--c": colour(alert.outcome), "--x": `${left - 7}px`, "--y": `${price(value)}px` } }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: "M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4zM6.5 13a1.6 1.6 0 0 0 3 0" })))];
    });
    bells.replaceChildren(...drawn);
    bells.style.setProperty("--top", `${top}px`);
  }

  return { draw };
}
