// Quotes while an amount is dragged: at most four a second, the last wins, and an answer that was overtaken is not shown.

import * as api from "./api.js";

const APART_MS = 270; // the room counts four a second
const LATER_MS = 350;
const AWAY_MS = 1500;

/** `on.quote(quote, wish)`: the newest answer, and what it is of; `on.refused(sentence)`; `on.away()`: nobody answers. */
export function create(on) {
  let wanted = null;
  let timer = 0;
  let last = -Infinity;
  let sent = 0;
  let shown = 0;

  function plan(ms) {
    clearTimeout(timer);
    timer = setTimeout(send, ms);
  }

  async function send() {
    if (!wanted) return;
    const [wish, mine] = [wanted, ++sent];
    wanted = null;
    last = performance.now();
    try {
      const { market, ...order } = wish;
      const quote = await api.ask(`api/v1/markets/${market}/quote`, order, AbortSignal.timeout(8000));
      if (mine < shown) return;
      shown = mine;
      on.quote(quote, wish);
    } catch (problem) {
      if (mine < sent || wanted) return; // a newer one is on its way
      if (problem instanceof api.Refused && problem.status !== 429 && problem.status < 500) return on.refused(problem.message);
      if (!(problem instanceof api.Refused)) on.away();
      wanted = wish;
      plan(problem instanceof api.Refused ? LATER_MS : AWAY_MS);
    }
  }

  return {
    /** `wish`: {market, outcome, side, action, amount, limit, slippage, autofill} */
    ask(wish) {
      wanted = { ...wish };
      plan(Math.max(0, last + APART_MS - performance.now()));
    },
    stop() {
      clearTimeout(timer);
      wanted = null;
      shown = ++sent; // what is still on its way is of nothing now
    },
  };
}
