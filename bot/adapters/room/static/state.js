// What the page knows, by name, and who wants to be told when it changes. Names: `visitor` {name, admin, room}, `market` and
// `account` (as the stream sends them), `markets`, `view` (router.js), `link` {up, why}, `unit` ("cents" or "chance"),
// `message` (each message as it is applied), `tab` (what a phone shows), `late` (a sentence while what one sent waits for the
// room).

const values = new Map();
const watchers = new Map();

export const get = (name) => values.get(name);

/** Tells everybody who watches, in the order in which they came. */
export function set(name, value) {
  values.set(name, value);
  for (const callback of watchers.get(name) ?? []) callback(value);
}

/** Calls back with every value from now on, and at once if there is one. Returns what ends it. */
export function watch(name, callback) {
  if (!watchers.has(name)) watchers.set(name, new Set());
  watchers.get(name).add(callback);
  if (values.has(name)) callback(values.get(name));
  return () => watchers.get(name).delete(callback);
}
