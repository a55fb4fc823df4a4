// Where numbers lie on the chart: its two axes, their round numbers, and which spans fit a market.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIME_STEPS = [5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY];
const PRICE_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50].map((cents) => cents * 1e4);

/** Spans a chart can show, in the server's words. */
const SPANS = [["5m", 5 * MINUTE], ["15m", 15 * MINUTE], ["1h", HOUR], ["6h", 6 * HOUR], ["1d", DAY], ["1w", 7 * DAY], ["30d", 30 * DAY]];
export const spanMs = (span) => SPANS.find(([name]) => name === span)?.[1] ?? null;

/** What one can choose for a market that has run for so long: the two longest spans that are clearly shorter, its round if there was one, all. */
export function spansFor(length, rounds) {
  const fitting = SPANS.filter(([, ms]) => ms <= length * 0.6).map(([name]) => name);
  return [...fitting.slice(-3).filter((_, place, all) => all.length < 3 || place !== 1), ...(rounds ? ["round"] : []), "all"];
}

/** A number line: `low` lies at `from`, `high` at `to`. */
export const line = (low, high, from, to) => {
  const factor = (to - from) / (high - low || 1);
  const place = (value) => from + (value - low) * factor;
  place.invert = (pixel) => low + (pixel - from) / factor;
  place.factor = factor;
  return place;
};

/** The range of prices to show: from 0 unless all are far above it, with a little air. `tight`: of one outcome, which may fill the picture. */
export function priceRange(least, most, tight = false) {
  const top = Math.min(1e6, Math.max(most * 1.08, 50_000));
  if (most - least > most * (tight ? 0.7 : 0.45)) return [0, roundUp(top)];
  const reach = Math.max(most - least, tight ? 40_000 : most * 0.4);
  const middle = (least + most) / 2;
  const low = Math.max(0, middle - reach * 0.72);
  return [Math.floor(low / 10_000) * 10_000, Math.min(1e6, Math.ceil((middle + reach * 0.64) / 10_000) * 10_000)];
}

const roundUp = (value) => Math.min(1e6, Math.ceil(value / 20_000) * 20_000);

/** Round prices between, about as many as there is room for. */
export function priceTicks(low, high, height, room = 44) {
  const least = ((high - low) * room) / Math.max(height, 1);
  const step = PRICE_STEPS.find((size) => size >= least) ?? PRICE_STEPS.at(-1);
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1; value += step) ticks.push(value);
  return ticks;
}

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Round moments of the reader's own time between, each with its label. */
export function timeTicks(from, to, width, room = 84) {
  const least = ((to - from) * room) / Math.max(width, 1);
  const step = TIME_STEPS.find((size) => size >= least) ?? TIME_STEPS.at(-1);
  const shift = new Date(to).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let local = Math.ceil((from - shift) / step) * step; local + shift <= to; local += step) {
    const midnight = local % DAY === 0;
    const format = step >= DAY || midnight ? DATE : step < MINUTE ? SECONDS : TIME;
    ticks.push({ at: local + shift, label: format.format(local + shift), strong: midnight && step < DAY });
  }
  return ticks;
}

/** A moment of a chart that is so long. */
export const moment = (at, length) => (length < 20 * MINUTE ? SECONDS : EXACT).format(at);

/** Places labels that are `room` high so that none lies on another, each as near to where it belongs as may be. `wanted` is sorted. */
export function apart(wanted, room, top, bottom) {
  const groups = []; // `sum`: of where each label belongs, less its place in the group
  const start = (group) => Math.max(top, Math.min(bottom - (group.count - 1) * room, group.sum / group.count));
  for (const place of wanted) {
    let last = { sum: place, count: 1 };
    while (groups.length && start(groups.at(-1)) + groups.at(-1).count * room > start(last)) {
      const before = groups.pop();
      last = { sum: before.sum + last.sum - before.count * last.count * room, count: before.count + last.count };
    }
    groups.push(last);
  }
  return groups.flatMap((group) => Array.from({ length: group.count }, (_, place) => start(group) + place * room));
}
