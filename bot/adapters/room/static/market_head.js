// The head of a market: its title, whether one can trade, the time to its next step, and what decides it.

import * as clock from "./clock.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

const STATUS = {
  Open: "open",
  Frozen: "cold",
  Paused: "wait",
  Lobby: "wait",
  Disputed: "wait",
  Resolved: "done",
  Closed: "done",
  Voided: "done",
};

/** The head of the market in sight, in `host`. */
export function create(host, handlers) {
  const made = head(handlers, { pinned: true });
  host.append(made.element);
  state.watch("market", (market) => {
    host.hidden = !market;
    if (market) made.update(market);
  });
}

/** A head that takes newer data through `update`. Not `pinned`: one in a message, that no longer changes. */
export function head(handlers, { pinned = false } = {}) {
  const title = h("h2", { dir: "auto" });
  const status = h("span", { class: "pill" });
  const facts = h("span", { class: "facts" });
  const where = h("span", { class: "where", dir: "auto" });
  const until = h("p", { class: "until" });
  const awaited = h("p", { class: "until awaited" });
  const summary = h("span", { class: "begins" });
  const text = h("div", { class: "text" });
  const decides = h("details", { class: "decides" }, h("summary", {}, h("b", {}, "What decides"), summary), text);
  const element = h("header", { class: "headline-of-market" }, pinned ? title : null, h("p", { class: "state" }, status, facts, where), until, pinned ? awaited : null, pinned ? decides : null);
  let shown = null;
  let told = "";
  let waiting = "";

  function update(next) {
    shown = next;
    title.textContent = next.title;
    status.textContent = next.status;
    status.dataset.kind = STATUS[next.status] || "wait";
    facts.replaceChildren(...traded(next));
    where.textContent = next.where && !next.own_room ? next.where : "";
    tell(next.decides ?? []);
    wait(next.awaits ?? []);
    beat();
  }

  /** What decides, as its admins wrote it: a line that opens, and stays open while the market moves. */
  function tell(lines) {
    const key = JSON.stringify(lines);
    if (key === told) return;
    told = key;
    decides.hidden = !lines.length;
    const written = lines.length > 1;
    summary.textContent = (written ? lines[1] : (lines[0] ?? []).slice(1)).map((part) => part.x ?? "").join("");
    text.replaceChildren(...lines.map((line) => h("p", { dir: "auto" }, handlers.line(line))));
  }

  /** The decision an admin is asked for, in the place of the next step. */
  function wait(parts) {
    const key = JSON.stringify(parts);
    if (key === waiting) return;
    waiting = key;
    awaited.hidden = !parts.length;
    awaited.replaceChildren(h("span", { class: "step" }, handlers.line(parts)));
  }

  function beat() {
    if (!shown) return;
    const left = shown.step_ms === null ? null : shown.step_ms - clock.now();
    until.hidden = left === null;
    if (left === null) return;
    const wall = clock.hurried() ? clock.wall(shown.step_ms) : null;
    const note = wall === null ? null : h("span", { class: "wall" }, wall < 1500 ? "any moment" : `${format.rough(wall)} on your watch`);
    until.classList.toggle("soon", (wall ?? left) < 60_000);
    until.replaceChildren(
      h("span", { class: "step" }, shown.step),
      h("time", { class: "digits", datetime: new Date(shown.step_ms).toISOString(), title: format.momentInFull(shown.step_ms) }, left > 0 ? format.span(left) : "now"),
      ...(note ? [note] : []),
    );
  }

  const stop = clock.everyBeat(beat);
  return { element, update, stop };
}

function traded(data) {
  const people = data.people === 1 ? "1 person" : `${data.people} people`;
  if (!data.traders) return ["Nothing traded yet · ", h("b", {}, people), " in"];
  const who = data.traders === data.people ? people : `${data.traders} of ${people}`;
  return [h("b", {}, format.money(data.volume)), " traded", h("span", { class: "by" }, " by ", h("b", {}, who))];
}
