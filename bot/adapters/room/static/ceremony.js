// What happens to a market is felt wherever one looks: freezes, exits, the winner. What has just happened is a moment; what
// somebody missed is told in one sentence; everything stays to be read among the announcements.

import * as api from "./api.js";
import * as clock from "./clock.js";
import { byId, h } from "./dom.js";
import * as format from "./format.js";
import * as moments from "./moments.js";
import * as momentBar from "./moment_bar.js";
import * as momentCard from "./moment_card.js";
import * as render from "./render.js";
import * as sounds from "./sounds.js";
import * as state from "./state.js";
import * as winner from "./winner.js";

const BAR_MS = 9000; // how long the bar tells a moment there is no room for
const QUIET_MS = 1500; // for so long nothing was typed or pressed before the page is taken over
const TUNES = { frozen: "freeze", resumed: "resume", started: "resume", eliminated: "out", claimed: "win", resolved: "win" };
const FULL = new Set(["claimed", "corrected", "resolved"]);
const PLAIN = { insert() {} };

let host = null;
let bar = null;
let screen = null;
let said = null;
let market = null; // as last told
let queue = []; // moments that wait to be shown, oldest first
let card = null; // the one that is shown
let passing = null; // {content, until} what the bar tells for a few seconds
let ticked = 0;
let touched = 0; // when somebody last pressed anything
let pressed = false; // a finger or a button of the mouse is down

/** Watches the market and the account from now on. */
export function start() {
  host = byId("ceremony");
  said = h("p", { class: "unseen", "aria-live": "assertive" });
  host.append(said, h("div", { class: "frost", "aria-hidden": "true" }), h("div", { class: "dusk", "aria-hidden": "true" }));
  bar = momentBar.create(host);
  screen = winner.create(host);
  byId("tools")?.prepend(sounds.toggle());
  const follow = moments.follow();
  state.watch("market", (next) => follow(next, shown));
  state.watch("account", (account) => screen.own(account, state.get("visitor")));
  for (const kind of ["pointerdown", "pointerup", "pointercancel", "keydown"]) addEventListener(kind, touch, { capture: true, passive: true });
  document.addEventListener("keydown", escape, true);
  clock.everyBeat(beat);
}

/** `fresh`: moments of this very minute; `missed`: those of a time nobody looked. */
function shown(next, fresh, missed) {
  if (next?.market !== market?.market) leave();
  market = next;
  const frozen = next !== null && ["frozen", "paused"].includes(next.state);
  if (document.body.classList.toggle("frosted", frozen) && !fresh.length) document.body.classList.add("frosted-already");
  if (!frozen) document.body.classList.remove("frosted-already");
  if (missed.length) pass(moments.summary(missed, next), "missed");
  for (const moment of fresh) {
    sounds.play(TUNES[moment.kind] ?? "resume");
    if (!moments.CARDS.has(moment.kind)) say(format.plain(moment.head));
    else queue.push(moment);
  }
  settle();
  if (queue.length > 3) queue = [moments.joined(queue)];
  go();
}

function touch(event) {
  touched = performance.now();
  if (event.type !== "keydown") pressed = event.type === "pointerdown";
}

function leave() {
  queue = [];
  passing = null;
  card?.leave(false);
  screen?.close();
}

// --- one after the other -------------------------------------------------------------------------------------------------

/** A correction takes the place of what it corrects, wherever that stands. */
function settle() {
  const corrected = queue.findLast((moment) => moment.kind === "corrected");
  if (!corrected) return;
  queue = queue.filter((moment) => moment.kind !== "claimed");
  if (card?.moment.kind === "claimed" || card?.moment.kind === "corrected") card.leave(false);
}

function go() {
  if (card || !queue.length || !market) return;
  const [moment] = queue;
  if (moment.winners?.length && FULL.has(moment.kind)) return takeOver(moment);
  if (pressed || performance.now() - touched < 300) return; // not under a finger
  queue.shift();
  say(moments.sentence(moment));
  const own = paid(moment).then((sentence) => (sentence && say(`${moments.sentence(moment)} ${sentence}`), sentence));
  if (document.querySelector("dialog[open]")) return pass(headline(moment, own), moment.id);
  const names = Object.fromEntries(market.rows.map((row) => [row.outcome, row.name]));
  const opened = momentCard.open(host, { moment, names, own, gone });
  if (opened) card = { ...opened, moment };
  else pass(headline(moment, own), moment.id);
}

function gone() {
  card = null;
  go();
}

/** The whole page, once nobody is in the middle of a line or a press; until then the bar says it. */
function takeOver(moment) {
  const busy = pressed || performance.now() - touched < QUIET_MS || document.querySelector("dialog[open]:not(.winner-screen)") || typing();
  if (busy) {
    if (passing?.key !== moment.id) {
      say(moments.sentence(moment));
      pass({ kind: "result", text: render.line(moment.head, PLAIN), action: { label: "See", press: () => ((touched = 0), reveal(moment)) } }, moment.id, Infinity);
    }
    return;
  }
  if (passing?.key !== moment.id) say(moments.sentence(moment));
  reveal(moment);
}

function reveal(moment) {
  queue = queue.filter((waiting) => waiting !== moment);
  if (passing?.key === moment.id) passing = null;
  screen.show({ market, moment, account: state.get("account"), visitor: state.get("visitor"), fresh: true });
  beat();
}

const typing = () => {
  const field = document.activeElement;
  return Boolean(field?.matches("input:not([type=range]), textarea") && field.value);
};

/** What it paid oneself, as a sentence; "" where that is nothing. */
async function paid(moment) {
  const account = state.get("account");
  if (moment.kind !== "eliminated" || !account?.joined || moment.id === "joined") return "";
  try {
    const mine = await api.get(`api/v1/markets/${market.market}/moments/${moment.id}/mine`);
    return mine.paid >= 10_000 ? `It paid you ${money(mine.paid)}.` : "";
  } catch {
    return "";
  }
}

const money = (micro) => `$${(Math.floor(micro / 10_000) / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;

function headline(moment, own) {
  const line = h("span", {}, render.line(moment.head, PLAIN));
  own.then((sentence) => sentence && line.append(` ${sentence}`));
  return { kind: "out", text: [line] };
}

// --- the bar -------------------------------------------------------------------------------------------------------------

/** Tells something for a few seconds in the bar's place. */
function pass(content, key, lasts = BAR_MS) {
  if (!content) return;
  passing = { content: { ...content, key, close: () => ((passing = null), beat(), go()) }, key, until: performance.now() + lasts };
  beat();
}

function beat() {
  go();
  if (passing && performance.now() > passing.until) passing = null;
  const content = passing?.content ?? moments.standing(market, result);
  if (content && !screen.open) bar.show(content);
  else bar.hide();
  count(content);
}

/** The end stays at hand until somebody closes it. */
function result(moment) {
  return { press: () => screen.show({ market, moment, account: state.get("account"), visitor: state.get("visitor"), fresh: false }), close: () => (moments.dismiss(market), beat()) };
}

/** The last seconds are heard, and said once when the minute begins. */
function count(content) {
  if (content?.kind !== "countdown") return;
  const left = Math.ceil(clock.wall(content.until) / 1000);
  if (content.key !== counted) {
    counted = content.key;
    say(`${content.said} in ${left} seconds.`);
  }
  if (left !== ticked && left > 0 && left <= 5) sounds.play("tick");
  ticked = left;
}
let counted = null;

function say(sentence) {
  said.textContent = sentence;
}

function escape(event) {
  if (event.key !== "Escape" || !card || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.('[aria-expanded="true"]')) return; // a list that is open closes first
  event.stopImmediatePropagation();
  card.leave();
}
