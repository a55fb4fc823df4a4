// An overlay of a public market for a stream: transparent, read from afar, nothing to press. By its address:
// `?theme=dark|light&view=board|ticker|leader|bar&outcomes=6&scale=1.2&accent=ff8800&names=off`; what is wrong is as it comes.

import * as board from "./board.js";
import { byId, calm, h } from "./dom.js";
import * as confetti from "./confetti.js";
import * as format from "./format.js";
import * as moments from "./moments.js";
import * as overlayView from "./overlay_view.js";
import * as render from "./render.js";
import * as state from "./state.js";
import * as watchStream from "./watch_stream.js";

const LASTS_MS = { eliminated: 10_000, resolved: 25_000, claimed: 14_000 };
const SHORT_MS = 6_000;
const LATE_MS = 30_000; // a connection that is away for longer is told
const LONGEST_STACK = 4; // moments that wait
const PLAIN = { insert() {} };
const options = read(new URLSearchParams(location.search));

document.documentElement.dataset.theme = options.theme;
document.documentElement.style.setProperty("--scale", String(options.scale));
if (options.accent) document.documentElement.style.setProperty("--accent", options.accent);
document.body.dataset.view = options.view;
const host = byId("overlay");
let view = null;
let late = 0;
let waiting = [];
let shown = null; // ends the moment that is shown
const follow = moments.follow();
state.watch("market", (market) => follow(market, told));
watchStream.follow({ market: arrived, link });

/** Each by itself: one that is wrong falls back to how it comes. */
function read(query) {
  const one = (name, choices) => (choices.includes(query.get(name)) ? query.get(name) : choices[0]);
  const number = (name, usual, low, high) => {
    const given = query.get(name);
    const value = given === null || given.trim() === "" ? NaN : Number(given);
    return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual;
  };
  const accent = (query.get("accent") ?? "").replace(/^#/, "");
  return {
    theme: one("theme", ["dark", "light"]),
    view: one("view", ["board", "ticker", "leader", "bar"]),
    outcomes: Math.round(number("outcomes", 6, 1, 25)),
    scale: number("scale", 1, 0.5, 3),
    accent: /^([0-9a-f]{3}|[0-9a-f]{6})$/i.test(accent) ? `#${accent}` : null,
    names: one("names", ["off", "on"]) === "on",
  };
}

function arrived(market) {
  if (market === null) {
    host.replaceChildren();
    byId("moment").replaceChildren();
    waiting = [];
    shown?.();
    view = null;
  } else {
    view ??= overlayView.create(host, options);
    document.body.dataset.state = market.state;
    view.update(market);
  }
  state.set("market", market);
}

function link(up) {
  clearTimeout(late);
  document.body.classList.remove("late");
  if (!up) late = setTimeout(() => document.body.classList.add("late"), LATE_MS);
  if (state.get("link")?.up !== up) state.set("link", { up, why: "" });
}

// --- moments ---------------------------------------------------------------------------------------------------------------

function told(market, fresh) {
  waiting.push(...fresh.filter((moment) => moment.kind !== "skipped"));
  if (waiting.length > LONGEST_STACK) waiting = [moments.joined(waiting)];
  if (waiting.some((moment) => moment.kind === "resolved")) shown?.(); // the end waits for nothing
  next();
}

function next() {
  const market = state.get("market");
  const moment = waiting[0];
  if (shown || !moment || !market) return;
  waiting.shift();
  const card = h("section", { class: `moment ${moment.kind}` }, inside(moment, market));
  byId("moment").replaceChildren(card);
  if (!calm()) card.classList.add("arrives");
  const stop = moment.kind === "resolved" && !calm() ? confetti.fire(document.body, moment.winners.map(paint)) : () => {};
  const timer = setTimeout(() => leave(card, end), LASTS_MS[moment.kind] ?? SHORT_MS);
  function end() {
    clearTimeout(timer);
    stop();
    card.remove();
    if (shown !== end) return;
    shown = null;
    next();
  }
  shown = end;
}

function leave(card, end) {
  if (calm() || !card.isConnected) return end();
  const away = card.animate([{ opacity: 1, transform: "none" }, { opacity: 0, transform: "translateY(24px)" }], { duration: 500, easing: "ease-in" });
  away.onfinish = away.oncancel = end;
}

const paint = (outcome) => getComputedStyle(document.documentElement).getPropertyValue(`--o${outcome % 10}`).trim();
const nameOf = (market, outcome) => market.rows.find((row) => row.outcome === outcome)?.name ?? `#${outcome + 1}`;
const named = (market, outcome) => h("span", { class: "name" }, board.chip(outcome), h("bdi", {}, nameOf(market, outcome)));

function inside(moment, market) {
  if (moment.kind === "eliminated") return out(moment, market);
  if (moment.winners?.length) return won(moment, market);
  return [h("p", { class: "said", dir: "auto" }, render.line(moment.head, PLAIN))];
}

function out(moment, market) {
  const names = moment.outcomes.slice(0, 5);
  const more = moment.outcomes.length - names.length;
  return [
    h("p", { class: "eyebrow" }, moment.round === null ? market.title : `Round ${moment.round + 1}`),
    h("p", { class: "gone" }, names.map((outcome) => named(market, outcome)), more > 0 ? h("span", { class: "name" }, `+${more}`) : null, h("strong", { class: "stamp" }, "out")),
    h("p", { class: "after" }, moment.prices.slice(0, 3).map(([outcome, before, after]) => h("span", {}, named(market, outcome), ` ${format.price(before)} → `, h("b", {}, format.price(after))))),
  ];
}

function won(moment, market) {
  const steps = options.names ? (moment.podium ?? []).slice(0, 3) : [];
  return [
    h("p", { class: "eyebrow", dir: "auto" }, market.title),
    h("p", { class: "winner" }, moment.winners.slice(0, 3).map((outcome) => named(market, outcome))),
    h("p", { class: "after" }, moment.kind === "resolved" ? (moment.winners.length > 1 ? "share the win" : "wins") : "named as the winner"),
    steps.length ? h("ol", { class: "podium" }, steps.map((step) => h("li", {}, h("span", {}, `${step.place}. `), h("bdi", {}, step.name), h("b", {}, ` ${step.share}`)))) : null,
  ];
}
