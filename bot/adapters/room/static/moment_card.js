// A moment as a card over the page: who is out, struck through as one watches, what it paid, how the prices of those still
// in change hands. It keeps clear of what one is deciding, goes by itself, and folds away into the announcements.

import * as board from "./board.js";
import * as clock from "./clock.js";
import { byId, calm, h } from "./dom.js";
import * as format from "./format.js";
import * as render from "./render.js";

const LASTS_MS = 9000;
const MOST_NAMES = 6;
const MOST_ROWS = { narrow: 5, wide: 8 };
const EDGE = 12;
const PLAIN = { insert() {} };

/** Shows one card in `host`. `moment` as the stream sends it, `names` by outcome, `own`: a promise of what it paid oneself or
 *  null. `gone(folded)` is called once it has left. Returns null where there is no room beside what one is deciding. */
export function open(host, { moment, names, own, gone }) {
  const area = free();
  const card = h("section", { class: "moment-card", "data-kind": moment.kind, "aria-label": "Just now", vars: { "--stamp": `${stampS(moment)}s` } }, ...inside(moment, names, area.width, leave));
  host.append(card);
  place(card, area);
  if (!fits(card, area)) {
    card.remove();
    return null;
  }
  own?.then((sentence) => {
    const line = card.querySelector(".moment-own");
    if (!sentence || !line) return;
    line.replaceChildren(sentence);
    line.hidden = false;
  });
  if (!calm()) card.classList.add("arrives");
  if (!calm() && moment.kind === "eliminated") host.classList.add("dims");
  let before = document.activeElement;
  card.addEventListener("focusin", (event) => card.contains(event.relatedTarget) || (before = event.relatedTarget ?? before));
  let left = LASTS_MS;
  let last = performance.now();
  const stop = clock.everyBeat(() => {
    const now = performance.now();
    const held = card.matches(":hover, :focus-within") || document.hidden;
    if (!held) left -= now - last;
    last = now;
    settle();
    if (left <= 0) leave(true);
  });
  addEventListener("resize", settle);
  let over = false;

  function settle() {
    const room = free();
    if (fits(card, room)) place(card, room);
    else leave(false);
  }

  function leave(fold = true) {
    if (over) return;
    over = true;
    stop();
    removeEventListener("resize", settle);
    const held = card.contains(document.activeElement);
    const end = () => {
      host.classList.remove("dims");
      card.remove();
      if (held) before?.focus({ preventScroll: true });
      gone();
    };
    if (!fold || calm()) return end();
    const flight = card.animate(away(card), { duration: 420, easing: "cubic-bezier(.5,0,.8,.4)" });
    flight.onfinish = flight.oncancel = end;
  }
  card.addEventListener("mousedown", (event) => event.preventDefault()); // a tap takes the cursor from no line
  card.addEventListener("click", (event) => event.target.closest("button, a") || leave());
  return { leave, element: card };
}

/** Towards where it stays to be read: the announcements, or the tab they are behind. */
function away(card) {
  const from = card.getBoundingClientRect();
  const target = [byId("news"), byId("tab-market")].find((element) => element?.offsetParent) ?? byId("ceremony");
  const to = target.getBoundingClientRect();
  const x = to.left + to.width / 2 - (from.left + from.width / 2);
  const y = Math.min(innerHeight, Math.max(0, to.top)) + 20 - (from.top + from.height / 2);
  return [{ transform: "none", opacity: 1 }, { transform: `translate(${x}px, ${y}px) scale(.16)`, opacity: 0.2 }];
}

/** Where a card may lie: over the market's side, below the header, above whatever is being decided or typed. */
export function free() {
  const top = document.querySelector(".top").getBoundingClientRect().bottom + EDGE;
  const side = ["market", "outcome", "theatre", "markets"].map(byId).find((page) => page?.offsetParent)?.getBoundingClientRect();
  const wide = innerWidth >= 760 && side;
  const left = wide ? side.left + EDGE : EDGE;
  const width = Math.min(innerWidth >= 3000 ? 780 : 560, (wide ? side.width : innerWidth) - 2 * EDGE);
  const middle = wide ? left + (side.width - 2 * EDGE - width) / 2 : left + (innerWidth - 2 * EDGE - width) / 2;
  const bottom = decided()
    .filter((box) => box.right > middle && box.left < middle + width && box.bottom > top)
    .reduce((low, box) => Math.min(low, box.top), innerHeight);
  return { top, left: middle, width, height: bottom - EDGE - top };
}

/** What nothing may cover: an open ticket, a field with the cursor, the line, a Confirm in sight. */
function decided() {
  const typed = document.activeElement?.matches("input, textarea, select") ? [document.activeElement] : [];
  const found = document.querySelectorAll("#sheet-ticket:not([hidden]), #line .field, #suggest:not([hidden]), #messages > li:nth-last-child(-n + 2) :is(.primary, .danger), #tabs");
  return [...typed, ...found].filter((element) => element.offsetParent).map((element) => element.getBoundingClientRect());
}

/** As it is, with the first of the prices, or without them. */
function fits(card, area) {
  for (const size of ["", "short", "shorter"]) {
    card.dataset.size = size;
    if (card.getBoundingClientRect().height <= area.height) return true;
  }
  return false;
}

/** A very wide page is drawn larger (room.css): there a pixel of ours is more than one of the window's. */
function place(card, area) {
  const zoom = card.currentCSSZoom ?? 1;
  card.style.top = `${area.top / zoom}px`;
  card.style.left = `${area.left / zoom}px`;
  card.style.width = `${area.width / zoom}px`;
}

// --- what stands on it ---------------------------------------------------------------------------------------------------

function inside(moment, names, width, leave) {
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: () => leave() } }, "×");
  const body = moment.kind === "eliminated" ? eliminated(moment, names, width) : said(moment);
  return [close, ...body, h("i", { class: "moment-lasts", "aria-hidden": "true" })];
}

/** Seconds until all names are struck through. */
const stampS = ({ outcomes = [] }) => 0.75 + 0.18 * Math.min(outcomes.length, MOST_NAMES);

function said(moment) {
  return [h("p", { class: "headline", dir: "auto" }, render.line(moment.head, PLAIN)), ...moment.lines.map((line) => h("p", { class: "quiet" }, render.line(line, PLAIN))), h("p", { class: "moment-own", hidden: true })];
}

function eliminated(moment, names, width) {
  const { outcomes, round, prices } = moment;
  const shown = outcomes.slice(0, MOST_NAMES);
  const more = outcomes.length - shown.length;
  const [, why = ""] = reason(moment.head);
  return [
    h("p", { class: "moment-eyebrow" }, round === null ? "Out" : `Round ${round + 1}`),
    h(
      "h2",
      { class: outcomes.length > 2 ? "moment-out many" : "moment-out" },
      ...shown.map((outcome, place) => h("span", { class: "moment-name", vars: { "--delay": `${0.5 + 0.18 * place}s` } }, board.chip(outcome), h("bdi", { class: "struck" }, names[outcome] ?? `#${outcome + 1}`))),
      more > 0 ? h("span", { class: "moment-name" }, `and ${more} more`) : null,
      " ",
      h("span", { class: "verb", vars: { "--delay": `${stampS(moment)}s` } }, outcomes.length === 1 ? "is out" : "are out"),
    ),
    why ? h("p", { class: "moment-why", dir: "auto" }, why) : null,
    h("p", { class: "moment-paid" }, render.line(moment.lines[0] ?? [], PLAIN)),
    h("p", { class: "moment-own", hidden: true }),
    table(prices, names, width),
    ...moment.lines.slice(1).map((line) => h("p", { class: "quiet" }, render.line(line, PLAIN))),
  ];
}

/** What an admin added to the sentence. */
function reason(head) {
  const tail = head.map((part) => part.x ?? "").join("");
  return tail.match(/ (?:is|are) out\. (.+)$/s) ?? [];
}

/** YES of those still in, before and after: bars that grow, figures that count up. */
function table(prices, names, width) {
  const most = width < 500 ? MOST_ROWS.narrow : MOST_ROWS.wide;
  const top = Math.max(...prices.map(([, before, after]) => Math.max(before, after)), 1);
  const rows = prices.slice(0, most).map(([outcome, before, after], place) => {
    const now = h("b", {}, format.price(after));
    if (!calm()) countUp(now, before, after, 900 + 90 * place);
    return h(
      "li",
      { vars: { "--before": before / top, "--after": after / top, "--c": `var(--o${outcome % 10})`, "--delay": `${0.9 + 0.09 * place}s` } },
      h("span", { class: "who" }, board.chip(outcome), h("bdi", {}, names[outcome] ?? `#${outcome + 1}`)),
      h("span", { class: "was" }, format.price(before)),
      h("span", { class: "to", "aria-label": "to" }, "→"),
      now,
      h("i", { class: "bar", "aria-hidden": "true" }),
    );
  });
  const rest = prices.length - rows.length;
  return h("ol", { class: "moment-prices" }, rows, rest > 0 ? h("li", { class: "rest" }, `and ${rest} more still in`) : null);
}

function countUp(element, before, after, wait) {
  const begun = performance.now() + wait;
  element.textContent = format.price(before);
  const step = (now) => {
    const part = Math.min(1, Math.max(0, (now - begun) / 1100));
    element.textContent = format.price(before + (after - before) * (1 - (1 - part) ** 3));
    if (part < 1 && element.isConnected) requestAnimationFrame(step);
    else element.textContent = format.price(after);
  };
  setTimeout(() => requestAnimationFrame(step), 0);
}
