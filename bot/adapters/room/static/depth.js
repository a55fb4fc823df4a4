// The book and the house of one token as one picture: price across, tokens up to there upwards, the house as an area and
// the book's orders as steps on top. What buys lies right of the price now, what sells left of it.

import { colour } from "./board.js";
import { shown } from "./chart_labels.js";
import * as scale from "./chart_scale.js";
import { h, svg } from "./dom.js";

const HIGH = 210;
const AXIS = 46;
const TOP = 14;
const BOTTOM = 26;
const READ = 120; // steps of the keyboard across the picture

const tokens = (micro) => {
  const count = micro / 1e6;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  if (count >= 1e4) return `${Math.round(count / 1000)}k`;
  return count >= 100 ? Math.round(count).toLocaleString("en-US") : String(Math.round(count * 10) / 10);
};

/** Tokens of the house and of the book up to a price. */
export function upTo(ladder, price, buy) {
  const beyond = (at) => (buy ? at > price : at < price);
  const { house, book } = ladder;
  let held = 0;
  for (let place = 1; place < house.length; place += 1) {
    const [[from, less], [to, more]] = [house[place - 1], house[place]];
    if (!beyond(to)) held = more;
    else {
      if (!beyond(from) && to !== from) held = less + ((more - less) * (price - from)) / (to - from);
      break;
    }
  }
  return { house: Math.max(0, held), book: book.reduce((sum, [at, size]) => (beyond(at) ? sum : sum + size), 0) };
}

/** Draws into `host`; `update(depth, side, outcome, name)` shows another state of it. */
export function create(host) {
  const image = svg("svg", { class: "depths", "aria-hidden": "true" });
  const rule = svg("line", { class: "rule" });
  const words = h("p", { class: "tells", "aria-live": "off" });
  const surface = h("div", { class: "surface", role: "slider", tabindex: "0", "aria-label": "Depth by price", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50", on: { pointermove: moved, pointerdown: moved, pointerleave: left, keydown: keyed, blur: () => point(null) } });
  const element = h("div", { class: "depth" }, h("div", { class: "canvas" }, image, surface), words);
  host.append(element);
  let drawn = null; // {side, ladders, price, size, ...}
  let given = null;
  let at = null;

  function update(depth, side, outcome, name) {
    given = { depth, side, outcome, name };
    element.hidden = !depth;
    if (depth) draw();
  }

  function draw() {
    const width = element.clientWidth;
    if (!width || !given?.depth) return;
    const { now, held, buy, sell } = given.depth[given.side];
    const [low, high] = range(now, buy, sell, held);
    const price = scale.line(low, high, AXIS, width - 10);
    const stand = (at) => {
      const buying = at >= now;
      const { house, book } = upTo(buying ? buy : sell, at, buying);
      const cut = buying ? 1 : Math.min(1, held / Math.max(1, house + book));
      return { house: house * cut, book: book * cut };
    };
    const most = Math.max(1e6, ...[low, high].map((end) => stand(end).house + stand(end).book));
    const size = scale.line(0, most * 1.06, HIGH - BOTTOM, TOP);
    drawn = { now, low, high, price, size, stand, most, width };
    image.setAttribute("viewBox", `0 0 ${width} ${HIGH}`);
    image.replaceChildren(...grid(), ...shapes(), rule);
    surface.style.setProperty("--left", `${AXIS}px`);
    point(at);
  }

  /** As far out as trades of some size go: most of the picture is where trades happen. */
  function range(now, buy, sell, held) {
    const wide = Math.max(120_000, ...[buy, sell].flatMap(({ book }) => book.map(([at]) => Math.abs(at - now) + 20_000)).filter((far) => far < 250_000));
    const [top, bottom] = [buy.house.at(-1)[0], sell.house.at(-1)[0]];
    let low = held ? Math.max(bottom, now - wide) : now - 20_000;
    const all = (at) => upTo(sell, at, false).house + upTo(sell, at, false).book;
    for (let at = now; held && at > low; at -= 2_500) if (all(at) >= held) low = Math.max(low, at - 15_000);
    return [Math.max(0, low), Math.min(1e6, Math.max(Math.min(top, now + wide), now + 20_000))];
  }

  function grid() {
    const { width, low, high, price, size, most, now } = drawn;
    const across = scale.priceTicks(low, high, width - AXIS, 70);
    const x = price(now);
    return [
      ...[0, ...round(most)].map((value) => svg("g", { class: "grid" }, svg("line", { x1: AXIS, x2: width - 10, y1: size(value), y2: size(value) }), svg("text", { class: "n", x: AXIS - 8, y: size(value) + 4 }, tokens(value)))),
      ...across.map((value) => svg("text", { x: price(value), y: HIGH - 8 }, shown(value, "cents", value % 10_000 ? 1 : 0))),
      svg("line", { class: "now", x1: x, x2: x, y1: TOP, y2: HIGH - BOTTOM }),
      ...(x - AXIS > 90 ? [svg("text", { class: "way sell", x: x - 10, y: TOP + 4 }, "← selling")] : []),
      ...(width - x > 90 ? [svg("text", { class: "way buys", x: x + 10, y: TOP + 4 }, "buying →")] : []),
    ];
  }

  /** Round numbers of tokens up to `most`, two or three. */
  const round = (most) => {
    const unit = 10 ** Math.floor(Math.log10(most / 2));
    const step = [1, 2, 5, 10].map((part) => part * unit).find((size) => most / size < 4);
    return Array.from({ length: Math.floor(most / step) }, (_, place) => (place + 1) * step);
  };

  function shapes() {
    const { low, high, now, price, size, stand } = drawn;
    const points = [];
    for (let step = 0; step <= 160; step += 1) points.push(low + ((high - low) * step) / 160);
    const edges = [given.depth[given.side].buy, given.depth[given.side].sell].flatMap(({ book }) => book.map(([at]) => at)).filter((at) => at > low && at < high);
    const all = [...points, now, ...edges.flatMap((edge) => [edge - 1, edge])].sort((a, b) => a - b);
    const path = (of) => all.map((value, place) => `${place ? "L" : "M"}${price(value).toFixed(1)},${size(of(stand(value))).toFixed(1)}`).join("");
    const floor = `V${size(0)}H${price(low)}Z`;
    const both = path(({ house, book }) => house + book);
    const house = path(({ house }) => house);
    const back = all.toReversed().map((value) => `L${price(value).toFixed(1)},${size(stand(value).house).toFixed(1)}`).join("");
    const look = { vars: { "--c": colour(given.outcome) } };
    return [svg("path", { class: "house", d: house + floor, ...look }), svg("path", { class: "book", d: `${both}${back}Z`, ...look }), svg("path", { class: "edge", d: both, ...look })];
  }

  function tell(value) {
    const { now, stand } = drawn;
    const { house, book } = stand(value);
    const whose = `${given.side.toUpperCase()}`;
    if (Math.abs(value - now) < 600) return [`${given.name} ${whose} stands at ${shown(now, "cents")}. Point at a price to see what moves it there.`];
    const verb = value > now ? "Buying" : "Selling";
    const from = book ? `, ${tokens(book)} of them waiting in the book` : "";
    return [h("b", {}, `${verb} ${tokens(house + book)} ${whose}`), ` takes the price to `, h("b", {}, shown(value, "cents")), `${from}.`];
  }

  function point(value) {
    at = value;
    if (!drawn) return;
    rule.toggleAttribute("hidden", value === null);
    const here = value ?? drawn.now;
    const x = drawn.price(here);
    for (const [name, to] of Object.entries({ x1: x, x2: x, y1: TOP, y2: HIGH - BOTTOM })) rule.setAttribute(name, to);
    words.replaceChildren(...tell(here));
    surface.setAttribute("aria-valuenow", String(Math.round(here / 10_000)));
    surface.setAttribute("aria-valuetext", words.textContent);
  }

  function moved(event) {
    if (!drawn) return;
    const value = drawn.price.invert(event.clientX - element.getBoundingClientRect().left);
    point(Math.min(drawn.high, Math.max(drawn.low, value)));
  }

  function left(event) {
    if (event.pointerType !== "touch") point(null);
  }

  function keyed(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by || !drawn) return;
    event.preventDefault();
    point(Math.min(drawn.high, Math.max(drawn.low, (at ?? drawn.now) + (by * (drawn.high - drawn.low)) / READ)));
  }

  const watched = new ResizeObserver(draw);
  watched.observe(element);
  return { element, update, stop: () => watched.disconnect() };
}
