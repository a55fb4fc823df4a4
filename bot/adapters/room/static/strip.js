// Always in sight: what one can spend, what one's tokens would sell for, what one has gained, and one's place.

import { calm, h } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

/** Draws into `host` and follows the account. */
export function create(host, handlers) {
  const cells = [
    cell("Cash", (account) => format.money(account.cash)),
    cell("Tokens", (account) => format.money(account.worth), "What all your tokens would sell for now"),
    cell("Profit", (account) => format.gain(account.profit)),
    cell("Rank", (account) => (account.place ? [account.place, account.of ? h("small", {}, ` of ${account.of}`) : ""] : "–")),
  ];
  const figures = h("dl", {}, cells.map((item) => item.element));
  const outside = h("p", { class: "outside" }, h("span", {}, "You are not in this market yet."), h("button", { type: "button", class: "primary", on: { click: () => handlers.say("/join") } }, "Join it"));
  host.append(figures, outside);
  const draw = () => {
    const [account, me] = [state.get("account"), state.get("visitor")];
    host.hidden = !me?.name || !account;
    if (host.hidden) return;
    figures.hidden = !account.joined;
    outside.hidden = account.joined;
    if (account.joined) for (const item of cells) item.update(account);
  };
  state.watch("account", draw);
  state.watch("visitor", draw);
}

function cell(label, figure, title = null) {
  const value = h("dd");
  const element = h("div", { title }, h("dt", {}, label), value);
  let shown = null;
  let market;
  return {
    element,
    update(account) {
      const next = [figure(account)].flat();
      const text = next.map((part) => part.textContent ?? part).join("");
      if (text === shown) return;
      value.replaceChildren(...next);
      if (shown !== null && market === account.market && !calm()) element.animate([{ backgroundColor: "var(--raised)" }, { backgroundColor: "transparent" }], { duration: 1200, easing: "ease-out" });
      shown = text;
      market = account.market;
    },
  };
}
