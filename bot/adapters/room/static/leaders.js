// Who is ahead, with oneself always in sight.

import * as api from "./api.js";
import { figure, h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as state from "./state.js";

const EVERY_MS = 4000; // at most; it is asked for only when the market has moved

/** Draws into `host` and follows the market. */
export function create(host) {
  const list = h("ol");
  host.append(h("h2", { id: "leaders-title" }, "Ahead"), list);
  const update = keyed(list, (leader) => leader.name, row);
  let asked = 0;
  let timer = 0;
  let stale = false;

  async function load() {
    timer = 0;
    const market = state.get("market")?.market;
    if (!market) return;
    asked = performance.now();
    stale = false;
    try {
      const board = await api.get(`api/v1/markets/${market}/leaderboard`);
      if (market !== state.get("market")?.market) return;
      host.hidden = !board.rows.length;
      update(board.rows);
    } catch {
      // the next move of the market asks again
    }
  }

  function soon() {
    stale = true;
    if (timer || document.hidden) return;
    timer = setTimeout(load, Math.max(0, asked + EVERY_MS - performance.now()));
  }

  let shown = null;
  state.watch("account", () => shown && soon());
  state.watch("market", (market) => {
    if (market?.market !== shown) {
      host.hidden = true;
      asked = 0;
    }
    shown = market?.market;
    if (market?.market) soon();
  });
  document.addEventListener("visibilitychange", () => stale && soon());
}

function row() {
  const place = h("span", { class: "place" });
  const name = h("b", { dir: "auto" });
  const gain = h("span", { class: "gain" });
  const total = h("span", { class: "total" });
  const element = h("li", {}, place, name, total, gain);
  return {
    element,
    update(next) {
      place.textContent = next.place;
      name.textContent = next.name;
      element.classList.toggle("own", next.own);
      if (next.own) element.setAttribute("aria-current", "true");
      figure(total, format.exact(next.worth));
      figure(gain, format.gain(next.gain));
      gain.dataset.sign = Math.sign(next.gain);
    },
  };
}
