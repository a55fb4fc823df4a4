// The event stream: opens it, resumes it where it broke, lets go of it while nobody looks (browsers allow six connections
// to one host, and people open many tabs).

import * as api from "./api.js";

const FIRST_MS = 400;
const LONGEST_MS = 8000;
const LONGEST_REFUSED_MS = 60_000;
const QUIET_MS = 25_000; // the server beats every ten seconds
const HIDDEN_MS = 60_000;

/** `on.page(data)`, `on.clock(data)`, `on.market(data)` and `on.account(data)` for what arrives, `on.link(up, why)` as the
 * connection comes and goes: `why` is the room's own sentence where it has no place for this page. */
export function open(on) {
  let source = null;
  let seq = null;
  let wait = FIRST_MS;
  let retry = 0;
  let quiet = 0;
  let hide = 0;
  let why = "";
  let market = null; // the one looked at, where it is not the room's own

  function start() {
    stop();
    source = api.events(address());
    source.addEventListener("page", (event) => {
      alive();
      seq = Number(event.lastEventId);
      on.page(JSON.parse(event.data));
    });
    for (const kind of ["clock", "market", "account"]) {
      source.addEventListener(kind, (event) => {
        alive();
        on[kind](JSON.parse(event.data));
      });
    }
    source.addEventListener("error", lost);
    quiet = setTimeout(lost, QUIET_MS);
  }

  function alive() {
    clearTimeout(quiet);
    quiet = setTimeout(lost, QUIET_MS);
    wait = FIRST_MS;
    why = "";
    on.link(true, why);
    api.wake();
  }

  const address = () => `api/stream?${new URLSearchParams({ ...(seq === null ? {} : { since: seq }), ...(market === null ? {} : { market }) })}`;

  function lost() {
    const refused = source?.readyState === EventSource.CLOSED; // it was answered, but not by a stream
    stop();
    on.link(false, why);
    again(wait);
    wait = Math.min(wait * 2, LONGEST_MS);
    if (refused) ask();
  }

  function again(ms) {
    clearTimeout(retry);
    retry = setTimeout(start, ms * (0.7 + 0.6 * Math.random()));
  }

  async function ask() {
    const refusal = await api.refusal(address());
    if (source || !refusal) return;
    why = refusal.sentence;
    on.link(false, why);
    if (refusal.seconds) again(Math.min(refusal.seconds * 1000, LONGEST_REFUSED_MS));
  }

  function stop() {
    clearTimeout(quiet);
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hide);
    if (document.hidden) hide = setTimeout(stop, HIDDEN_MS);
    else if (!source) start();
  });
  addEventListener("online", start);
  start();
  return {
    /** From the beginning: somebody else is reading now. */
    restart() {
      seq = null;
      start();
    },
    /** Follows another market, or with null the room's own. */
    look(next) {
      market = next;
      start();
    },
  };
}
