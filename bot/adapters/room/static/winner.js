// The end over the whole page: oneself first, the winner, the podium; to be shared, and to be looked at again.

import * as api from "./api.js";
import { byId, calm, h, svg } from "./dom.js";
import * as confetti from "./confetti.js";
import * as format from "./format.js";
import * as render from "./render.js";
import * as router from "./router.js";
import * as shareCard from "./share_card.js";

const STAR = "M12 1.8l3.1 6.6 7.1.9-5.2 5 1.3 7.1L12 17.9l-6.3 3.5L7 14.3l-5.2-5 7.1-.9z";
const PLAIN = { insert() {} };
const MOST_NAMED = 3; // winners of a dead heat that are written large

/** A dialog in `host`. `show({market, moment, account, visitor, fresh})` opens it or puts newer facts in its place; `fresh`:
 *  it has just happened. `account` may come later through `own`. */
export function create(host) {
  const dialog = h("dialog", { class: "winner-screen", "aria-labelledby": "winner-title" });
  host.append(dialog);
  let shown = null;
  let stop = () => {};
  dialog.addEventListener("close", () => {
    stop();
    dialog.replaceChildren();
    shown = null;
  });

  function show(facts) {
    const again = dialog.open;
    shown = facts;
    draw();
    if (!again) dialog.showModal();
    stop();
    if (facts.fresh && facts.moment.kind !== "corrected" && !calm()) stop = confetti.fire(dialog, colours(facts.moment.winners));
  }

  function draw() {
    const held = document.activeElement?.dataset?.key;
    dialog.classList.toggle("still", !shown.fresh || calm());
    dialog.replaceChildren(...content(shown, () => dialog.close()));
    if (held) dialog.querySelector(`[data-key="${held}"]`)?.focus();
  }

  return {
    show,
    own(account, visitor) {
      if (!shown || account?.market !== shown.market.market) return;
      const before = JSON.stringify(shown.account?.ended ?? null);
      shown = { ...shown, account, visitor };
      if (JSON.stringify(account.ended ?? null) !== before) {
        const paper = dialog.querySelector(".confetti");
        draw();
        if (paper) dialog.append(paper);
      }
    },
    close: () => dialog.open && dialog.close(),
    get open() {
      return dialog.open;
    },
  };
}

function content(facts, close) {
  const { market, moment } = facts;
  const winners = moment.winners;
  const named = winners.slice(0, MOST_NAMED).map((outcome) => name(market, outcome));
  const more = winners.length - named.length;
  return [
    h("button", { type: "button", class: "icon", "aria-label": "Close", "data-key": "x", on: { click: close } }, "×"),
    h("p", { class: "moment-eyebrow", dir: "auto" }, moment.kind === "corrected" ? "Corrected: " : null, market.title),
    h("span", { class: "winner-star", "aria-hidden": "true", vars: { "--c": `var(--o${winners[0] % 10})` } }, svg("svg", { viewBox: "0 0 24 24" }, svg("path", { d: STAR }))),
    h(
      "h2",
      { id: "winner-title", class: named.join("").length > 16 ? "long" : undefined },
      ...named.flatMap((text, place) => [place ? (place === named.length - 1 && !more ? " and " : ", ") : null, h("bdi", { vars: { "--c": `var(--o${winners[place] % 10})` } }, text)]),
      more > 0 ? ` and ${more} more` : null,
      winners.length > 1 ? " share the win" : " wins",
    ),
    before(moment, market),
    own(facts),
    moment.podium ? podium(moment) : null,
    h("div", { class: "winner-told" }, moment.lines.map((line) => h("p", {}, render.line(line, PLAIN))), moment.podium ? h("p", {}, summary(moment)) : null),
    h("div", { class: "actions" }, buttons(facts, close)),
  ].filter(Boolean);
}

const name = (market, outcome) => market.rows.find((row) => row.outcome === outcome)?.name ?? `#${outcome + 1}`;

/** Whom a correction takes it from. */
function before(moment, market) {
  if (moment.kind !== "corrected") return null;
  return h("p", { class: "moment-why" }, "Named before: ", ...moment.before.flatMap((outcome, place) => [place ? ", " : null, h("s", {}, h("bdi", {}, name(market, outcome)))]));
}

/** Place and gain, oneself before anybody else. */
function own({ account, visitor }) {
  const ended = account?.ended;
  if (!ended) return null;
  const sign = ended.gain > 0 ? "up" : ended.gain < 0 ? "down" : "level";
  return h(
    "section",
    { class: `winner-own ${sign}`, "aria-label": "Your result" },
    h("p", { class: "you" }, h("b", {}, "You"), visitor?.name ? h("bdi", {}, visitor.name) : null),
    h("p", { class: "place" }, shareCard.placed(ended)),
    h("p", { class: "gain" }, shareCard.gained(ended)),
  );
}

function podium({ podium: steps, more }) {
  if (!steps.length) return h("p", { class: "nobody" }, "Nobody traded, so nobody stands on the podium.");
  return h(
    "ol",
    { class: "winner-podium", "aria-label": "Podium" },
    steps.map((step) =>
      h(
        "li",
        { "data-place": step.place, vars: { "--delay": `${0.6 + 0.25 * (4 - Math.min(3, step.place))}s` } },
        step.medal ? h("i", { class: "medal", "data-place": step.medal, role: "img", "aria-label": `Place ${step.place}` }, String(step.place)) : h("span", { class: "quiet" }, `${step.place}.`),
        h("bdi", { class: "who" }, step.name),
        h("b", {}, step.share),
        h("span", { class: "quiet" }, step.gain),
      ),
    ),
    more ? h("li", { class: "more" }, `and ${more} more on the same step`) : null,
  );
}

const summary = ({ volume, people }) => `${format.money(volume)} traded by ${people === 1 ? "1 person" : `${people} people`}.`;

function buttons(facts, close) {
  const { market, moment, account } = facts;
  const share = h("button", { type: "button", class: "primary", "data-key": "share" }, "Share");
  share.addEventListener("click", async () => {
    if (share.ariaBusy) return;
    share.ariaBusy = "true";
    const told = await shareCard.share({ ...facts, base: api.base });
    share.ariaBusy = null;
    if (told) share.textContent = told;
  });
  const theatre = h("button", { type: "button", "data-key": "theatre", on: { click: () => (close(), router.go(router.theatre(market.market))) } }, "See how it went");
  const over = moment.kind === "resolved";
  return [over && (account?.ended?.place || account?.ended?.gain) ? share : null, over && byId("theatre") ? theatre : null, h("button", { type: "button", "data-key": "close", autofocus: true, on: { click: close } }, "Close")];
}

/** The winners' colours first, then all of the palette. */
function colours(winners) {
  const style = getComputedStyle(document.documentElement);
  const of = (outcome) => style.getPropertyValue(`--o${outcome % 10}`).trim();
  return [...winners.map(of), ...winners.map(of), ...Array.from({ length: 10 }, (_, outcome) => of(outcome))];
}
