// What a person sends: shown as pending until the room has answered, named once and sent under that name until it is, so
// that nothing is lost or done twice: not when the room is away, and not when this page is reloaded meanwhile.

import * as api from "./api.js";
import { byId } from "./dom.js";
import * as state from "./state.js";

const KEPT = "outcry-pending";
const waiting = new Map(); // request to {text, path, payload, troubled: promise while the room is away}
let sinks = { pending() {}, settled() {}, answered() {}, refused() {} };

/** `pending(request, text)` and `settled(request)` show it, `answered(message)` and `refused(sentence, text)` what came of it. */
export function start(given) {
  sinks = given;
}

/** Sends a line as if it had been typed. The message it was answered with; null where it was refused. */
export const say = (text) => send("api/say", text, { text, ...market() });

/** Presses a button of a message; `refused(sentence)` is told instead of the page where it was. */
export const press = (text, message, refused) => send("api/press", null, { text, message, ...market() }, { refused });

/** Says a command with its arguments by name, of which empty ones are left out; answered as a line is. */
export function fill(command, args, refused) {
  return send("api/fill", null, { command, args, ...market() }, { refused });
}

/** Sends an order as a ticket showed it; `text` is the line that says the same. */
export const order = (number, text, shown) => send(`api/v1/markets/${number}/orders`, text, shown);

/** The market this page shows, where it is not the room's own. */
function market() {
  const shown = state.get("view")?.market;
  return shown === null || shown === undefined ? {} : { market: shown };
}

async function send(path, text, payload, { request = api.newRequest(), again = false, refused = (sentence) => sinks.refused(sentence, text) } = {}) {
  const ahead = [...waiting.values()].filter((line) => line.troubled).map((line) => line.done);
  const line = { text, path, payload, troubled: again }; // what an earlier page left goes one after the other
  line.done = new Promise((resolve) => (line.resolve = resolve));
  waiting.set(request, line);
  keep();
  if (text !== null) sinks.pending(request, text);
  if (ahead.length) {
    trouble(line, true);
    await Promise.all(ahead); // in the order in which they were written
  }
  try {
    const answer = await api.send(path, { ...payload, request }, (on) => trouble(line, on), again);
    const message = "message" in answer ? answer.message : answer; // an order is answered by itself, too
    settle(request, line);
    sinks.answered(message);
    return message;
  } catch (problem) {
    settle(request, line);
    refused(problem.message);
    return null;
  }
}

function trouble(line, on) {
  line.troubled = on;
  tell();
}

function settle(request, line) {
  waiting.delete(request);
  line.resolve();
  keep();
  tell();
  if (line.text !== null) sinks.settled(request);
}

function tell() {
  const late = [...waiting.values()].some((line) => line.troubled);
  document.body.classList.toggle("late", late);
  const why = state.get("link")?.up === false ? "The room cannot be reached just now." : "The room has not answered yet.";
  const sentence = late ? `${why} What you sent goes out as soon as it can.` : "";
  byId("wait").textContent = sentence;
  if ((state.get("late") ?? "") !== sentence) state.set("late", sentence);
}

function keep() {
  const name = state.get("visitor")?.name;
  const lines = [...waiting].map(([request, { text, path, payload }]) => ({ request, text, path, payload }));
  try {
    if (lines.length) sessionStorage.setItem(KEPT, JSON.stringify({ name, lines }));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // storage may be off: then what waits lasts as long as the page
  }
}

/** Sends what an earlier page of this window had not had answered, if the same person is here; `told(message)` for each answer. */
export function resume(told) {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return;
  }
  if (!kept || kept.name !== state.get("visitor")?.name) return;
  for (const { request, text, path, payload } of kept.lines) if (!waiting.has(request)) send(path, text, payload, { request, again: true }).then(told);
}
