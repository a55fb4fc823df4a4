// The board: one row an outcome, best first, drawn once and then changed in place, so that a price can flash, a row can
// move to its new place and the keyboard stays where it is.

import * as clock from "./clock.js";
import { calm, h, svg } from "./dom.js";
import * as format from "./format.js";

const LANES = { width: 104, height: 26, pad: 3 };
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

/** A board that shows `data` and takes newer data through `update`. With `message` it is the pinned one: the message's
 *  sentence is the headline and its buttons stand below. `handlers.pick(name, side)`: a price was tapped. */
export function create(data, message, handlers) {
  const rows = new Map();
  const title = h("h2");
  const status = h("span", { class: "pill" });
  const until = h("p", { class: "until" });
  const awaited = h("p", { class: "until awaited" });
  const list = h("div", { class: "rows", role: "rowgroup" });
  const buttons = h("div", { class: "actions" });
  const facts = h("span", { class: "facts" });
  const risk = h("div", { class: "risk" });
  const summary = h("span", { class: "begins" });
  const text = h("div", { class: "text" });
  const decides = h("details", { class: "decides" }, h("summary", {}, h("b", {}, "What decides"), summary), text);
  const element = h(
    "div",
    { class: message ? "sheetlike" : "sheetlike inside" },
    h("header", {}, message ? title : null, h("p", { class: "state" }, status, facts), until, message ? awaited : null),
    message ? decides : null,
    h("div", { class: "grid", role: "table", "aria-label": "Prices" }, headings(), list),
    h("footer", {}, risk, message ? buttons : null),
  );
  let shown = null;

  function update(next, from) {
    const moved = shown !== null;
    title.textContent = from ? format.plain(from.reply.head) : next.title;
    offer(from);
    tell(next.decides ?? []);
    wait(next.awaits ?? []);
    element.classList.toggle("many", next.rows.length > 10);
    status.textContent = next.status;
    status.dataset.kind = STATUS[next.status] || "wait";
    place(next.rows, moved);
    facts.replaceChildren(...sentence(next));
    risk.replaceChildren(...meter(next.risk, next.most));
    shown = next;
    beat();
  }

  let offered = "[]";
  function offer(from) {
    const key = JSON.stringify(from?.reply.actions ?? []);
    if (key !== offered) buttons.replaceChildren(...handlers.buttons(from));
    offered = key;
  }

  let told = "";
  /** What decides, as its admins wrote it: a line that opens, and stays open while the board moves. */
  function tell(lines) {
    const key = JSON.stringify(lines);
    if (key === told) return;
    told = key;
    decides.hidden = !lines.length;
    const written = lines.length > 1;
    summary.textContent = (written ? lines[1] : (lines[0] ?? []).slice(1)).map((part) => part.x ?? "").join("");
    text.replaceChildren(...lines.map((line) => h("p", {}, handlers.line(line))));
  }

  let waiting = "";
  /** The decision an admin is asked for, in the place of the next step. */
  function wait(parts) {
    const key = JSON.stringify(parts);
    if (key === waiting) return;
    waiting = key;
    awaited.hidden = !parts.length;
    awaited.replaceChildren(h("span", { class: "step" }, handlers.line(parts)));
  }

  function place(next, moved) {
    const before = new Map([...rows].map(([outcome, row]) => [outcome, row.element.getBoundingClientRect().top]));
    const held = list.contains(document.activeElement) ? document.activeElement : null;
    const order = next.map((data) => {
      const row = rows.get(data.o) || newRow(data, handlers.pick);
      rows.set(data.o, row);
      row.update(data, moved);
      return row.element;
    });
    if (order.some((row, index) => list.children[index] !== row) || list.children.length !== order.length) {
      list.replaceChildren(...order);
      if (held && held.isConnected) held.focus({ preventScroll: true });
      if (moved && !calm()) slide(before);
    }
  }

  function slide(before) {
    for (const [outcome, row] of rows) {
      const from = before.get(outcome);
      const by = from === undefined ? 0 : from - row.element.getBoundingClientRect().top;
      if (by) row.element.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 420, easing: "cubic-bezier(.2,.8,.2,1)" });
    }
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

  update(data, message);
  return { element, update, stop: clock.everyBeat(beat) };
}

function headings() {
  const cell = (name, text, more) => h("span", { class: name, role: "columnheader" }, text, more);
  return h(
    "div",
    { class: "heads", role: "rowgroup" },
    h(
      "div",
      { class: "row head", role: "row" },
      cell("place", h("span", { class: "unseen" }, "Place")),
      cell("name", h("span", { class: "unseen" }, "Outcome")),
      cell("path", h("span", { class: "unseen" }, "Path of YES")),
      cell("change", "change", h("span", { class: "unseen" }, " since the last round, in cents")),
      cell("side", h("i", { class: "mark full", "aria-hidden": "true" }), "YES"),
      cell("side", h("i", { class: "mark", "aria-hidden": "true" }), "NO"),
    ),
  );
}

function newRow(data, pick) {
  const place = h("span", { class: "place", role: "cell" });
  const name = h("span", { class: "label" });
  const note = h("span", { class: "note" });
  const path = h("span", { class: "path", role: "cell" });
  const change = h("span", { class: "change", role: "cell" });
  const yes = priceButton("yes", () => pick(data.name, "yes"));
  const no = priceButton("no", () => pick(data.name, "no"));
  const element = h(
    "div",
    { class: "row", role: "row", "data-outcome": data.o, "data-mark": mark(data.o), vars: { "--c": colour(data.o) } },
    place,
    h("span", { class: "name", role: "cell" }, chip(data.o), name, note),
    path,
    change,
    h("span", { class: "side", role: "cell" }, yes.element),
    h("span", { class: "side", role: "cell" }, no.element),
  );

  let drawn = "";
  function update(next, moved) {
    place.textContent = next.place;
    name.textContent = next.name;
    name.title = next.name;
    note.textContent = next.note;
    element.classList.toggle("out", !next.in && next.note !== "winner");
    element.classList.toggle("winner", next.note === "winner");
    element.style.setProperty("--p", String(Math.min(1, Math.max(0, next.yes / 1e6))));
    change.textContent = next.change === null || !next.in ? "" : format.change(next.change);
    change.classList.toggle("still", format.tenths(next.change ?? 0) === 0);
    yes.update(next.name, next.yes, next.in, moved);
    no.update(next.name, next.no, next.in, moved);
    const key = next.spark.join();
    if (key !== drawn) path.replaceChildren(spark(next.spark, next.in));
    drawn = key;
  }
  return { element, update };
}

function priceButton(side, press) {
  const element = h("button", { type: "button", class: `price ${side}`, on: { click: press } });
  let shown = null;

  function update(name, micro, active, moved) {
    const next = active ? format.tenths(micro) : null;
    element.disabled = !active;
    element.setAttribute("aria-label", active ? `Buy ${name} ${side.toUpperCase()} at ${format.price(micro)}` : `${name} is out`);
    if (next === shown) return;
    const [whole, part] = active ? (next / 10).toFixed(1).split(".") : ["–", ""];
    element.replaceChildren(h("b", {}, whole), h("i", {}, active ? `.${part}` : ""), h("u", {}, active ? "¢" : ""));
    if (moved && shown !== null && next !== null && !calm()) flash(element, next > shown);
    shown = next;
  }
  return { element, update };
}

/** Once, in the outcome's colour; up and down differ in where the light comes from. */
function flash(element, up) {
  element.classList.remove("rose", "fell");
  void element.offsetWidth; // so that the animation starts anew
  element.classList.add(up ? "rose" : "fell");
}

/** The path of a price in steps with a dot at its end, for it is level until it changes; at least four cents high, so that noise stays small. */
export function spark(values, active = true) {
  const { width, height, pad } = LANES;
  const image = svg("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (values.length < 2) return image;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const reach = Math.max(most - least, 40_000);
  const low = (least + most - reach) / 2;
  const x = (index) => pad + (index * (width - 2 * pad)) / (values.length - 1);
  const y = (value) => height - pad - ((value - low) * (height - 2 * pad)) / reach;
  const last = `${x(values.length - 1).toFixed(1)}`;
  const steps = values.slice(1).map((value, index) => `H${x(index + 1).toFixed(1)}V${y(value).toFixed(1)}`);
  const line = `M${pad},${y(values[0]).toFixed(1)}${steps.join("")}`;
  const end = `${last} ${y(values.at(-1)).toFixed(1)}`;
  image.append(
    svg("path", { class: "under", d: `${line}V${height}H${pad}Z` }),
    svg("path", { class: "over", d: line }),
    svg("path", { class: active ? "end" : "end gone", d: `M${end}h0.01` }),
  );
  return image;
}

function sentence(data) {
  const people = data.people === 1 ? "1 person" : `${data.people} people`;
  if (!data.traders) return ["Nothing traded yet · ", h("b", {}, people), " in"];
  const who = data.traders === data.people ? people : `${data.traders} of ${people}`;
  return [h("b", {}, format.money(data.volume)), " traded by ", h("b", {}, who)];
}

function meter(now, most) {
  if (!most) return [];
  const text = `House risks at most ${format.money(most)}; right now ${format.money(now)}.`;
  const share = Math.min(1, Math.max(0, now / most));
  const bar = h(
    "div",
    { class: "meter", role: "meter", "aria-label": "What the house risks", "aria-valuemin": 0, "aria-valuemax": Math.round(most / 1e6), "aria-valuenow": Math.round(Math.min(now, most) / 1e6), "aria-valuetext": text },
    h("i", { vars: { "--share": String(share) } }),
  );
  return [h("p", {}, "House risks at most ", h("b", {}, format.money(most)), "; right now ", h("b", {}, format.money(now)), "."), bar];
}

const MARKS = ["round", "diamond", "triangle"];

/** What tells apart outcomes of one colour, as in bot/text/palette.py. */
export const mark = (outcome) => MARKS[Math.floor(outcome / 10) % MARKS.length];

/** The sign of an outcome before its name. */
export const chip = (outcome) => h("i", { class: "chip", "data-mark": mark(outcome), "aria-hidden": "true", vars: { "--c": colour(outcome) } });

/** An outcome's colour, by its number from 0: beyond ten they come again with another mark. */
export const colour = (outcome) => `var(--o${outcome % 10})`;

