// What a quote says in figures: what is spent and what it pays, the price it moves, the fee, the worst that can happen.

import { chip } from "./board.js";
import { h } from "./dom.js";
import * as format from "./format.js";

const CENT = 10_000;
const SEEN = 500; // a move of less rounds to nothing
const MOVES = 3;

/** Whole cents: what is paid rounded up, what one gets rounded down. */
export function dollars(micro, up = false) {
  const cents = up ? Math.ceil(micro / CENT) : Math.floor(micro / CENT);
  const shown = (Math.abs(cents) / 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${cents < 0 ? "\u2212" : ""}$${shown}`;
}

/** `97.84`, `1,250.5` */
export const tokens = (micro) => (Math.floor(micro / CENT) / 100).toLocaleString("en-US", { maximumFractionDigits: 2 });

/** Figures that `update(quote, {names, side})` fills and `wait()` shows as not being of this amount any more. */
export function create() {
  const big = [figure("big"), figure("big")];
  const small = [figure(), figure(), figure(), figure()];
  const others = h("p", { class: "ticket-others" });
  const element = h(
    "div",
    { class: "ticket-figures" },
    h("dl", { class: "ticket-sums" }, big[0].element, h("span", { class: "ticket-leads", "aria-hidden": "true" }), big[1].element),
    h("dl", { class: "ticket-details" }, small.map((one) => one.element)),
    others,
  );

  function update(quote, { names, held }) {
    const buy = quote.spend !== undefined;
    if (buy) buying(quote);
    else selling(quote, held);
    small[0].set("Average", quote.size ? format.price(quote.average) : "\u2013");
    small[1].set("Price", quote.size ? `${format.price(quote.now).slice(0, -1)} \u2192 ${format.price(quote.after)}` : format.price(quote.now));
    small[2].set("Fee, gas", `${dollars(quote.fee, true)} + ${dollars(quote.gas, true)}`);
    moves(quote, names);
  }

  function buying(quote) {
    const waits = quote.rests > 0;
    big[0].set(waits ? "You spend at most" : "You spend", dollars(waits ? quote.worst : quote.spend, true));
    const gain = quote.if_right - (waits ? quote.worst : quote.spend);
    big[1].set("Get if right", dollars(quote.if_right), gain > 0 ? `+${dollars(gain)}` : "");
    if (waits) small[3].set(quote.size ? `${tokens(quote.size)} at once` : "Waits", `${tokens(quote.rests)}${quote.size ? " wait" : ""} at ${quote.limit.replace("c", "¢")}`);
    else if (quote.fewest !== null) small[3].set("At worst", `${tokens(quote.fewest)} tokens`);
    else small[3].set("At worst", dollars(quote.worst, true));
  }

  function selling(quote, held) {
    const waits = quote.rests > 0;
    big[0].set("You sell", `${tokens(quote.size + quote.rests)}`, held > quote.size + quote.rests ? `of ${tokens(held)}` : "all of them");
    big[1].set(waits ? "Get at least" : "You get", dollars(waits ? quote.worst : quote.get));
    if (waits) small[3].set(quote.size ? `${tokens(quote.size)} at once` : "Waits", `${tokens(quote.rests)}${quote.size ? " wait" : ""} at ${quote.limit.replace("c", "¢")}`);
    else small[3].set("At least", dollars(quote.worst));
  }

  function moves(quote, names) {
    const moved = quote.moves
      .filter((move) => move.outcome !== quote.order.outcome && Math.abs(move.yes[1] - move.yes[0]) >= SEEN)
      .sort((a, b) => Math.abs(b.yes[1] - b.yes[0]) - Math.abs(a.yes[1] - a.yes[0]));
    const rest = moved.length - MOVES;
    others.replaceChildren(
      ...(moved.length ? ["Others move: "] : []),
      ...moved.slice(0, MOVES).map((move) => h("span", { class: "move" }, chip(move.outcome), h("b", { dir: "auto" }, names(move.outcome)), ` ${format.change(move.yes[1] - move.yes[0])}¢`)),
      ...(rest > 0 ? [`and ${rest} more`] : []),
    );
  }

  return { element, update, wait: (on) => element.classList.toggle("stale", on) };
}

function figure(kind = "") {
  const name = h("span", {});
  const aside = h("small", {});
  const value = h("b", {});
  const element = h("div", { class: kind || undefined }, h("dt", {}, name, aside), h("dd", {}, value));
  let shown = "";
  return {
    element,
    set(label, content, more = "") {
      const key = `${label}|${content}|${more}`;
      if (key === shown) return;
      shown = key;
      name.textContent = label;
      value.textContent = content;
      aside.textContent = more;
    },
  };
}
