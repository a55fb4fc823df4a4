// Which moments of a market are news for this reader, and what stands while nothing happens.

import * as clock from "./clock.js";
import * as format from "./format.js";
import * as render from "./render.js";
import * as state from "./state.js";
import * as shareCard from "./share_card.js";

const JUST_MS = 15_000; // somebody who comes so soon still sees it happen
const AWAY_MS = 20_000; // a connection that was away for longer has missed what happened
const COMING_MS = 60_000;
const COMING_HURRIED_MS = 10_000; // where days are played in minutes
const RESULT_MS = 86_400_000; // the end is at hand for so long (of the market's time)
const PLAIN = { insert() {} };
export const CARDS = new Set(["eliminated", "claimed", "corrected", "resolved", "voided"]);

/** A callback for each state of the market; `told(market, fresh, missed)` hears what is new in it. */
export function follow() {
  let looked = null;
  let known = new Set();
  let downSince = null;
  let away = false;
  state.watch("link", (link) => {
    if (link && !link.up) downSince ??= performance.now();
    else if (downSince !== null) {
      away ||= performance.now() - downSince > AWAY_MS;
      downSince = null;
    }
  });
  let hiddenSince = null; // a page nobody looks at lets go of its stream after a while
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = performance.now();
    else away ||= hiddenSince !== null && performance.now() - hiddenSince > AWAY_MS;
  });
  return (market, told) => {
    if (!market) return told(null, [], []);
    const first = market.market !== looked;
    if (first) known = new Set();
    looked = market.market;
    const happened = (market.moments ?? []).filter((moment) => moment.kind !== "countdown");
    const unknown = happened.filter((moment) => !known.has(moment.id)).map((moment) => ({ lines: [], ...moment }));
    for (const moment of unknown) known.add(moment.id);
    const newest = Math.max(0, ...happened.map((moment) => Number(moment.id)));
    const before = remembered(market.market);
    remember(market.market, newest);
    if (!first && !away) return told(market, unknown, []);
    away = false;
    const fresh = unknown.filter((moment) => age(moment) < JUST_MS && (before === null || Number(moment.id) > before));
    const missed = unknown.filter((moment) => before !== null && Number(moment.id) > before && !fresh.includes(moment));
    return told(market, fresh, missed);
  };
}

/** How long ago by the reader's watch. */
function age(moment) {
  const wall = clock.wall(moment.at);
  return wall === null ? clock.now() - moment.at : -wall;
}

const key = (market) => `outcry-moment-${market}`;

/** The newest moment this browser has been told; null where it was never here. */
function remembered(market) {
  try {
    const kept = localStorage.getItem(key(market));
    return kept === null ? null : Number(kept);
  } catch {
    return null; // storage may be off: then nobody has been away
  }
}

function remember(market, newest) {
  try {
    localStorage.setItem(key(market), String(Math.max(newest, remembered(market) ?? 0)));
  } catch {
    // see above
  }
}

// --- in words --------------------------------------------------------------------------------------------------------------

/** For who hears the page: what happened, and what it paid. */
export function sentence(moment) {
  const line = moment.kind === "eliminated" && moment.lines[0] ? ` ${format.plain(moment.lines[0])}` : "";
  return `${format.plain(moment.head)}${line}`;
}

const nameOf = (market, outcome) => market.rows.find((row) => row.outcome === outcome)?.name ?? `#${outcome + 1}`;

function listed(names, most = 4) {
  const shown = names.length > most + 1 ? [...names.slice(0, most), `${names.length - most} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** All that was missed as one sentence for the bar; null where nothing of it is worth it. */
export function summary(missed, market) {
  const out = missed.filter((moment) => moment.kind === "eliminated").flatMap((moment) => moment.outcomes);
  const end = missed.findLast((moment) => ["resolved", "voided", "claimed", "corrected"].includes(moment.kind));
  const names = out.map((outcome) => `\u2068${nameOf(market, outcome)}\u2069`);
  const gone = out.length ? `${listed(names)} ${out.length === 1 ? "is" : "are"} out.` : "";
  const best = market.rows.find((row) => row.active);
  const leads = !end && best ? ` \u2068${best.name}\u2069 is first at ${format.price(best.yes)}.` : "";
  if (!gone && !end) return null;
  return { kind: "missed", text: [`While you were away: ${gone}${end ? ` ${format.plain(end.head)}` : leads}`] };
}

/** Several exits that came at once as one. */
export function joined(queue) {
  const exits = queue.filter((moment) => moment.kind === "eliminated");
  const last = queue.at(-1);
  if (last.kind !== "eliminated" || !exits.length) return last;
  const outcomes = exits.flatMap((moment) => moment.outcomes);
  const first = new Map(exits.toReversed().flatMap((moment) => moment.prices.map(([outcome, before]) => [outcome, before])));
  const paid = exits.reduce((sum, moment) => sum + moment.paid, 0);
  return {
    ...last,
    id: "joined",
    round: null,
    outcomes,
    prices: last.prices.map(([outcome, before, after]) => [outcome, first.get(outcome) ?? before, after]),
    head: exits.flatMap((moment, place) => [...(place ? [{ x: " " }] : []), ...moment.head]),
    lines: [[{ x: `${format.money(paid)} paid in ${exits.length} eliminations.` }], ...last.lines.slice(1)],
  };
}

// --- what stands while nothing happens -------------------------------------------------------------------------------------

/** What the bar shows: what comes within a minute, why nothing trades, how it ended; null for nothing. `result(moment)`
 *  makes what is done with the end. */
export function standing(market, result) {
  if (!market) return null;
  const all = market.moments ?? [];
  if (market.state === "running") return coming(all.find((moment) => moment.kind === "countdown"));
  if (market.state === "frozen" || market.state === "paused") return still(market, all);
  const end = all.findLast((moment) => ["resolved", "claimed", "corrected"].includes(moment.kind) && moment.winners.length);
  if (end && ["resolved", "closed", "disputed"].includes(market.state)) return ended(market, end, result);
  return null;
}

function coming(moment) {
  if (!moment) return null;
  const left = clock.wall(moment.at);
  const from = clock.hurried() ? COMING_HURRIED_MS : COMING_MS;
  if (left === null || left > from || left < -2000) return null;
  const said = moment.head.map((part) => part.x ?? "").join("").replace(/[\s.]+$/, "");
  return { kind: "countdown", key: moment.id, text: [said], said, until: moment.at, from };
}

function still(market, all) {
  if (market.halted) return { kind: "frozen", key: "halted", text: ["Trading stands still: something went wrong, and the admins know."] };
  const why = all.findLast((moment) => ["frozen", "paused", "claimed", "corrected", "resumed"].includes(moment.kind));
  if (!why || why.kind === "resumed") return null;
  const until = why.until_ms ?? why.decide_ms ?? null;
  return { kind: "frozen", key: why.id, text: render.line(why.head, PLAIN), until };
}

const dismissed = new Set();

/** The reader has seen the end. */
export function dismiss(market) {
  dismissed.add(market.market);
}

function ended(market, moment, result) {
  if (dismissed.has(market.market) || clock.now() - moment.at > RESULT_MS) return null;
  const { press, close } = result(moment);
  const mine = state.get("account")?.market === market.market ? state.get("account").ended : null;
  const own = mine ? `You: ${shareCard.placed(mine)}, ${format.gain(mine.gain)}. ` : "";
  return {
    kind: "result",
    key: `${moment.id}${own}`,
    text: [own, ...render.line(moment.head, PLAIN)],
    until: moment.kind === "resolved" ? null : moment.until_ms,
    action: { label: "Result", press },
    close,
  };
}
