// One chart: its layers, what part of time and price it shows, and when it is drawn again. What the pointer reads lies in a
// layer of its own, so that nothing else is drawn for it.

import * as axis from "./chart_axis.js";
import * as data from "./chart_data.js";
import * as labels from "./chart_labels.js";
import * as lines from "./chart_lines.js";
import * as marks from "./chart_marks.js";
import * as pointer from "./chart_pointer.js";
import * as scale from "./chart_scale.js";
import * as clock from "./clock.js";
import { calm, h, svg } from "./dom.js";
import * as state from "./state.js";

const TOP = 22;
const BOTTOM = 24;
const AXIS = 44;
const BARS = 46; // of which the bars of volume take the most
const GLIDE_MS = 320;

let plots = 0;

/** A chart in `host` (an element of its own). `only`: one outcome alone, with what was traded of it. `highlight(outcome)` is told
 *  whom a label names; `ask({outcome, price})`: where given, a tap on the price axis asks to be told of it. Feed it with `show({series, span, only?, volume?})`; `view` is what its layers share. */
export function create(host, { only = null, pick = () => {}, ask = null } = {}) {
  const id = `plot-${(plots += 1)}`;
  const base = svg("svg", { class: "base", "aria-hidden": "true" });
  const above = svg("svg", { class: "above", "aria-hidden": "true" });
  const texts = h("div", { class: "texts" });
  const element = h("div", { class: "chart-plot" }, base, above, texts);
  host.append(element);
  const view = { id, only, element, base, above, texts, series: null, span: "all", unit: "cents", highlight: null, width: 0, height: 0, volume: null, pick, ask, draw: soon };
  let length = 0;
  const layers = [axis, marks, lines, labels, pointer].map((layer) => layer.create(view));
  let due = 0;
  let glide = null;

  function show(next) {
    const other = ["series", "span", "unit", "over"].some((name) => name in next && next[name] !== view[name]);
    const before = view.price && !other && { low: view.low, high: view.high };
    Object.assign(view, next);
    view.stale ||= other || view.series?.times.length !== length;
    length = view.series?.times.length;
    aim();
    const stretch = before && (before.high - before.low) / (view.high - view.low);
    if (before && stretch !== 1 && stretch > 0.5 && stretch < 2 && !calm()) glide = { before, since: performance.now() };
    soon();
  }

  /** What part of time and price there is to show now. */
  function aim() {
    const series = view.series;
    if (!series?.times.length || !view.width) return;
    const end = view.over ? series.until : Math.max(series.until, Math.min(clock.now(), series.until + 86_400_000));
    const first = series.times[0];
    const ms = scale.spanMs(view.span);
    const since = view.span === "round" ? Math.max(first, ...series.rounds.filter((round) => round.name !== "Final").map((round) => round.at)) : ms ? Math.max(first, end - ms) : first;
    view.from = Math.min(since, end - 1000);
    view.to = end;
    const [least, most] = reach(series);
    [view.low, view.high] = scale.priceRange(least, most, only !== null);
    place();
  }

  function reach(series) {
    let [least, most] = [Infinity, 0];
    for (let point = data.at(series, view.from); point < series.times.length; point += 1) {
      for (let outcome = only ?? 0; outcome <= (only ?? series.names.length - 1); outcome += 1) {
        const value = data.value(series, outcome, point, view.unit);
        if (value !== null) [least, most] = [Math.min(least, value), Math.max(most, value)];
      }
    }
    for (const value of marks.prices(view)) [least, most] = [Math.min(least, value), Math.max(most, value)];
    return most ? [least, most] : [0, 500_000];
  }

  function place(box = view) {
    const right = labels.room(view);
    view.left = AXIS;
    view.right = view.width - right;
    view.top = TOP;
    view.bottom = view.height - BOTTOM - (view.volume ? BARS : 0);
    view.foot = view.height - BOTTOM;
    view.time = scale.line(box.from, box.to, view.left, view.right);
    view.price = scale.line(box.low, box.high, view.bottom, view.top);
  }

  function frame(now) {
    due = 0;
    if (!view.series?.times.length || !view.width) return;
    if (glide) {
      const part = Math.min(1, (now - glide.since) / GLIDE_MS);
      const eased = 1 - (1 - part) ** 3;
      const mix = (from, to) => from + (to - from) * eased;
      place({ low: mix(glide.before.low, view.low), high: mix(glide.before.high, view.high), from: view.from, to: view.to });
      if (part >= 1) glide = null;
      else soon();
    } else place();
    view.gliding = glide !== null;
    for (const layer of layers) layer.draw();
    view.stale = false;
  }

  function soon() {
    due ||= requestAnimationFrame(frame);
  }

  /** Time goes on: the picture follows where that moves it by half a pixel. */
  function beat() {
    if (!view.price || view.over || glide || element.offsetParent === null) return;
    const before = view.to;
    aim();
    if (Math.abs(view.time.factor * (view.to - drawn)) >= 0.5 || view.to < before) {
      drawn = view.to;
      soon();
    }
  }
  let drawn = 0;

  function resize() {
    const { width, height } = element.getBoundingClientRect();
    if (!width || (Math.abs(width - view.width) < 0.5 && Math.abs(height - view.height) < 0.5)) return;
    Object.assign(view, { width, height, stale: true });
    for (const layer of [base, above]) layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
    aim();
    soon();
  }

  const watched = new ResizeObserver(resize);
  watched.observe(element);
  const stops = [clock.everyBeat(beat), state.watch("unit", (unit) => (unit ?? "cents") !== view.unit && show({ unit: unit ?? "cents" }))];
  return {
    view,
    show,
    highlight(outcome) {
      if (view.highlight === outcome) return;
      view.highlight = outcome;
      soon();
    },
    draw: () => (aim(), soon()),
    stop() {
      watched.disconnect();
      for (const stop of stops) stop();
      for (const layer of layers) layer.stop?.();
      element.remove();
    },
  };
}
