// The lines of a chart: a path an outcome; beyond ten outcomes dashed and dotted as the marks say. Each goes on level to the
// right of what is shown: a price holds until it changes. Of what happens within one pixel only the extremes are drawn,
// and while the picture only moves on, its plane is shifted and nothing is drawn anew.

import { colour, mark } from "./board.js";
import * as data from "./chart_data.js";
import * as scale from "./chart_scale.js";
import { svg } from "./dom.js";

const FAR = 4000; // pixels to the right: beyond any screen
const STRETCH = 0.02; // by so much a drawn line may be stretched

/** The steps of one outcome as path data, from the point `first` on; `x` and `y` place moments and values. */
export function steps(series, outcome, first, unit, x, y, end) {
  const parts = [];
  let level = null; // where the line is
  let [column, least, most, last] = [0, 0, 0, 0]; // what happens in the column of pixels that is being gone through
  const close = () => {
    if (least === level && most === level && last === level) return;
    parts.push(`H${column}`);
    if (least < Math.min(level, last)) parts.push(`V${least}`);
    if (most > Math.max(level, last)) parts.push(`V${most}`);
    parts.push(`V${last}`);
    level = last;
  };
  for (let point = first; point < series.times.length; point += 1) {
    const value = data.value(series, outcome, point, unit);
    const at = Math.round(x(series.times[point]));
    if (value === null) {
      if (level !== null) close(), parts.push(`H${at}`);
      level = null;
      continue;
    }
    const next = Math.round(y(value));
    if (level === null) {
      parts.push(`M${at},${next}`);
      level = next;
      [column, least, most, last] = [at, next, next, next];
    } else if (at === column) {
      [least, most, last] = [Math.min(least, next), Math.max(most, next), next];
    } else if (next !== last) {
      close();
      [column, least, most, last] = [at, next, next, next];
    }
  }
  if (level !== null) close(), parts.push(`H${end}`);
  return parts.join("");
}

export function create(view) {
  const clip = svg("rect");
  const plane = svg("g", { class: "plane" });
  const bars = svg("g", { class: "bars" });
  view.base.append(svg("defs", {}, svg("clipPath", { id: `${view.id}-clip` }, clip)), bars, svg("g", { "clip-path": `url(#${view.id}-clip)` }, plane));
  const paths = new Map();
  let built = null; // the places of what is drawn: {time, price}

  function build() {
    const { series, only, unit, left, right, top, bottom } = view;
    const time = scale.line(view.from, view.to, left, right);
    const price = scale.line(view.low, view.high, bottom, top);
    built = { time, price };
    const first = data.at(series, view.from);
    const x = (moment) => Math.max(left, time(moment));
    const end = view.over ? Math.round(time(series.until)) : right + FAR;
    series.names.forEach((_, outcome) => {
      if (only !== null && outcome !== only) return;
      const drawn = paths.get(outcome) ?? add(outcome);
      const d = steps(series, outcome, first, unit, x, price, end);
      drawn.path.setAttribute("d", d);
      drawn.area?.setAttribute("d", d && `${d}V${bottom}H${Math.round(x(series.times[first]))}Z`);
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

  function draw() {
    const { time, price, left, right, top, bottom, gliding } = view;
    if (view.stale || !built || (!gliding && !near())) build();
    for (const [name, value] of Object.entries({ x: left, y: top - 2, width: Math.max(0, right - left), height: bottom - top + 4 })) clip.setAttribute(name, value);
    const [a, d] = [time.factor / built.time.factor, price.factor / built.price.factor];
    plane.setAttribute("transform", `matrix(${a} 0 0 ${d} ${time(view.from) - a * built.time(view.from)} ${price(0) - d * built.price(0)})`);
    view.element.classList.toggle("lit", view.highlight !== null && view.only === null);
    for (const [outcome, { path }] of paths) {
      path.classList.toggle("on", outcome === view.highlight);
      path.classList.toggle("gone", view.series.exits.has(outcome));
    }
    const front = paths.get(view.highlight)?.path;
    if (front && plane.lastChild !== front) plane.append(front);
    if (view.volume) drawBars();
  }

  const near = () => Math.abs(view.time.factor / built.time.factor - 1) < STRETCH && Math.abs(view.price.factor / built.price.factor - 1) < STRETCH / 10;

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
  }

  return { draw };
}
