// Follows a public market for as long as the page is there, be it for days: reconnects by itself, after ever longer pauses,
// and comes back by itself where the market may be watched again.

import * as clock from "./clock.js";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const GONE_MS = 30_000; // how often one looks whether it may be watched again
const QUIET_MS = 25_000; // the server beats every ten seconds

/** The number of the market this page is of. */
export const market = Number(location.pathname.match(/\/(\d+)$/)?.[1]);

/** `on.market(data)` for each state, null once it may not be watched any more; `on.link(up)` as the connection comes and
 *  goes. `hiddenMs`: let go after a page was out of sight for so long. */
export function follow(on, { hiddenMs = null } = {}) {
  let source = null;
  let wait = FIRST_MS;
  let retry = 0;
  let quiet = 0;
  let hide = 0;

  function start() {
    stop();
    source = new EventSource(`/watch/${market}/stream`);
    source.addEventListener("market", (event) => heard(() => on.market(JSON.parse(event.data))));
    source.addEventListener("clock", (event) => {
      const { now_ms: now, speed } = JSON.parse(event.data);
      heard(() => clock.set(now, speed));
    });
    source.addEventListener("gone", gone);
    source.addEventListener("error", lost);
    quiet = setTimeout(lost, QUIET_MS);
  }

  function heard(take) {
    clearTimeout(quiet);
    quiet = setTimeout(lost, QUIET_MS);
    wait = FIRST_MS;
    on.link(true);
    take();
  }

  function gone() {
    stop();
    on.market(null);
    again(GONE_MS);
  }

  /** An answer that is no stream: the market may not be watched, or the room is full or away. */
  async function refused() {
    const answer = await fetch(`/watch/${market}/state`, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
    if (answer?.status === 404 && !source) gone();
  }

  function lost() {
    const closed = source?.readyState === EventSource.CLOSED;
    stop();
    on.link(false);
    again(wait);
    wait = Math.min(wait * 2, LONGEST_MS);
    if (closed) refused();
  }

  function again(ms) {
    clearTimeout(retry);
    retry = setTimeout(start, ms * (0.7 + 0.6 * Math.random()));
  }

  function stop() {
    clearTimeout(quiet);
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  if (hiddenMs !== null) {
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hide);
      if (document.hidden) hide = setTimeout(stop, hiddenMs);
      else if (!source) start();
    });
  }
  addEventListener("online", start);
  start();
}
