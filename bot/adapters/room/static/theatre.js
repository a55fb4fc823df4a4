// A market that is over, tick by tick: one scrubs, or lets it play, and sees the board, the lines, the trades and what was
// said as they were, and what one had. The address names the moment.

import * as api from "./api.js";
import * as board from "./board.js";
import { h, svg } from "./dom.js";
import * as format from "./format.js";
import * as render from "./render.js";
import * as router from "./router.js";
import * as state from "./state.js";
import * as timeline from "./theatre_line.js";
import * as beside from "./theatre_side.js";

const GAP_MS = 110; // between two ticks that are asked for
const AGAIN_MS = 1000;
const REST_MS = 300; // after which the address names the moment
const KEPT = 300; // ticks
const BEAT_MS = 250;
const BEATS = 240; // in which all of it plays, at speed 1
const SPEEDS = [1, 2, 4, 0.5];
const DONE = ["Resolved", "Closed", "Voided"];
const PLAY = "M7 4l13 8-13 8z";
const PAUSE = "M6 4h4v16H6zM14 4h4v16h-4z";

/** Draws into `host` whenever the address names a theatre. */
export function create(host, handlers) {
  let shown = null;
  state.watch("view", (view) => {
    if (view.name === "theatre" && shown?.market === view.market) return shown.seek(view.tick ?? 0);
    shown?.leave();
    shown = view.name === "theatre" ? open(host, view.market, view.tick ?? 0, handlers) : null;
  });
  state.watch("visitor", () => shown?.refresh());
  document.addEventListener("keydown", (event) => shown?.key(event));
}

function open(host, market, tick, handlers) {
  const said = h("p", { class: "theatre-wait", role: "status" }, "The market is being fetched.");
  host.replaceChildren(h("a", { class: "then-back", href: router.floor(market) }, "← To the market"), said);
  let alive = true;
  let stage = null;

  async function load() {
    while (alive) {
      try {
        const theatre = await api.get(`api/v1/markets/${market}/theatre`);
        if (!alive) return;
        stage = enact(host, theatre, tick, handlers);
        return;
      } catch (problem) {
        if (!alive) return;
        said.textContent = problem instanceof api.Refused ? problem.message : "The room cannot be reached. Trying again.";
        if (problem instanceof api.Refused && ![429, 503].includes(problem.status)) return void (said.textContent = problem.status === 404 ? "There is no market here that you can see." : problem.message);
      }
      await pause(AGAIN_MS);
    }
  }
  load();
  return {
    market,
    seek: (to) => (stage ? stage.seek(to) : (tick = to)),
    refresh: () => stage?.refresh(),
    key: (event) => stage?.key(event),
    leave() {
      alive = false;
      stage?.leave();
      host.replaceChildren();
    },
  };
}

/** The theatre itself, once its line of time is there. */
function enact(host, theatre, first, handlers) {
  const path = `api/v1/markets/${theatre.market}/theatre`;
  const frames = new Map();
  let at = clamp(first);
  let drawn = null;
  let busy = false;
  let alive = true;
  let resting = 0;
  let playing = null;
  let position = at;
  let speed = 0;

  const title = h("h2", { dir: "auto" }, theatre.title);
  const headline = h("p", { class: "then-told" });
  const status = h("span", { class: "pill" });
  const facts = h("span", { class: "facts" });
  const step = h("span", { class: "step" });
  const when = h("time", { class: "digits" });
  const number = h("span", { class: "number" });
  const line = timeline.create(theatre, (to) => (stop(), seek(to)));
  const range = h("input", { type: "range", min: 0, max: theatre.last, step: 1, "aria-label": "Moment", on: { input: () => (stop(), seek(Number(range.value))) } });
  const mark = h("p", { class: "mark-now", "aria-live": "polite" });
  const play = control("play", "Play", PLAY, toggle);
  const pace = h("button", { type: "button", class: "pace", on: { click: faster } });
  const copied = h("span", { role: "status" });
  const link = h("button", { type: "button", class: "copy", "aria-label": "Copy a link to this moment", title: "Copy a link to this moment", on: { click: copy } }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.3 1.3M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.3-1.3" })), copied);
  const rows = board.rows({ pick: (wish) => side.ask(wish.outcome, wish.side), verb: "See what $50 came to of" });
  const notes = h("div", { class: "then-notes" });
  const why = h("p", { class: "theatre-why" });
  const side = beside.create(theatre, { path, handlers, at: () => at, alive: () => alive });
  const moments = theatre.marks.filter((each, index) => theatre.marks[index + 1]?.text !== each.text || theatre.marks[index + 1]?.tick !== each.tick);
  const jumps = h("ol", { class: "moments", "aria-label": "What happened" }, moments.map((each) => h("li", {}, h("button", { type: "button", "data-kind": each.kind, on: { click: () => (stop(), seek(each.tick)) } }, each.text))));
  const element = h(
    "div",
    { class: "stage" },
    h("header", { class: "theatre-head" }, h("a", { class: "then-back", href: router.floor(theatre.market), "aria-label": "To the market", title: "To the market" }, "←"), title, h("p", { class: "state" }, status, facts, step)),
    h(
      "div",
      { class: "scene" },
      h(
        "div",
        { class: "played" },
        h(
          "section",
          { class: "time", "aria-label": "Time" },
          line.element,
          h("div", { class: "scrub" }, range, h("div", { class: "rail", "aria-hidden": "true" }, theatre.marks.map((each) => h("i", { "data-kind": each.kind, vars: { "--at": share(each.tick) } })))),
          h("div", { class: "transport" }, control("before", "One tick back", "M15 5l-8 7 8 7z", () => nudge(-1)), play, control("after", "One tick on", "M9 5l8 7-8 7z", () => nudge(1)), pace, h("p", { class: "clock" }, when, number), link),
        ),
        jumps,
        mark,
        why,
        h("section", { class: "board", "aria-label": "The board as it was" }, headline, rows.element, notes),
      ),
      side.element,
    ),
  );
  host.replaceChildren(element);

  function clamp(to) {
    return Math.min(theatre.last, Math.max(0, Number.isFinite(to) ? to : 0));
  }
  function share(to) {
    return String(theatre.last ? to / theatre.last : 0);
  }

  /** Goes to a tick; lines and slider at once, the rest as soon as it is there. */
  function seek(to, { keep = false } = {}) {
    at = clamp(to);
    if (!keep) position = at;
    point();
    clearTimeout(resting);
    resting = setTimeout(rest, REST_MS);
    follow();
  }

  function point() {
    const time = line.move(at);
    const last = theatre.marks.filter((each) => each.tick <= at).at(-1);
    range.value = at;
    range.style.setProperty("--at", share(at));
    range.setAttribute("aria-valuetext", `Tick ${at} of ${theatre.last}, ${format.moment(time)}${last ? `, ${last.text}` : ""}`);
    when.dateTime = new Date(time).toISOString();
    when.textContent = format.moment(time);
    when.title = format.momentInFull(time);
    number.textContent = `tick ${at} of ${theatre.last}`;
    for (const [index, item] of [...jumps.children].entries()) item.firstChild.toggleAttribute("aria-current", moments[index] === last);
    if (mark.textContent !== (last?.text ?? "")) mark.textContent = last?.text ?? "";
    mark.dataset.kind = last?.kind ?? "";
  }

  function rest() {
    if (!alive || playing) return;
    history.replaceState(null, "", router.theatre(theatre.market, at));
    side.rest();
    const chosen = jumps.querySelector("[aria-current]");
    if (chosen) jumps.scrollTo({ left: chosen.offsetLeft - jumps.clientWidth / 2 + chosen.clientWidth / 2 });
  }

  /** Draws the tick one looks at; of those asked for meanwhile only the last. */
  async function follow() {
    if (busy) return;
    busy = true;
    while (alive && drawn !== at) {
      const tick = at;
      const known = frames.get(tick);
      const frame = known ?? (await fetched(tick));
      if (!alive) return;
      if (frame) show(frame);
      if (frame?.ready) drawn = tick;
      if (!known) await pause(frame?.ready ? GAP_MS : AGAIN_MS);
    }
    busy = false;
  }

  async function fetched(tick) {
    try {
      const frame = await api.get(`${path}/${tick}`);
      if (frame.ready) frames.set(tick, frame);
      if (frames.size > KEPT) frames.delete(frames.keys().next().value);
      return frame;
    } catch (problem) {
      why.textContent = problem instanceof api.Refused ? problem.message : "The room cannot be reached. Trying again.";
      return null;
    }
  }

  function show(frame) {
    why.textContent = frame.why || (frame.ready ? "" : "The market is being played again from its rows: the board comes in a moment.");
    side.show(frame);
    if (!frame.board) return;
    const data = frame.board;
    const left = data.step_ms === null ? null : data.step_ms - frame.at;
    headline.replaceChildren(...render.line(frame.head, handlers));
    const risk = data.most ? h("p", {}, `House risks at most ${format.money(data.most)}; at this moment ${format.money(data.risk)}.`) : null;
    notes.replaceChildren(...frame.lines.map((parts) => h("p", {}, render.line(parts, handlers))), ...[risk].filter(Boolean), decided(data.decides));
    status.textContent = data.status;
    status.hidden = !data.status;
    status.dataset.kind = data.status === "Open" ? "open" : data.status === "Frozen" ? "cold" : DONE.includes(data.status) ? "done" : "wait";
    facts.textContent = `${format.money(data.volume)} traded by ${data.traders} of ${data.people} ${data.people === 1 ? "person" : "people"}`;
    step.textContent = left === null ? "" : `${data.step} in ${format.span(left)}`;
    rows.update({ ...data, market: theatre.market });
    element.dataset.tick = frame.tick;
  }

  function decided(lines) {
    const text = lines.map((parts) => h("p", { dir: "auto" }, render.line(parts, handlers)));
    const open = notes.querySelector("details")?.open ?? false;
    return h("details", { class: "decides", open }, h("summary", {}, h("b", {}, "What decides")), h("div", { class: "text" }, text));
  }

  // -- by itself

  function toggle() {
    if (playing) return stop();
    if (at >= theatre.last) seek(0);
    playing = setInterval(beat, BEAT_MS);
    label(play, "Pause", PAUSE);
  }

  function beat() {
    if (drawn !== Math.floor(position) && busy && frames.size) return; // nobody is left behind
    position = Math.min(theatre.last, position + Math.max((SPEEDS[speed] * theatre.last) / BEATS, SPEEDS[speed] / 2));
    seek(Math.floor(position), { keep: true });
    if (at >= theatre.last) stop();
  }

  function stop() {
    if (!playing) return;
    clearInterval(playing);
    playing = null;
    label(play, "Play", PLAY);
    rest();
  }

  function faster() {
    speed = (speed + 1) % SPEEDS.length;
    rate();
  }

  function rate() {
    pace.textContent = SPEEDS[speed] === 0.5 ? "½×" : `${SPEEDS[speed]}×`;
    pace.setAttribute("aria-label", `Speed ${pace.textContent}; change it`);
  }

  function nudge(by) {
    stop();
    seek(at + by);
  }

  async function copy() {
    const address = new URL(router.theatre(theatre.market, at), location.href).href;
    history.replaceState(null, "", router.theatre(theatre.market, at));
    try {
      await navigator.clipboard.writeText(address);
      copied.textContent = "Copied";
    } catch {
      copied.textContent = "It is in the address bar";
    }
    setTimeout(() => (copied.textContent = ""), 2500);
  }

  function key(event) {
    const inside = event.target.matches("body, main") || element.contains(event.target);
    if (!inside || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range]), select, textarea")) return;
    if (event.key === " " && !event.target.matches("button, a, summary")) toggle();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") nudge((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
    else if (event.key === "Home") nudge(-at);
    else if (event.key === "End") nudge(theatre.last);
    else if (event.key === "PageDown" || event.key === "PageUp") jump(event.key === "PageDown");
    else return;
    event.preventDefault();
  }

  function jump(on) {
    const ticks = theatre.marks.map((each) => each.tick);
    const to = on ? ticks.find((tick) => tick > at) : ticks.filter((tick) => tick < at).at(-1);
    stop();
    seek(to ?? (on ? theatre.last : 0));
  }

  rate();
  seek(at);
  return {
    seek: (to) => (stop(), seek(to)),
    key,
    refresh() {
      frames.clear();
      drawn = null;
      follow();
    },
    leave() {
      alive = false;
      clearInterval(playing);
      clearTimeout(resting);
    },
  };
}

function control(name, text, d, press) {
  const button = h("button", { type: "button", class: `icon ${name}`, on: { click: press } }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d })));
  label(button, text, d);
  return button;
}

function label(button, text, d) {
  button.setAttribute("aria-label", text);
  button.title = text;
  button.querySelector("path").setAttribute("d", d);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
