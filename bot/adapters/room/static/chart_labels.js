// The names at the lines' ends, none on another: a tap highlights an outcome. Where there is no room for all, those who
// stand highest keep theirs.

import { chip, colour } from "./board.js";
import * as data from "./chart_data.js";
import * as scale from "./chart_scale.js";
import { h, svg } from "./dom.js";

const ROOM = 22;

/** `61.2¢`, or `58.9 %` where chances are shown; of whole ones without tenths. */
export function shown(micro, unit, digits = 1) {
  const value = (Math.round(micro / 1000) / 10).toFixed(digits && 1);
  return unit === "chance" ? `${value}%` : `${value}¢`;
}

/** How much of a chart's width they take. */
export function room(view) {
  if (view.only !== null) return 62;
  const share = view.width < 480 ? 0.33 : 0.25;
  const widest = Math.max(...(view.series?.names ?? [""]).map((name) => Math.min(name.length, 16)));
  return Math.round(Math.min(view.width * share, 94 + widest * 7.2, 216));
}

export function create(view) {
  const threads = svg("g", { class: "threads" });
  const host = h("div", { class: view.only === null ? "ends" : "ends alone" });
  view.base.append(threads);
  const beat = h("span", { class: "beat", hidden: true }, h("i"));
  view.texts.append(beat, host);
  const buttons = new Map();

  function label(outcome) {
    if (buttons.has(outcome)) return buttons.get(outcome);
    const figure = h("b");
    const name = h("bdi", { class: "who" });
    const press = () => view.pick(outcome);
    const element = h("button", { type: "button", class: "end", "data-outcome": outcome, vars: { "--c": colour(outcome) }, on: { click: press } }, chip(outcome), name, figure);
    const made = { element, figure, name };
    buttons.set(outcome, made);
    host.append(element);
    return made;
  }

  function draw() {
    const { series, price, top, bottom, right, highlight, only } = view;
    const last = series.times.length - 1;
    const ends = series.names
      .map((name, outcome) => ({ outcome, name, value: data.value(series, outcome, last, view.unit) }))
      .filter(({ outcome, value }) => value !== null && (only === null || outcome === only))
      .sort((a, b) => b.value - a.value || a.outcome - b.outcome);
    const most = Math.max(1, Math.floor((bottom - top + ROOM) / ROOM));
    const kept = ends.filter((end, place) => place < most || end.outcome === highlight);
    if (kept.length > most) kept.splice(kept.findLastIndex((end) => end.outcome !== highlight), 1);
    const ys = scale.apart(kept.map(({ value }) => price(value)), ROOM, top, bottom);
    const lines = kept.map((end, place) => {
      const { element, figure, name } = label(end.outcome);
      name.textContent = end.name;
      figure.textContent = shown(end.value, view.unit, view.width < 480 ? 0 : 1);
      element.hidden = false;
      element.classList.toggle("on", end.outcome === highlight);
      element.setAttribute("aria-pressed", String(end.outcome === highlight));
      element.setAttribute("aria-label", `${end.name} ${shown(end.value, view.unit)}, highlight its line`);
      element.style.transform = `translate(${right + 10}px, ${ys[place] - ROOM / 2}px)`;
      const y = price(end.value);
      return svg("path", { class: "thread", d: `M${right},${y.toFixed(1)}L${right + 8},${ys[place].toFixed(1)}`, vars: { "--c": colour(end.outcome) } });
    });
    const dots = kept.map((end) => svg("circle", { class: "tip", cx: right, cy: price(end.value).toFixed(1), r: 3.2, vars: { "--c": colour(end.outcome) } }));
    threads.replaceChildren(...lines, ...dots);
    beat.hidden = !kept.length || view.over || view.series.still;
    if (!beat.hidden) {
      beat.style.transform = `translate(${right}px, ${price(ends[0].value).toFixed(1)}px)`;
      beat.style.setProperty("--c", colour(ends[0].outcome));
    }
    host.style.setProperty("--wide", `${view.width - right - 12}px`);
    const on = new Set(kept.map(({ outcome }) => outcome));
    for (const [outcome, { element }] of buttons) if (!on.has(outcome)) element.hidden = true;
  }

  return { draw };
}
