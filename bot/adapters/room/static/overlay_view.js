// What an overlay shows, one view at a time: the board, a ticker, who leads, a bar of all chances. Drawn once, then changed
// in place, so that prices flash and rows move to their new place.

import { chip, colour, spark } from "./board.js";
import * as clock from "./clock.js";
import { arrange, calm, figure, h } from "./dom.js";
import * as format from "./format.js";

const SECONDS_A_SIGN = 0.16; // how fast a ticker runs

/** A view in `host`, with `update(market)`. `options`: see overlay.js. */
export function create(host, options) {
  return { board, ticker, leader, bar }[options.view](host, options);
}

/** Those who are in, best first, then those who are out; at most `most`. */
function shown(market, most) {
  const winners = market.rows.filter((row) => won(row));
  const rest = market.rows.filter((row) => !won(row));
  return [...winners, ...rest].slice(0, most);
}

const won = (row) => row.note === "winner";
const told = (row) => (won(row) ? "wins" : row.active ? format.price(row.yes) : "out");
const name = (row) => h("bdi", { class: "who" }, row.name);

/** What the market is and what comes next: its title, its status, a countdown. */
function heading() {
  const title = h("h1", { dir: "auto" });
  const status = h("span", { class: "status" });
  const left = h("time", { class: "left" });
  const element = h("header", { class: "heading" }, title, h("p", {}, status, left));
  let market = null;
  const beat = () => {
    const until = market?.step_ms ? market.step_ms - clock.now() : null;
    left.hidden = until === null;
    if (until !== null) left.textContent = `${market.step} ${until > 0 ? format.span(until) : "now"}`;
    left.classList.toggle("soon", until !== null && clock.wall(market.step_ms) < 60_000);
  };
  clock.everyBeat(beat);
  return {
    element,
    update(next) {
      market = next;
      title.textContent = next.title;
      status.textContent = next.status;
      status.dataset.state = next.state;
      beat();
    },
  };
}

function board(host, { outcomes }) {
  const top = heading();
  const list = h("ol", { class: "rows" });
  const more = h("p", { class: "more" });
  const panel = h("section", { class: "panel" }, top.element, list, more);
  host.append(panel);
  const known = new Map();
  return {
    update(market) {
      top.update(market);
      const before = calm() ? null : new Map([...known].map(([outcome, row]) => [outcome, row.element.offsetTop]));
      const rows = shown(market, outcomes);
      const order = rows.map((data) => {
        const row = known.get(data.outcome) ?? boardRow(data);
        known.set(data.outcome, row);
        row.update(data);
        return row.element;
      });
      if (arrange(list, order) && before) slide(known, before);
      for (let fit = order.length; fit > 0; fit -= 1) {
        order.forEach((element, place) => (element.hidden = place >= fit)); // no row is cut in half
        const left = market.rows.length - fit;
        more.hidden = left < 1;
        more.textContent = `and ${left} more`;
        if (panel.scrollHeight <= panel.clientHeight) break;
      }
    },
  };
}

function slide(known, before) {
  for (const [outcome, row] of known) {
    const by = (before.get(outcome) ?? row.element.offsetTop) - row.element.offsetTop;
    if (by) row.element.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 600, easing: "cubic-bezier(.2,.8,.2,1)" });
  }
}

function boardRow(data) {
  const price = h("b", { class: "price" });
  const change = h("span", { class: "change" });
  const label = name(data);
  const element = h("li", { vars: { "--c": colour(data.outcome) } }, chip(data.outcome), label, change, price, h("i", { class: "share", "aria-hidden": "true" }));
  return {
    element,
    update(next) {
      label.textContent = next.name;
      element.classList.toggle("out", !next.active && next.note !== "winner");
      element.classList.toggle("won", won(next));
      element.style.setProperty("--p", String(won(next) ? 1 : next.active ? Math.min(1, next.yes / 1e6) : 0));
      figure(price, told(next));
      moved(change, next);
    },
  };
}

function moved(element, row) {
  const tenths = row.change === null || !row.active || won(row) ? 0 : format.tenths(row.change);
  element.textContent = tenths ? `${tenths > 0 ? "▲" : "▼"} ${Math.abs(tenths / 10).toFixed(1)}` : "";
  element.dataset.sign = Math.sign(tenths);
}

function ticker(host, { outcomes }) {
  const top = heading();
  const tape = h("div", { class: "tape" });
  const window_ = h("div", { class: "window" }, tape);
  host.append(h("section", { class: "panel strip" }, top.element, window_));
  let drawn = "";
  const items = new Map();
  return {
    update(market) {
      top.update(market);
      const rows = shown(market, outcomes).filter((row) => row.active || won(row));
      const key = rows.map((row) => row.outcome).join();
      if (key !== drawn) {
        drawn = key;
        items.clear();
        tape.replaceChildren(...[0, 1].map((copy) => h("ol", { "aria-hidden": copy === 1 }, rows.map((row) => tickerItem(row, copy, items)))));
        tape.style.setProperty("--lasts", `${Math.max(18, rows.reduce((all, row) => all + row.name.length + 14, 0) * SECONDS_A_SIGN)}s`);
      }
      for (const row of rows) for (const update of items.get(row.outcome)) update(row);
    },
  };
}

function tickerItem(row, copy, items) {
  const price = h("b", { class: "price" });
  const change = h("span", { class: "change" });
  if (!copy) items.set(row.outcome, []);
  items.get(row.outcome).push((next) => {
    figure(price, told(next));
    moved(change, next);
  });
  return h("li", { vars: { "--c": colour(row.outcome) } }, chip(row.outcome), name(row), price, change);
}

function leader(host) {
  const top = heading();
  const label = h("p", { class: "first" });
  const price = h("b", { class: "price" });
  const change = h("span", { class: "change" });
  const path = h("div", { class: "path" });
  const next = h("p", { class: "behind" });
  const panel = h("section", { class: "panel one" }, top.element, h("div", { class: "large" }, label, h("p", { class: "figure" }, price, change)), path, next);
  host.append(panel);
  return {
    update(market) {
      top.update(market);
      const [best, second] = shown(market, 2);
      panel.style.setProperty("--c", colour(best.outcome));
      label.replaceChildren(chip(best.outcome), name(best));
      figure(price, told(best));
      moved(change, best);
      path.hidden = won(best);
      path.replaceChildren(spark(best.spark, best.active));
      next.hidden = !second?.active;
      if (second?.active) next.replaceChildren("then ", chip(second.outcome), name(second), ` ${format.price(second.yes)}`);
    },
  };
}

/** Chances as parts of one bar; who has too little of it is told by colour alone. */
function bar(host, { outcomes }) {
  const top = heading();
  const whole = h("div", { class: "whole" });
  const others = h("div", { class: "part rest" });
  host.append(h("section", { class: "panel bar" }, top.element, whole));
  const known = new Map();
  return {
    update(market) {
      top.update(market);
      const winners = market.rows.filter(won);
      const live = winners.length ? winners : market.rows.filter((row) => row.active);
      const sum = winners.length ? winners.length : live.reduce((all, row) => all + row.yes, 0) || 1;
      const order = live.slice(0, outcomes).map((row) => {
        const share = winners.length ? 1 / sum : row.yes / sum;
        const part = known.get(row.outcome) ?? barPart(row);
        known.set(row.outcome, part);
        part.update(row, share);
        return part.element;
      });
      const left = live.slice(outcomes);
      if (left.length) order.push(others);
      others.textContent = `+${left.length}`;
      others.style.setProperty("--share", String(left.reduce((all, row) => all + row.yes, 0) / sum));
      arrange(whole, order);
    },
  };
}

function barPart(row) {
  const price = h("b", { class: "price" });
  const element = h("div", { class: "part", vars: { "--c": colour(row.outcome) } }, h("span", { class: "told" }, chip(row.outcome), name(row)), price);
  return {
    element,
    update(next, share) {
      element.style.setProperty("--share", String(share));
      element.classList.toggle("thin", share < 0.12);
      element.classList.toggle("thinner", share < 0.045);
      figure(price, won(next) ? "wins" : `${Math.round(share * 100)}%`);
    },
  };
}
