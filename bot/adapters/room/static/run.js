// The page of a market's admins: an event from its idea to its end as steps, the present one marked, and beside them who
// is in it and what can be downloaded. Loaded only by who runs a market; what it shows it asks for every few seconds.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import * as router from "./router.js";
import * as decide from "./run_decide.js";
import * as doors from "./run_doors.js";
import * as event from "./run_event.js";
import * as live from "./run_live.js";
import * as people from "./run_people.js";
import { STEPS, state as stateOf } from "./run_steps.js";
import * as terms from "./run_terms.js";
import * as timetable from "./run_timetable.js";
import * as state from "./state.js";

const EVERY_MS = 3000;
const SOONEST_MS = 400; // after the last, when a tick has come
const PANES = {
  create: event.create,
  wording: event.wording,
  timetable: timetable.create,
  terms: terms.create,
  preview: doors.preview,
  open: doors.open,
  start: doors.start,
  run: live.run,
  decide: decide.create,
  over: live.over,
  people: people.members,
  files: people.files,
};
let started = null;

/** Draws the page into its place, once; it follows the address from then on. */
export function open(handlers) {
  started ??= start(byId("run"), handlers);
}

function start(host, handlers) {
  const sheet = h("link", { rel: "stylesheet", href: "/static/run.css" });
  document.head.append(sheet);
  const title = h("h2", { dir: "auto" });
  const back = h("a", { class: "back" }, "Back to the market");
  const rail = h("ol", { class: "steps" });
  const more = h("ul", { class: "steps more" });
  const pane = h("div", { class: "pane" });
  const next = h("a", { class: "next-step", hidden: true });
  const trouble = h("p", { class: "wrong", role: "status" });
  host.append(h("div", { class: "run-page" }, h("header", { class: "run-head" }, title, back), h("nav", { "aria-label": "Steps" }, rail, more), h("div", { class: "run-main" }, trouble, pane, next)));
  const page = { handlers, reload, go, facts: null };
  let view = state.get("view");
  let shown = null; // {market, step, pane}
  let timer = 0;
  let loaded = 0;
  let chosen = false; // somebody has gone from one step to another

  function go(step) {
    location.hash = router.run(view.market, step);
  }

  async function reload() {
    clearTimeout(timer);
    loaded = performance.now();
    const { market } = view;
    try {
      page.facts = market === null ? null : await api.get(`api/v1/markets/${market}/run`);
      trouble.textContent = "";
    } catch (problem) {
      trouble.textContent = problem instanceof api.Refused ? problem.message : "The room cannot be reached just now; what stands here may be older.";
      if (problem instanceof api.Refused) page.facts = null;
    }
    draw();
    if (!host.hidden && !document.hidden) timer = setTimeout(reload, EVERY_MS);
  }

  function draw() {
    const facts = page.facts;
    const creating = view.market === null;
    title.textContent = creating ? "A new market" : (facts?.title ?? "");
    back.textContent = creating ? "Back" : "Back to the market";
    back.href = router.floor(view.market);
    const at = stateOf(creating ? null : facts);
    const step = creating ? "create" : (view.step ?? at.present);
    drawRail(at, step);
    if (!creating && !facts) {
      pane.replaceChildren();
      shown = null;
      return;
    }
    if (!creating && !view.step) return router.go(router.run(view.market, step), { replace: true }); // it stays while the event goes on
    drawNext(at, step);
    if (shown?.market !== view.market || shown.step !== step) {
      shown = { market: view.market, step, pane: PANES[step](page) };
      pane.replaceChildren(shown.pane.element);
      if (chosen) pane.querySelector("h3")?.focus({ preventScroll: true });
      chosen = true;
      host.scrollTop = 0;
    }
    shown.pane.update?.(facts, at);
  }

  /** The way on, below a step: to the present one, else to the one after it. */
  function drawNext(at, step) {
    const order = STEPS.map(([id]) => id);
    const place = order.indexOf(step);
    const to = place < 0 || view.market === null ? null : order.indexOf(at.present) > place + 1 && at.steps[order[place + 1]].done ? at.present : order[place + 1];
    next.hidden = !to || at.steps[to].closed;
    if (next.hidden) return;
    next.href = router.run(view.market, to);
    next.textContent = `Next: ${STEPS[order.indexOf(to)][1]}`;
  }

  let key = "";
  function drawRail(at, chosen) {
    const next = JSON.stringify([at, chosen, view.market]);
    if (next === key) return;
    key = next;
    const link = (id, label, inside) => h("a", { href: view.market === null ? router.create : router.run(view.market, id), "aria-current": id === chosen ? "step" : undefined, "data-key": `step:${id}` }, inside, h("span", { class: "label" }, label));
    const held = document.activeElement?.dataset.key;
    rail.replaceChildren(
      ...STEPS.map(([id, label], index) => {
        const how = at.steps[id];
        const note = id === at.present ? "now" : how.done ? "done" : how.closed ? "not now" : "";
        const mark = h("i", { "aria-hidden": "true" }, how.done ? "✓" : String(index + 1));
        const inner = [mark];
        const item = h("li", { class: [how.done && "done", id === at.present && "present", how.closed && "closed"].filter(Boolean).join(" ") || undefined }, link(id, label, inner));
        item.firstChild.append(h("span", { class: "unseen" }, note ? ` (${note})` : ""), how.missing ? h("small", {}, how.missing) : "");
        return item;
      }),
    );
    more.hidden = view.market === null;
    more.replaceChildren(...[["people", "Members"], ["files", "Downloads"]].map(([id, label]) => h("li", {}, link(id, label, []))));
    if (held) document.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  state.watch("view", (next) => {
    clearTimeout(timer);
    if (next.name !== "run") return;
    if (next.market !== view.market) {
      page.facts = shown = null;
      pane.replaceChildren();
    }
    view = next;
    reload();
  });
  let ticked = "";
  state.watch("market", (market) => {
    const now = `${market?.tick} ${market?.state}`;
    if (now === ticked || host.hidden) return;
    ticked = now;
    clearTimeout(timer);
    timer = setTimeout(reload, Math.max(0, loaded + SOONEST_MS - performance.now()));
  });
  document.addEventListener("visibilitychange", () => !document.hidden && !host.hidden && reload());
  return page;
}
