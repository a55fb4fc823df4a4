// Where one is, by the address's hash, so that Back closes what was opened: `#/` the room's market, `#/m/7` another,
// `#/m/7/o/3` an outcome's page, `#/m/7/theatre/120`, `#/markets`; `#/m/7/run/timetable` a step of the page of its admins, `#/create` its first.

import * as state from "./state.js";

const STEPS = new Set(["create", "wording", "timetable", "terms", "preview", "open", "start", "run", "decide", "over", "people", "files"]);
const PAGES = [
  [/^#\/m\/(\d+)\/o\/(\d+)$/, (market, outcome) => ({ name: "outcome", market: Number(market), outcome: Number(outcome) })],
  [/^#\/m\/(\d+)\/theatre(?:\/(\d+))?$/, (market, tick) => ({ name: "theatre", market: Number(market), tick: tick === undefined ? null : Number(tick) })],
  [/^#\/m\/(\d+)$/, (market) => ({ name: "floor", market: Number(market) })],
  [/^#\/m\/(\d+)\/run(?:\/([a-z]+))?$/, (market, step) => ({ name: "run", market: Number(market), step: STEPS.has(step) ? step : null })],
  [/^#\/create$/, () => ({ name: "run", market: null, step: null })],
  [/^#\/markets$/, () => ({ name: "markets", market: null })],
];

/** `{name: "floor"|"outcome"|"theatre"|"markets"|"run", market: number or null for the room's own, outcome?, tick?, step?}` */
export function read(hash) {
  for (const [pattern, make] of PAGES) {
    const parts = hash.match(pattern);
    if (parts) return make(...parts.slice(1));
  }
  return { name: "floor", market: null };
}

export const floor = (market = null) => (market === null ? "#/" : `#/m/${market}`);
export const outcome = (market, number) => `#/m/${market}/o/${number}`;
export const theatre = (market, tick) => `#/m/${market}/theatre${tick === undefined ? "" : `/${tick}`}`;
export const markets = "#/markets";
export const run = (market, step) => `#/m/${market}/run${step ? `/${step}` : ""}`;
export const create = "#/create";

/** Goes there; with `replace` without a step of its own for Back. */
export function go(hash, { replace = false } = {}) {
  if (!replace) location.hash = hash;
  else history.replaceState(null, "", hash);
  if (replace) follow();
}

function follow() {
  const view = read(location.hash);
  document.body.dataset.view = view.name;
  state.set("view", view);
}

addEventListener("hashchange", follow);
follow();
