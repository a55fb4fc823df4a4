// The line of time of a theatre: all prices as steps over the ticks, freezes shaded, rounds marked, and a cursor at the
// moment one looks at. Dragging it scrubs.

import { chip, colour, mark } from "./board.js";
import { h, svg } from "./dom.js";
import * as format from "./format.js";

const WIDTH = 1000;
const HEIGHT = 240;
const NAMED = 4; // outcomes whose prices are written beside the cursor

/** `{element, move(tick)}`; `seek(tick)` is called while one drags. `move` returns the time of that tick, epoch ms. */
export function create(theatre, seek) {
  const { ticks, times, yes, names, last } = theatre;
  const most = Math.max(0.2e6, ...yes.flat().filter((price) => price !== null)) * 1.06;
  const top = Math.min(1e6, most);
  const x = (tick) => (last ? (tick / last) * WIDTH : 0);
  const y = (price) => HEIGHT - (price / top) * (HEIGHT - 4) - 2;
  const image = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const [from, to] of freezes(theatre)) image.append(svg("rect", { class: "freeze", x: x(from), y: 0, width: Math.max(2, x(to) - x(from)), height: HEIGHT }));
  for (const price of levels(top)) image.append(svg("path", { class: "level", d: `M0 ${y(price)}H${WIDTH}` }));
  for (const each of theatre.marks) if (each.out.length || ["resolved", "voided"].includes(each.kind)) image.append(svg("path", { class: "round", d: `M${x(each.tick)} 0V${HEIGHT}` }));
  yes.forEach((prices, outcome) => image.append(svg("path", { class: "then-step", "data-mark": mark(outcome), d: steps(prices, ticks, x, y), vars: { "--c": colour(outcome) } })));
  const dots = yes.map((_, outcome) => h("i", { class: "dot", vars: { "--c": colour(outcome) } }));
  const cursor = h("div", { class: "cursor" }, dots);
  const scale = levels(top).map((price) => h("span", { vars: { "--y": String(y(price) / HEIGHT) } }, `${Math.round(price / 10_000)}¢`));
  const plot = h("div", { class: "then-plot" }, image, cursor);
  const legend = h("p", { class: "legend" });
  const element = h("div", { class: "line-of-time" }, legend, h("div", { class: "graph" }, h("div", { class: "scale", "aria-hidden": "true" }, scale), plot));

  const to = (event) => {
    const box = plot.getBoundingClientRect();
    seek(Math.round(((event.clientX - box.left) / box.width) * last));
  };
  plot.addEventListener("pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    to(event);
  });
  plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && to(event));

  function move(tick) {
    const index = nearest(ticks, tick);
    const here = yes.map((prices, outcome) => [outcome, prices[index]]);
    cursor.style.setProperty("--at", String(last ? tick / last : 0));
    for (const [outcome, price] of here) {
      dots[outcome].hidden = price === null;
      if (price !== null) dots[outcome].style.setProperty("--y", String(y(price) / HEIGHT));
    }
    const first = here.filter(([, price]) => price !== null).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, NAMED);
    legend.replaceChildren(...first.map(([outcome, price]) => h("span", {}, chip(outcome), h("b", { dir: "auto" }, names[outcome]), ` ${format.price(price)}`)));
    return times[index];
  }
  return { element, move };
}

/** The last of `ticks` that is not after this one. */
function nearest(ticks, tick) {
  let [low, high] = [0, ticks.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (ticks[middle] <= tick) low = middle;
    else high = middle - 1;
  }
  return low;
}

function steps(prices, ticks, x, y) {
  let d = "";
  prices.forEach((price, index) => {
    if (price === null) return;
    d += d ? `H${x(ticks[index]).toFixed(1)}V${y(price).toFixed(1)}` : `M${x(ticks[index]).toFixed(1)} ${y(price).toFixed(1)}`;
  });
  return d;
}

const levels = (top) => [0.25e6, 0.5e6, 0.75e6, 0.1e6].filter((price) => price < top && (price !== 0.1e6 || top < 0.3e6));

/** From which tick to which trading stood still. */
function freezes(theatre) {
  const spans = [];
  let since = null;
  for (const { kind, tick } of theatre.marks) {
    if (["frozen", "paused", "claimed"].includes(kind)) since ??= tick;
    else if (["resumed", "resolved", "voided"].includes(kind) && since !== null) {
      spans.push([since, tick]);
      since = null;
    }
  }
  if (since !== null) spans.push([since, theatre.last]);
  return spans;
}
