// The page of a public market for whoever has its link: the room's own head, chart, board and moments, and nothing to press.

import * as board from "./board.js";
import * as ceremony from "./ceremony.js";
import * as chart from "./chart.js";
import * as clock from "./clock.js";
import { byId, figure, h, keyed } from "./dom.js";
import * as format from "./format.js";
import * as marketHead from "./market_head.js";
import * as render from "./render.js";
import * as state from "./state.js";
import * as themeSwitch from "./theme_switch.js";
import * as watchStream from "./watch_stream.js";

const OVER = ["resolved", "closed", "voided"]; // nobody can take part any more
const HIDDEN_MS = 60_000; // browsers allow few connections to one host, and people open many tabs
const handlers = { insert() {}, line: (parts) => render.line(parts, handlers), pick() {} };

themeSwitch.start(byId("theme"));
state.set("unit", "cents");
marketHead.create(byId("head"), handlers);
const rows = board.rows(handlers, { pinned: true, watched: true });
const risk = h("footer", {}, h("p", { class: "facts" }));
byId("board").append(rows.element, risk);
chart.create(byId("chart"));
ceremony.start();
const leaders = keyed(byId("ahead"), (leader) => leader.key, leaderRow);
const course = keyed(byId("course"), (moment) => moment.id, courseRow);

for (const name of ["market", "unit"]) state.watch(name, draw);
watchStream.follow({ market: arrived, link }, { hiddenMs: HIDDEN_MS });

function arrived(market) {
  document.body.classList.remove("loading");
  document.body.classList.toggle("over-and-out", market === null);
  byId("ended").hidden = market !== null;
  state.set("market", market);
}

function link(up) {
  document.body.classList.toggle("offline", !up);
  byId("link").textContent = up ? "" : "Reconnecting";
  if (state.get("link")?.up !== up) state.set("link", { up, why: "" });
}

function draw() {
  const market = state.get("market");
  if (!market) return;
  rows.update(market);
  risk.hidden = !market.most;
  risk.firstChild.textContent = `The house risks at most ${format.money(market.most)} of play money; right now ${format.money(market.risk)}.`;
  const best = market.rows[0];
  document.title = best?.active ? `${best.name} ${format.price(best.yes)} · ${market.title}` : market.title;
  byId("leaders").hidden = !market.leaders.length;
  leaders(market.leaders.map((leader, place) => ({ ...leader, key: place })));
  const hidden = market.of - market.leaders.length;
  byId("hidden-names").textContent = [hidden > 0 ? `and ${hidden} more. ` : "", market.leaders.some((leader) => !leader.shown) ? "Members are named where they chose to be." : ""].join("");
  course(market.moments.filter((moment) => moment.kind !== "countdown").toReversed());
  byId("invite").hidden = OVER.includes(market.state);
  byId("news").hidden = !byId("course").children.length;
}

function leaderRow() {
  const place = h("span", { class: "place" });
  const name = h("b", { dir: "auto" });
  const gain = h("span", { class: "gain" });
  const total = h("span", { class: "total" });
  return {
    element: h("li", {}, place, name, total, gain),
    update(leader) {
      place.textContent = leader.place;
      name.textContent = leader.name;
      name.classList.toggle("nameless", !leader.shown);
      figure(total, format.exact(leader.worth));
      figure(gain, format.share(leader.gain_share));
      gain.dataset.sign = Math.sign(leader.gain);
    },
  };
}

function courseRow() {
  const time = h("time", {});
  const head = h("p", { dir: "auto" });
  const paid = h("p", { class: "quiet", dir: "auto" });
  let told = "";
  return {
    element: h("li", {}, time, h("div", {}, head, paid)),
    update(moment) {
      time.textContent = format.moment(moment.at, clock.now());
      const key = JSON.stringify([moment.head, moment.lines]);
      if (key === told) return;
      told = key;
      time.dateTime = new Date(moment.at).toISOString();
      time.title = format.momentInFull(moment.at);
      head.replaceChildren(...render.line(moment.head, handlers));
      paid.replaceChildren(...(moment.lines[0] ? render.line(moment.lines[0], handlers) : []));
    },
  };
}
