// What stands beside the board of a theatre: what one had, what $50 came to, the trades and what was said until then.

import * as api from "./api.js";
import { chip } from "./board.js";
import { h } from "./dom.js";
import { mark } from "./feed.js";
import * as format from "./format.js";
import * as render from "./render.js";

const WORDS = { true: "Bought", false: "Sold", null: "Traded" };

/** `{element, show(frame), ask(outcome, side), rest()}`. `path` of the theatre; `at()` the tick one looks at. */
export function create(theatre, { path, handlers, at, alive }) {
  const own = h("div", { class: "then-own" });
  const outcome = h("select", { id: "theatre-outcome", on: { change: () => ask(Number(outcome.value), wish.side) } }, theatre.names.map((name, number) => h("option", { value: number }, name)));
  const sides = ["yes", "no"].map((side) => h("button", { type: "button", "data-side": side, on: { click: () => ask(wish.outcome, side) } }, side.toUpperCase()));
  const came = h("p", { class: "came", "aria-live": "polite" });
  const tape = h("ol", { class: "tape", tabindex: 0, "aria-label": "Trades until then" });
  const posts = h("ol", { class: "posts", tabindex: 0, "aria-labelledby": "theatre-posts" });
  const talk = h("section", {}, h("h3", { id: "theatre-posts" }, "Said and told until then"), posts);
  const wish = { outcome: theatre.winners[0] ?? 0, side: "yes" };
  const element = h(
    "div",
    { class: "beside-scene" },
    h("section", { class: "what-if", "aria-labelledby": "theatre-own" }, h("h3", { id: "theatre-own" }, "What if I had held?"), own, h("div", { class: "try" }, h("label", { for: "theatre-outcome" }, "$50 of"), outcome, h("span", { class: "then-sides", role: "group", "aria-label": "Side" }, sides)), came),
    talk,
    h("section", {}, h("h3", {}, "Trades until then"), tape),
  );
  let asked = "";
  choose();

  function show(frame) {
    own.replaceChildren(...owned(frame));
    const trades = frame.tape.map((trade) => traded(trade, theatre.names[trade.outcome]));
    tape.replaceChildren(...(trades.length ? trades : [h("li", { class: "quiet" }, "Nothing had been traded yet.")]));
    talk.hidden = frame.posts === null;
    const messages = (frame.posts ?? []).map((message) => post(message, handlers));
    posts.replaceChildren(...(messages.length ? messages : [h("li", { class: "quiet" }, "Nothing had been said yet.")]));
    posts.scrollTop = posts.scrollHeight;
  }

  function owned({ account }) {
    if (!account) return [];
    const says = account.says.map((parts) => h("p", {}, render.line(parts, handlers)));
    if (account.holdings.length < 2) return says;
    const rows = account.holdings.map((row) =>
      h("tr", {}, h("td", {}, chip(row.outcome), h("span", { dir: "auto" }, row.name), ` ${row.side.toUpperCase()}`), h("td", { class: "n" }, format.tokens(row.tokens)), h("td", { class: "n" }, format.money(row.worth)), h("td", { class: "n" }, theatre.called_off ? "–" : format.money(row.pays))),
    );
    const heads = ["", "Tokens", "Worth then", "Paid"].map((text, index) => h("th", { scope: "col", class: index ? "n" : undefined }, text));
    return [...says, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))];
  }

  function choose() {
    outcome.value = String(wish.outcome);
    for (const button of sides) button.setAttribute("aria-pressed", String(button.dataset.side === wish.side));
  }

  function ask(number, side) {
    wish.outcome = number;
    wish.side = side;
    choose();
    rest();
    came.scrollIntoView({ block: "nearest" });
  }

  /** What it would have bought at the moment one looks at, once one stays there. */
  async function rest() {
    const key = `${at()} ${wish.outcome} ${wish.side}`;
    if (key === asked) return;
    asked = key;
    try {
      const answer = await api.get(`${path}/${at()}/bought?outcome=${wish.outcome}&side=${wish.side}`);
      if (alive() && asked === key) came.replaceChildren(...render.line(answer.says, handlers));
    } catch (problem) {
      if (!alive() || asked !== key) return;
      came.textContent = problem instanceof api.Refused ? problem.message : "";
      asked = "";
    }
  }
  return { element, show, ask, rest };
}

function traded(trade, name) {
  return h(
    "li",
    {},
    h("span", { class: "what" }, `${WORDS[trade.buy]} ${format.tokens(trade.size)} `, chip(trade.outcome), h("b", { dir: "auto" }, name), ` ${trade.side.toUpperCase()}`, mark(trade)),
    h("span", { class: "price-of" }, `at ${format.price(trade.price)}`),
    h("time", { class: "when", datetime: new Date(trade.at).toISOString(), title: format.momentInFull(trade.at) }, format.moment(trade.at)),
  );
}

function post(message, handlers) {
  const time = h("time", { class: "when", datetime: new Date(message.at).toISOString(), title: format.momentInFull(message.at) }, format.moment(message.at));
  if (message.changed_later) return h("li", { class: "note" }, "Here stood an announcement that was changed later.");
  if (message.note === "joined") return h("li", { class: "note" }, h("b", { dir: "auto" }, message.author), " is here.");
  if (message.say !== undefined) return h("li", { class: "said" }, h("p", {}, h("b", { dir: "auto" }, message.author), time), h("p", { dir: "auto" }, message.say));
  if (!message.reply) return null;
  return h("li", { class: `card tone-${message.reply.tone}` }, time, render.reply(message, handlers));
}
