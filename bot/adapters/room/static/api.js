// Talks to the room's server. A request is named once and retried under that name until it is answered, so that a lost
// answer never does a thing twice.

/** Where this room's addresses begin: `/`, or `/r/<name>/`. */
export const base = location.pathname.replace(/[^/]*$/, "");

/** How requests leave: with this browser's cookie. A page that has none says how else (`carry`): a Mini App's are sent with a
 *  token, and so is whatever the browser would have fetched by itself. */
let way = {
  headers: {},
  credentials: "same-origin",
  events: (address) => new EventSource(address),
  picture: (image, address) => (image.src = address),
  file: (link, address) => (link.href = address),
};
export const carry = (other) => (way = other);

/** The events of an address, as an EventSource gives them. */
export const events = (path) => way.events(base + path);

/** Has an image show what an address draws. */
export const picture = (image, path) => way.picture(image, base + path);

/** Has a link save what stands at an address. */
export const file = (link, path) => way.file(link, base + path);

/** The server understood and said no; `message` is its sentence. */
export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

const PAUSES = [250, 500, 1000, 2000, 4000];
const wakers = new Set();

/** The connection is back: whatever waits for its next try goes now. */
export function wake() {
  for (const waker of wakers) waker();
}
addEventListener("online", wake);

function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      wakers.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    wakers.add(done);
  });
}

export const newRequest = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

export async function get(path) {
  return read(await request(path, { signal: AbortSignal.timeout(10_000) }));
}

/** One try; for what is worth nothing later (completions). */
export async function ask(path, payload, signal) {
  return read(await post(path, payload, signal));
}

const LATE_MS = 5000;

/** Sends until it is answered. `payload.request` names it; `waiting(true)` while the server cannot be reached or is late
 *  with its answer. `again`: an earlier page has sent it before. */
export async function send(path, payload, waiting = () => {}, again = false) {
  for (let attempt = 0; ; attempt += 1) {
    const late = setTimeout(() => waiting(true), LATE_MS);
    try {
      const answer = await post(path, { ...payload, again: again || attempt > 0 }, AbortSignal.timeout(15_000));
      if (answer.status !== 502 && answer.status !== 503 && answer.status !== 504) {
        const body = await read(answer);
        waiting(false);
        return body;
      }
    } catch (problem) {
      if (problem instanceof Refused) throw problem;
    } finally {
      clearTimeout(late);
    }
    waiting(true);
    await pause(PAUSES[Math.min(attempt, PAUSES.length - 1)]);
  }
}

/** Why this address refuses, and for how many seconds; null where it does not or nobody knows. */
export async function refusal(path) {
  const letGo = new AbortController();
  setTimeout(() => letGo.abort(), 10_000);
  try {
    const answer = await request(path, { signal: letGo.signal });
    if (answer.ok) return null;
    return { sentence: (await answer.json()).error || "", seconds: Number(answer.headers.get("Retry-After")) || 0 };
  } catch {
    return null;
  } finally {
    letGo.abort(); // a stream that is not refused would go on for ever
  }
}

function post(path, payload, signal) {
  return request(path, { method: "POST", body: JSON.stringify(payload), signal }, { "Content-Type": "application/json" });
}

function request(path, options, headers = {}) {
  return fetch(base + path, { ...options, headers: { ...headers, ...way.headers }, credentials: way.credentials });
}

async function read(answer) {
  const body = await answer.json();
  if (!answer.ok) throw new Refused(body.error || "The room did not understand that. Reload the page.", answer.status);
  return body;
}
