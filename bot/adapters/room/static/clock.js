// The market's clock. It may run faster than the wall's (a demo replays days in minutes), so every event of the stream
// brings the server's time and speed, and between events we go on from there.

let base = Date.now();
let since = performance.now();
let speed = 1;

/** The server said: it is `now`, and `rate` of its milliseconds pass in one of ours. */
export function set(now, rate) {
  base = now;
  since = performance.now();
  speed = rate;
}

export const now = () => base + (performance.now() - since) * speed;

/** Milliseconds of the reader's time until the market's clock shows `at`; null where it stands still. */
export const wall = (at) => (speed > 0 ? (at - now()) / speed : null);

/** Whether market time visibly runs faster than the reader's. */
export const hurried = () => speed > 1.5;

const listeners = new Set();

/** Calls back about four times a second; countdowns live on this. */
export function everyBeat(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

setInterval(() => {
  if (!document.hidden) for (const listener of listeners) listener();
}, 250);
