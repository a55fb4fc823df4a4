// The lines of a chart: a path an outcome, in a plane stretched to fit; beyond ten outcomes dashed and dotted as the
// marks say. Each goes on level to the right of what is shown: a price holds until it changes.

import { colour, mark } from "./board.js";
import * as data from "./chart_data.js";
import { svg } from "./dom.js";

const FAR = 1e7; // seconds to the right

export function create(view) {
  const clip = svg("rect");
  const plane = svg("g", { class: "plane" });
  const bars = svg("g", { class: "bars" });
  view.base.append(svg("defs", {}, svg("clipPath", { id: `${view.id}-clip` }, clip)), bars, svg("g", { "clip-path": `url(#${view.id}-clip)` }, plane));
  const paths = new Map();
  let origin = 0;

  function build() {
    const { series, only } = view;
    origin = view.from;
    const first = data.at(series, view.from);
    series.names.forEach((_, outcome) => {
      if (only !== null && outcome !== only) return;
      const drawn = paths.get(outcome) ?? add(outcome);
      const d = steps(series, outcome, first);
      drawn.path.setAttribute("d", d);
      drawn.area?.setAttribute("d", d && `${d}V0H${seconds(Math.max(series.times[first], view.from))}Z`);
    });
  }

  function add(outcome) {
    const props = { "data-outcome": outcome, "data-mark": mark(outcome), vars: { "--c": colour(outcome) } };
    const drawn = { path: svg("path", { class: "step", ...props }), area: view.only === null ? null : svg("path", { class: "under", ...props }) };
    if (drawn.area) plane.append(drawn.area);
    plane.append(drawn.path);
    paths.set(outcome, drawn);
    return drawn;
  }

  const seconds = (time) => Math.round((time - origin) / 100) / 10;

  function steps(series, outcome, first) {
    const { times } = series;
    const parts = [];
    let level = null;
    for (let point = first; point < times.length; point += 1) {
      const value = data.value(series, outcome, point, view.unit);
      const at = seconds(times[point]);
      if (value === null) {
        if (level !== null) parts.push(`H${at}`);
        level = null;
        continue;
      }
      const next = Math.round(value / 100);
      if (level === null) parts.push(`M${at},${next}`);
      else if (next !== level) parts.push(`H${at}V${next}`);
      level = next;
    }
    if (level !== null) parts.push(`H${view.over ? seconds(series.until) : FAR}`);
    return parts.join("");
  }

  function draw() {
    if (view.stale || view.from < origin) build();
    const { time, price, left, right, top, bottom } = view;
    const height = bottom - top + 4;
    for (const [name, value] of Object.entries({ x: left, y: top - 2, width: Math.max(0, right - left), height })) clip.setAttribute(name, value);
    plane.setAttribute("transform", `matrix(${time.factor * 1000} 0 0 ${price.factor * 100} ${time(origin)} ${price(0)})`);
    view.element.classList.toggle("lit", view.highlight !== null && view.only === null);
    for (const [outcome, { path }] of paths) {
      path.classList.toggle("on", outcome === view.highlight);
      path.classList.toggle("gone", view.series.exits.has(outcome));
    }
    const front = paths.get(view.highlight)?.path;
    if (front && plane.lastChild !== front) plane.append(front);
    if (view.volume) drawBars();
    else bars.replaceChildren();
  }

  /** What was traded, in as many bars as are told apart. */
  function drawBars() {
    const { times, volume } = view.volume;
    const { left, right, time, foot, bottom } = view;
    const count = Math.max(1, Math.floor((right - left) / 7));
    const sums = new Float64Array(count);
    times.forEach((at, point) => {
      const bar = Math.floor(((time(at) - left) / (right - left)) * count);
      if (bar >= 0 && bar <= count) sums[Math.min(bar, count - 1)] += volume[point];
    });
    const most = Math.max(...sums, 1);
    const high = foot - bottom - 12;
    const d = Array.from(sums, (sum, bar) => (sum ? `M${(left + bar * 7 + 1).toFixed(1)},${foot}v${-Math.max(1.5, (sum / most) * high).toFixed(1)}h5V${foot}z` : "")).join("");
    bars.replaceChildren(svg("path", { d, vars: { "--c": colour(view.only ?? 0) } }));
    view.most = most;
  }

  return { draw };
}
