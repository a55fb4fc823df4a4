// The grid of a chart with its two axes; and the price axis as a place to ask for an alert: a "+" follows the pointer,
// arrow keys move it, a tap or Enter asks.

import { chip } from "./board.js";
import * as data from "./chart_data.js";
import * as scale from "./chart_scale.js";
import { h, svg } from "./dom.js";
import { shown } from "./chart_labels.js";

export function create(view) {
  const grid = svg("g", { class: "grid" });
  const frames = svg("g", { class: "shades" });
  view.base.append(frames, grid);
  view.frames = frames;
  const bubble = h("span", { class: "ask-tag", hidden: true });
  const ruler = h(
    "div",
    {
      class: "ruler",
      role: "slider",
      tabindex: "0",
      "aria-orientation": "vertical",
      "aria-label": "Price axis: choose a price to be told of",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": "50",
      on: { pointermove: follow, pointerleave: () => document.activeElement !== ruler && show(null), click: tapped, keydown: keyed, focus: () => ruler.matches(":focus-visible") && show(chosen ?? middle()), blur: () => show(null) },
    },
    bubble,
  );
  view.texts.append(h("div", { class: "cropped" }, ruler));
  let chosen = null;

  const middle = () => Math.round((view.low + view.high) / 2 / 10_000) * 10_000;
  const whole = (value) => Math.min(990_000, Math.max(10_000, Math.round(value / 10_000) * 10_000));

  /** Whose price it is: who is highlighted, else whose line ends nearest. */
  function nearest(value) {
    const { series, only, highlight } = view;
    if (only !== null) return only;
    if (highlight !== null && !series.exits.has(highlight)) return highlight;
    const last = series.times.length - 1;
    let best = null;
    series.names.forEach((_, outcome) => {
      const price = data.value(series, outcome, last, view.unit);
      if (price !== null && (best === null || Math.abs(price - value) < best.far)) best = { outcome, far: Math.abs(price - value) };
    });
    return best?.outcome ?? null;
  }

  function show(value) {
    chosen = value;
    const outcome = value === null ? null : nearest(value);
    const open = outcome !== null && !view.over;
    bubble.hidden = !open;
    view.element.classList.toggle("asking", open);
    if (!open) return;
    const name = view.series.names[outcome];
    bubble.replaceChildren(h("i", { class: "plus", "aria-hidden": "true" }, "+"), h("b", {}, shown(value, view.unit, 0)), h("span", { class: "whose" }, chip(outcome), h("bdi", {}, name)));
    bubble.style.setProperty("--y", `${view.price(value) - view.top}px`);
    ruler.setAttribute("aria-valuenow", String(Math.round(value / 10_000)));
    ruler.setAttribute("aria-valuetext", `${shown(value, view.unit, 0)}. Enter: tell me when ${name} passes it.`);
  }

  function follow(event) {
    if (!view.price || event.pointerType === "touch") return;
    show(whole(view.price.invert(event.clientY - view.element.getBoundingClientRect().top)));
  }

  function tapped(event) {
    if (!view.price || view.over) return;
    ask(event.detail ? whole(view.price.invert(event.clientY - view.element.getBoundingClientRect().top)) : (chosen ?? middle()));
  }

  function ask(value) {
    const outcome = nearest(value);
    if (outcome === null) return;
    const price = view.unit === "chance" ? Math.round((value * view.series.sums.at(-1)) / 1e6) : value;
    view.ask({ outcome, price: Math.min(990_000, Math.max(10_000, Math.round(price / 10_000) * 10_000)) });
  }

  function keyed(event) {
    const by = { ArrowUp: 10_000, ArrowDown: -10_000, ArrowRight: 10_000, ArrowLeft: -10_000, PageUp: 50_000, PageDown: -50_000 }[event.key];
    if (by) show(whole((chosen ?? middle()) + by));
    else if (event.key === "Enter" || event.key === " ") ask(chosen ?? middle());
    else return;
    event.preventDefault();
  }

  function draw() {
    const { left, right, top, bottom, foot, time, price } = view;
    const levels = scale.priceTicks(view.low, view.high, bottom - top);
    const digits = levels.some((value) => value % 10_000) ? 1 : 0;
    const prices = levels.map((value) => {
      const y = Math.round(price(value)) + 0.5;
      return [svg("line", { x1: left, x2: right, y1: y, y2: y, class: value === 0 ? "ground" : null }), svg("text", { x: left - 8, y: y + 4, class: "n" }, shown(value, view.unit, digits))];
    });
    const moments = scale.timeTicks(time.invert(left), time.invert(right), right - left).map(({ at, label, strong }) => {
      const x = Math.round(time(at)) + 0.5;
      if (x < left + 18 || x > right - 14) return [];
      return [svg("line", { x1: x, x2: x, y1: foot, y2: foot + 4 }), svg("text", { x, y: foot + 17, class: strong ? "strong" : null }, label)];
    });
    grid.replaceChildren(...prices.flat(), ...moments.flat());
    for (const [name, value] of Object.entries({ "--left": left, "--top": top, "--high": bottom - top })) ruler.style.setProperty(name, `${value}px`);
    ruler.hidden = Boolean(view.over) || !view.ask;
    if (chosen !== null) show(chosen);
  }

  return { draw };
}
