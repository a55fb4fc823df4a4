// The event stream: opens it, resumes it where it broke, lets go of it while nobody looks (browsers allow six connections
// to one host, and people open many tabs).

import * as api from "./api.js";

const FIRST_MS = 400;
const LONGEST_MS = 8000;
const QUIET_MS = 25_000; // the server beats every ten seconds
const HIDDEN_MS = 60_000;

/** `on.page(data)` and `on.clock(data)` for what arrives, `on.link(up)` as the connection comes and goes. */
export function open(on) {
  let source = null;
  let seq = null;
  let wait = FIRST_MS;
  let retry = 0;
  let quiet = 0;
  let hide = 0;

  function start() {
    stop();
    source = new EventSource(`${api.base}api/stream${seq === null ? "" : `?since=${seq}`}`);
    source.addEventListener("page", (event) => {
      alive();
      seq = Number(event.lastEventId);
      on.page(JSON.parse(event.data));
    });
    source.addEventListener("clock", (event) => {
      alive();
      on.clock(JSON.parse(event.data));
    });
    source.addEventListener("error", lost);
    quiet = setTimeout(lost, QUIET_MS);
  }

  function alive() {
    clearTimeout(quiet);
    quiet = setTimeout(lost, QUIET_MS);
    wait = FIRST_MS;
    on.link(true);
    api.wake();
  }

  function lost() {
    stop();
    on.link(false);
    retry = setTimeout(start, wait * (0.7 + 0.6 * Math.random()));
    wait = Math.min(wait * 2, LONGEST_MS);
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
  };
}
