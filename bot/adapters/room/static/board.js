// The board: one row an outcome, best first, drawn once and then changed in place, so that a price can flash, a row can
// move to its new place and the keyboard stays where it is.

import { arrange, calm, h, svg } from "./dom.js";
import * as format from "./format.js";
import * as marketHead from "./market_head.js";
import * as router from "./router.js";
import * as state from "./state.js";

const LANES = { width: 104, height: 26, pad: 3 };
const CLOSED = new Set(["draft", "resolved", "disputed", "closed", "voided"]); // nothing can be bought
const STILL = new Set([...CLOSED, "frozen", "paused"]); // no trade moves a price: none is told by a flash
const OUT = { label: "Who is out …", text: "/admin eliminate" };
const WON = { label: "Who won …", text: "/admin resolve" };
const RESUME = { label: "Go on", text: "/admin resume" };
const SET_UP = [{ label: "Timetable", text: "/admin schedule edit" }, { label: "What decides …", text: "/admin set about" }];
const ANOTHER = [{ label: "Create a market", text: "/admin create", primary: true }];
/** What an admin does next, by the state of the market. What cannot be taken back shows the numbers first. */
const STEPS = {
  draft: [{ label: "Open the doors", text: "/admin open", primary: true }, ...SET_UP],
  lobby: [{ label: "Start trading", text: "/admin start", primary: true }, ...SET_UP],
  running: [{ label: "Freeze", text: "/admin freeze" }, OUT, WON],
  frozen: [RESUME, OUT, WON],
  paused: [RESUME, OUT, WON],
  resolved: ANOTHER,
  closed: ANOTHER,
  voided: ANOTHER,
};
const IN_SIGHT = new Set(["/buy", "/sell", "/chart", "/positions", "/board"]); // what the page shows or does by itself

const OVER = new Set(["Resolved", "Closed", "Voided"]); // what was can be looked at from its beginning
const UNIT = "outcry-unit";
let pinnedMessage = null; // the newest board the room has pinned

/** The pinned board as a message: what is shown until the stream tells more, and what one can press below. */
export function message(message) {
  const data = message.reply.blocks.find((block) => block.t === "board");
  if (!data || (pinnedMessage && message.id < pinnedMessage.id)) return;
  pinnedMessage = message;
  const market = state.get("market");
  const own = (state.get("view")?.market ?? null) === null;
  if (own && market?.tick === undefined) state.set("market", { ...data, market: null });
  else state.set("market", market);
}

/** The board of the market in sight, in `host`. `handlers.pick(wish)`: a price was tapped. */
export function pinned(host, handlers) {
  const made = rows(handlers, { pinned: true });
  const foot = footer(handlers);
  host.append(made.element, foot.element);
  const nothing = h("div", { class: "nothing" });
  host.append(nothing);
  const draw = () => {
    const market = state.get("market");
    made.element.hidden = foot.element.hidden = !market;
    nothing.hidden = Boolean(market) || !state.get("read");
    if (market) {
      made.update(market);
      foot.update(market);
    } else if (!nothing.hidden) nothing.replaceChildren(...noMarket(handlers));
  };
  for (const name of ["market", "markets", "unit", "read", "visitor", "account"]) state.watch(name, draw);
  let chosen = "cents";
  try {
    chosen = localStorage.getItem(UNIT) ?? chosen;
  } catch {
    // storage may be off
  }
  state.set("unit", chosen);
}

function noMarket(handlers) {
  const me = state.get("visitor");
  if (me?.admin) {
    return [
      h("h2", {}, "No market here yet"),
      h("p", {}, "What do people here argue about? Name what can happen, and they trade on it."),
      h("p", { class: "actions" }, h("button", { type: "button", class: "primary", on: { click: () => handlers.say("/admin create") } }, "Create a market"), h("a", { class: "by-steps", href: router.create }, "Step by step")),
    ];
  }
  return [h("h2", {}, "No market here yet"), h("p", {}, "Once an admin opens one, its prices stand here and move as people trade. ", handlers.line([{ x: "/help", s: "code" }]), " shows what there is.")];
}

/** A board in a message, that no longer changes. */
export function create(data, handlers) {
  const top = marketHead.head(handlers);
  const made = rows(handlers);
  top.update(data);
  top.stop();
  made.update(data);
  return h("div", { class: "inside" }, top.element, made.element, h("footer", {}, h("div", { class: "risk" }, meter(data.risk, data.most))));
}

function footer(handlers) {
  const risk = h("div", { class: "risk" });
  const why = h("p", { class: "why" });
  const buttons = h("div", { class: "actions" });
  const past = h("a", { class: "past", hidden: true }, "See how it went");
  const run = h("a", { class: "by-steps", hidden: true }, "Run it step by step");
  const element = h("footer", {}, h("div", { class: "facts" }, why, risk), past, run, buttons);
  let offered = "";

  function update(market) {
    const chance = state.get("unit") === "chance";
    why.textContent = whySum(market, chance);
    risk.replaceChildren(...meter(market.risk, market.most));
    past.hidden = !OVER.has(market.status) || (market.market ?? null) === null;
    past.href = past.hidden ? "" : router.theatre(market.market);
    const own = (market.market ?? null) === null || market.own_room;
    const listed = state.get("markets")?.markets.find((known) => known.market === market.market);
    run.hidden = !((own && state.get("visitor")?.admin) || listed?.may_run) || (market.market ?? null) === null;
    run.href = run.hidden ? "" : router.run(market.market);
    const steps = own && state.get("visitor")?.admin ? (STEPS[market.state] ?? []) : market.state === "draft" ? STEPS.draft : [];
    const joined = state.get("account")?.joined;
    const offers = (pinnedMessage?.reply.actions ?? []).filter((action) => !IN_SIGHT.has(action.text) && !(joined && action.text === "/join"));
    const actions = market.state === "draft" || !own ? steps : [...steps, ...offers];
    const key = JSON.stringify(actions);
    if (key !== offered) buttons.replaceChildren(...(actions.length ? handlers.buttons({ ...pinnedMessage, reply: { actions } }) : []));
    offered = key;
  }
  return { element, update };
}

function chooseUnit(unit) {
  try {
    localStorage.setItem(UNIT, unit);
  } catch {
    // storage may be off: then the choice lasts as long as the page
  }
  state.set("unit", unit);
}

/** Prices in cents, or as a chance. */
function unitSwitch() {
  const choices = Object.entries({ cents: ["¢", "Prices in cents"], chance: ["%", "Prices as a chance in percent"] });
  const buttons = choices.map(([unit, [sign, label]]) => h("button", { type: "button", "aria-label": label, title: label, on: { click: () => chooseUnit(unit) } }, sign));
  state.watch("unit", (chosen) => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(choices[index][0] === chosen))));
  return h("span", { class: "unit", role: "group", "aria-label": "Show prices" }, buttons);
}

/** What all YES of those still in cost together, in micro-dollars. */
const sumOf = (market) => market.sum ?? market.rows.reduce((sum, row) => sum + (row.active ? row.yes : 0), 0);

function whySum(market, chance) {
  const sum = sumOf(market);
  const shown = format.money(Math.round(sum / 10_000) * 10_000);
  if (market.rows.some((row) => row.note === "winner")) return "";
  if (chance) return `Chance: a YES price as a share of all YES prices, ${shown}. You trade at the price in ¢.`;
  if (sum < 1_005_000) return "";
  return `All YES together cost ${shown} though only one pays $1: each outcome is priced by itself, and buying one lifts it by more than it lowers the others.`;
}

/** Rows that take newer data through `update`. `handlers.pick(wish)`: a price was tapped, to do what `verb` says. `watched`:
 *  by who does not trade: nothing to press, nowhere to go. */
export function rows(handlers, { pinned = false, watched = false } = {}) {
  const known = new Map();
  const list = h("div", { class: "rows", role: "rowgroup" });
  const element = h("div", { class: "grid", role: "table", "aria-label": "Prices" }, headings(pinned), list);
  let market;

  function update(data) {
    const moved = market !== undefined && market === data.market;
    if (market !== undefined && market !== data.market) known.clear();
    market = data.market;
    element.classList.toggle("many", data.rows.length > 10);
    const chance = pinned && state.get("unit") === "chance" ? sumOf(data) : null;
    const before = moved && !calm() ? new Map([...known].map(([outcome, row]) => [outcome, row.element.offsetTop])) : null;
    const order = data.rows.map((next) => {
      const row = known.get(next.outcome) || newRow(next, handlers);
      known.set(next.outcome, row);
      row.update(next, moved && !STILL.has(data.state), chance, watched || (pinned && CLOSED.has(data.state)), pinned && !watched ? (data.market ?? null) : null);
      return row.element;
    });
    if (arrange(list, order) && before) slide(before);
  }

  function slide(before) {
    for (const [outcome, row] of known) {
      const from = before.get(outcome);
      const by = from === undefined ? 0 : from - row.element.offsetTop;
      if (by) row.element.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], { duration: 420, easing: "cubic-bezier(.2,.8,.2,1)" });
    }
  }
  return { element, update };
}

function headings(pinned) {
  const cell = (name, text, more) => h("span", { class: name, role: "columnheader" }, text, more);
  return h(
    "div",
    { class: "heads", role: "rowgroup" },
    h(
      "div",
      { class: "row head", role: "row" },
      cell("place", h("span", { class: "unseen" }, "Place")),
      cell("name", h("span", { class: "unseen" }, "Outcome"), pinned ? unitSwitch() : null),
      cell("path", h("span", { class: "unseen" }, "Path of YES")),
      cell("change", "change", h("span", { class: "unseen" }, " since the last round, in cents")),
      cell("side", h("i", { class: "mark full", "aria-hidden": "true" }), "YES"),
      cell("side", h("i", { class: "mark", "aria-hidden": "true" }), "NO"),
    ),
  );
}

function newRow(data, { pick, verb = "Buy" }) {
  const place = h("span", { class: "place", role: "cell" });
  const name = h("a", { class: "label", dir: "auto" });
  const note = h("span", { class: "note" });
  const path = h("span", { class: "path", role: "cell" });
  const change = h("span", { class: "change", role: "cell" });
  const tap = (side) => () => pick({ outcome: data.outcome, name: name.textContent, side, action: "buy" });
  const yes = priceButton("yes", verb, tap("yes"));
  const no = priceButton("no", verb, tap("no"));
  const element = h(
    "div",
    { class: "row", role: "row", "data-outcome": data.outcome, "data-mark": mark(data.outcome), vars: { "--c": colour(data.outcome) } },
    place,
    h("span", { class: "name", role: "cell" }, chip(data.outcome), name, note),
    path,
    change,
    h("span", { class: "side", role: "cell" }, yes.element),
    h("span", { class: "side", role: "cell" }, no.element),
  );

  let drawn = "";
  function update(next, moved, chance, over, number) {
    place.textContent = next.place;
    name.textContent = next.name;
    name.title = next.name;
    if (number !== null) name.href = router.outcome(number, data.outcome);
    note.textContent = next.note;
    element.classList.toggle("out", !next.active && next.note !== "winner");
    element.classList.toggle("winner", next.note === "winner");
    element.style.setProperty("--p", String(Math.min(1, Math.max(0, next.yes / 1e6))));
    change.textContent = next.change === null || !next.active ? "" : format.change(next.change);
    change.classList.toggle("still", format.tenths(next.change ?? 0) === 0);
    yes.update(next.name, next.yes, next.active, moved, chance && next.yes / chance, over);
    no.update(next.name, next.no, next.active, moved, chance && 1 - next.yes / chance, over);
    const key = next.spark.join();
    if (key !== drawn) path.replaceChildren(spark(next.spark, next.active));
    drawn = key;
  }
  return { element, update };
}

function priceButton(side, verb, press) {
  const still = () => element.classList.remove("rose", "fell"); // or it would flash again whenever it comes into sight
  const element = h("button", { type: "button", class: `price ${side}`, on: { click: press, animationend: still } });
  let shown = null;
  let before = null;

  function update(name, micro, active, moved, share, over) {
    const grain = active ? (share === null ? format.tenths(micro) : Math.round(share * 1000)) : null;
    const next = grain === null ? "–" : `${grain}${share === null ? "¢" : "%"}`;
    element.disabled = !active || over;
    element.setAttribute("aria-label", active ? `${over ? "" : `${verb} `}${name} ${side.toUpperCase()} at ${format.price(micro)}${share === null ? "" : `, a chance of ${(grain / 10).toFixed(1)} %`}` : `${name} is out`);
    if (next === shown) return;
    const [whole, part] = active ? (grain / 10).toFixed(1).split(".") : ["–", ""];
    element.replaceChildren(h("b", {}, whole), h("i", {}, active ? `.${part}` : ""), h("u", {}, active ? next.slice(-1) : ""));
    if (moved && before !== null && active && before !== micro && !calm()) flash(element, micro > before);
    shown = next;
    before = active ? micro : null;
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

