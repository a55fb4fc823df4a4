// Reading a chart at a moment: a line under the pointer or finger with all values there, and the same by keyboard. It lies
// in a layer above the lines, which are not drawn again for it.

import { chip, colour } from "./board.js";
import { shown } from "./chart_labels.js";
import * as data from "./chart_data.js";
import * as scale from "./chart_scale.js";
import { h, svg } from "./dom.js";
import * as format from "./format.js";

const MOST_ROWS = 12; // of a list in one column

export function create(view) {
  const rule = svg("line", { class: "rule" });
  const dots = svg("g", { class: "dots" });
  view.above.append(svg("g", { class: "cross" }, rule, dots));
  const when = h("p", { class: "when" });
  const list = h("ul");
  const card = h("div", { class: "reading", "aria-hidden": "true", hidden: true }, when, list);
  const surface = h("div", {
    class: "surface",
    role: "slider",
    tabindex: "0",
    "aria-label": "Prices over time",
    "aria-valuemin": "0",
    "aria-valuenow": "0",
    on: { pointermove: moved, pointerdown: moved, pointerleave: left, pointercancel: clear, keydown: keyed, blur: clear },
  });
  view.texts.append(surface, card);
  let moment = null; // what is read, or null
  let point = null; // where the keyboard is
  const circles = new Map();
  const rows = new Map();

  function moved(event) {
    if (!view.time) return;
    const x = event.clientX - view.element.getBoundingClientRect().left;
    if (event.type === "pointerdown" && event.pointerType !== "mouse") surface.setPointerCapture?.(event.pointerId);
    point = null;
    moment = Math.min(view.to, Math.max(view.from, view.time.invert(x)));
    soon();
  }

  function left(event) {
    if (event.pointerType === "touch") return;
    clear();
  }

  function clear() {
    if (moment === null) return;
    moment = point = null;
    soon();
  }

  /** ← → points, Page up and down rounds, ↑ ↓ outcomes, Home and End. */
  function keyed(event) {
    const { series } = view;
    if (!series?.times.length) return;
    const last = series.times.length - 1;
    const here = point ?? last;
    const step = event.shiftKey ? 10 : 1;
    const first = data.at(series, view.from);
    const clip = (to) => Math.min(last, Math.max(first, to));
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") point = clip(here + (event.key === "ArrowLeft" ? -step : step));
    else if (event.key === "PageUp" || event.key === "PageDown") point = clip(round(here, event.key === "PageDown" ? 1 : -1));
    else if (event.key === "Home") point = first;
    else if (event.key === "End") point = last;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") turn(here, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Escape" && moment !== null) return event.stopPropagation(), clear();
    else return;
    event.preventDefault();
    point ??= here;
    moment = Math.max(view.from, series.times[point]);
    soon();
    tell();
  }

  /** The first point of the round before or after. */
  function round(here, by) {
    const starts = view.series.rounds.map(({ at }) => Math.min(view.series.times.length - 1, data.at(view.series, at - 1) + 1));
    return by > 0 ? (starts.find((start) => start > here) ?? view.series.times.length - 1) : (starts.findLast((start) => start < here) ?? 0);
  }

  function turn(here, by) {
    if (view.only !== null) return;
    const order = at(here).map(({ outcome }) => outcome);
    const place = order.indexOf(view.highlight);
    view.pick(order[(place + by + order.length + (place < 0 && by < 0 ? 1 : 0)) % order.length], true);
  }

  /** Draws this layer alone. */
  function soon() {
    due ||= requestAnimationFrame(() => ((due = 0), view.series?.times.length && view.time && draw()));
  }
  let due = 0;

  /** Values at a point, highest first. */
  function at(index) {
    const { series, only, unit } = view;
    return series.names
      .map((name, outcome) => ({ name, outcome, value: data.value(series, outcome, index, unit) }))
      .filter(({ outcome, value }) => value !== null && (only === null || outcome === only))
      .sort((a, b) => b.value - a.value || a.outcome - b.outcome);
  }

  const title = (time) => {
    const round = data.roundAt(view.series, time);
    return [scale.moment(time, view.to - view.from), round, data.frozenAt(view.series, time) ? "frozen" : ""].filter(Boolean).join(" · ");
  };

  function tell() {
    const values = at(point);
    const lit = values.filter(({ outcome }) => outcome === view.highlight);
    const read = [...lit, ...values.filter(({ outcome }) => outcome !== view.highlight).slice(0, 3)];
    surface.setAttribute("aria-valuemax", String(view.series.times.length - 1));
    surface.setAttribute("aria-valuenow", String(point));
    surface.setAttribute("aria-valuetext", `${title(view.series.times[point])}: ${read.map(({ name, value }) => `${name} ${shown(value, view.unit)}`).join(", ")}`);
  }

  let spread = "";
  function draw() {
    const { left: from, right, top, foot, bottom } = view;
    const place = [from, top - 16, right - from, foot - top + 16];
    if (spread !== place.join()) ["--left", "--top", "--wide", "--high"].forEach((name, index) => surface.style.setProperty(name, `${place[index]}px`));
    spread = place.join();
    const open = moment !== null && moment >= view.from;
    view.element.classList.toggle("reading-now", open);
    card.hidden = !open;
    view.above.classList.toggle("open", open);
    if (!open) return;
    const index = data.at(view.series, moment);
    const x = Math.round(view.time(Math.min(moment, view.to))) + 0.5;
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: top - 4, y2: foot })) rule.setAttribute(name, value);
    const values = at(index);
    point_(values, x);
    read(values, index);
    put(x, right, bottom);
  }

  function point_(values, x) {
    const on = new Set();
    for (const { outcome, value } of values) {
      on.add(outcome);
      const circle = circles.get(outcome) ?? svg("circle", { r: 4, vars: { "--c": colour(outcome) } });
      if (!circles.has(outcome)) circles.set(outcome, circle), dots.append(circle);
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", view.price(value).toFixed(1));
    }
    for (const [outcome, circle] of circles) circle.toggleAttribute("hidden", !on.has(outcome));
  }

  function read(values, index) {
    when.textContent = title(moment);
    const lines = values.map(({ outcome, name, value }) => {
      if (!rows.has(outcome)) {
        const figure = h("b");
        rows.set(outcome, { element: h("li", {}, chip(outcome), h("bdi", {}, name), figure), figure });
      }
      const row = rows.get(outcome);
      row.figure.textContent = shown(value, view.unit);
      row.element.classList.toggle("on", outcome === view.highlight);
      return row.element;
    });
    if (view.volume) lines.push(traded());
    if (lines.some((line, place) => list.children[place] !== line) || list.children.length !== lines.length) list.replaceChildren(...lines);
    list.classList.toggle("two", lines.length > MOST_ROWS || view.width < 480);
    return index;
  }

  /** What was traded in the bar under the pointer. */
  const bar = h("li", { class: "traded" }, h("bdi", {}, "traded"), h("b"));
  function traded() {
    const { times, volume } = view.volume;
    const reach = 3.5 / view.time.factor;
    let sum = 0;
    times.forEach((at, place) => Math.abs(at - moment) <= reach && (sum += volume[place]));
    bar.lastChild.textContent = format.money(sum);
    return bar;
  }

  function put(x, right) {
    const wide = card.offsetWidth;
    const beside = x + 16 + wide <= right ? x + 16 : x - 16 - wide >= view.left ? x - 16 - wide : null;
    card.classList.toggle("atop", beside === null);
    card.style.transform = `translate(${Math.round(beside ?? Math.min(Math.max(x - wide / 2, 4), view.width - wide - 4))}px, ${beside === null ? view.height - 4 : view.top}px)`;
  }

  return { draw };
}
