// The steps of a market's prices: asked for once a span, then grown by each `market` event. Times are epoch ms, prices
// millionths of a dollar, null where an outcome is out.

import * as api from "./api.js";
import * as state from "./state.js";

const STILL = ["frozen", "paused"];
const AGAIN_MS = 4000; // at most so often a whole series is asked for again
const MOST = 4000; // points in memory; then it is asked for anew, thinned
const KEPT = 3; // markets

const stores = new Map(); // market to its store, the one asked for last at the end

/** The series of a market, kept while others look at it too. `changed(what)`: "loaded" or "grown". */
export function follow(market, changed) {
  const store = stores.get(market) ?? newStore(market);
  stores.delete(market);
  stores.set(market, store);
  for (const [key, old] of stores) if (stores.size > KEPT && !old.listeners.size) stores.delete(key);
  store.listeners.add(changed);
  load(store, "all");
  return {
    /** The series of a span, or all of it while that is on its way; null before the first. */
    series: (span) => store.series.get(span) ?? store.series.get("all") ?? null,
    /** Asks for a span's own points, where all of it has too few. */
    want: (span) => span !== "all" && store.series.get("all")?.thinned && load(store, span),
    stop: () => store.listeners.delete(changed),
  };
}

function newStore(market) {
  return { market, series: new Map(), loading: new Set(), listeners: new Set(), asked: 0, timer: 0, failed: 0 };
}

async function load(store, span) {
  if (store.loading.has(span)) return;
  store.loading.add(span);
  store.asked = performance.now();
  try {
    const answer = await api.get(`api/v1/markets/${store.market}/chart?span=${span}`);
    store.series.set(span, made(answer));
    store.failed = 0;
    const latest = state.get("market");
    if (latest?.market === store.market) grow(store.series.get(span), latest);
    tell(store, "loaded");
  } catch (problem) {
    store.failed += 1;
    if (!(problem instanceof api.Refused)) setTimeout(() => store.listeners.size && load(store, span), 2000 * store.failed);
  } finally {
    store.loading.delete(span);
  }
}

function tell(store, what) {
  for (const listener of store.listeners) listener(what);
}

/** What the server sent, as the page works with it. */
export function made(answer) {
  const series = { ...answer, exits: new Map(answer.exits.map((exit) => [exit.outcome, exit.at])), until: answer.times.at(-1) ?? null, still: false };
  series.sums = answer.times.map((_, point) => sum(answer.yes, point));
  return series;
}

const sum = (yes, point) => yes.reduce((all, prices) => all + (prices[point] ?? 0), 0);

/** Adds what an event tells; whether something is missing that only the server knows. */
export function grow(series, event) {
  if (event.at === null || event.at === undefined || event.tick < series.tick) return false;
  const prices = series.names.map(() => null);
  for (const row of event.rows) if (row.active) prices[row.outcome] = row.yes;
  const missed = event.tick > series.tick + 1;
  const began = !series.times.length;
  const moved = began || prices.some((price, outcome) => price !== series.yes[outcome].at(-1));
  const left = began ? [] : prices.flatMap((price, outcome) => (price === null && !series.exits.has(outcome) ? [outcome] : []));
  const came = prices.some((price, outcome) => price !== null && series.exits.has(outcome));
  if (moved && event.tick > series.tick) {
    series.times.push(event.at);
    series.ticks.push(event.tick);
    series.volume.push(0);
    prices.forEach((price, outcome) => series.yes[outcome].push(price));
    series.sums.push(prices.reduce((all, price) => all + (price ?? 0), 0));
    for (const outcome of left) series.exits.set(outcome, event.at);
  }
  series.tick = event.tick;
  series.until = Math.max(series.until ?? 0, event.at);
  const ended = stand(series, event);
  return missed || left.length > 0 || came || ended || series.times.length > MOST;
}

/** Keeps the stretches without trading; whether one has just ended, of which the server knows the exact moment. */
function stand(series, event) {
  const still = STILL.includes(event.state);
  const was = series.still;
  const last = series.freezes.at(-1);
  if (still && (was || (last && last[1] >= series.until))) last[1] = event.at;
  else if (still) series.freezes.push([event.at, event.at]);
  series.still = still;
  return was && !still;
}

state.watch("market", (event) => {
  const store = event && stores.get(event.market);
  if (!store || !store.series.size) return;
  let missing = false;
  for (const series of store.series.values()) missing = grow(series, event) || missing;
  tell(store, "grown");
  if (missing) again(store);
});

function again(store) {
  if (store.timer) return;
  store.timer = setTimeout(() => {
    store.timer = 0;
    if (!store.listeners.size) return store.series.clear();
    for (const span of store.series.keys()) load(store, span);
  }, Math.max(250, AGAIN_MS - (performance.now() - store.asked)));
}

/** The last point at or before a moment; 0 where all come after it. */
export function at(series, moment) {
  let [low, high] = [0, series.times.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (series.times[middle] <= moment) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}

/** YES of an outcome at a point, in millionths: of a dollar, or of all YES together. */
export function value(series, outcome, point, unit) {
  const price = series.yes[outcome]?.[point];
  if (price === null || price === undefined) return null;
  return unit === "chance" ? Math.round((price * 1e6) / Math.max(1, series.sums[point])) : price;
}

/** The round that was on at a moment, by its name. */
export function roundAt(series, moment) {
  if (!series.rounds.length) return "";
  const next = series.rounds.find((round) => round.at > moment);
  if (next) return next.name === "Out" ? "" : next.name;
  if (series.winners.length) return "Decided";
  const last = series.rounds.findLast((round) => /^Round \d+$/.test(round.name));
  return last ? `Round ${Number(last.name.slice(6)) + 1}` : "";
}

export const frozenAt = (series, moment) => series.freezes.some(([from, to]) => from <= moment && moment < to);
