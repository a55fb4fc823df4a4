// Always in sight: what one can spend, what one's tokens would sell for, what one has gained, and one's place.

import { figure, h } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

const CELLS = [
  ["Cash", "What you can spend now", (account) => format.exact(account.cash)],
  ["Tokens", "What all your tokens would sell for now, after the fee", (account) => format.exact(account.worth)],
  ["Profit", "Cash and tokens together, less what you were given", (account) => format.gain(account.profit)],
  ["Rank", "Your place by profit", (account) => account.place || "–"],
];

/** Draws into `host` and follows the account. */
export function create(host, handlers) {
  const cells = CELLS.map(([label, title, text]) => ({ value: h("b"), of: h("small"), label, title, text }));
  const figures = h("dl", {}, cells.map(({ label, title, value, of }) => h("div", { title }, h("dt", {}, label), h("dd", {}, value, of))));
  const sentence = h("span");
  const join = h("button", { type: "button", class: "primary", on: { click: () => handlers.say("/join") } }, "Join it");
  const outside = h("p", { class: "outside" }, sentence, join);
  let market;
  host.append(figures, outside);

  const draw = () => {
    const [account, me, of] = [state.get("account"), state.get("visitor"), state.get("market")];
    host.hidden = !me?.name || !account || !of;
    if (host.hidden) return;
    const still = market !== account.market;
    market = account.market;
    figures.hidden = !account.joined;
    outside.hidden = account.joined;
    sentence.textContent = ["draft", "lobby", "running", "paused", "frozen"].includes(of.state) ? "You are not in this market yet." : "You had no part in this market.";
    join.hidden = sentence.textContent.includes("no part") || of.state === "draft";
    if (!account.joined) return;
    for (const cell of cells) figure(cell.value, cell.text(account), { still });
    cells[2].value.dataset.sign = Math.sign(account.profit);
    cells[3].of.textContent = account.place ? ` of ${account.of}` : "";
  };
  for (const name of ["account", "visitor", "market"]) state.watch(name, draw);
}
