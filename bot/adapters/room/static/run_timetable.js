// The timetable: a row a round, its times by date pickers in the reader's own zone or counted from the start. Each change is
// checked as the command would; what is wrong stands beside its row. What is set is shown by the command first.

import * as api from "./api.js";
import { h } from "./dom.js";
import { picture } from "./run_line.js";
import * as parts from "./run_parts.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Rounds as rows, kept as they are typed until they are sent. */
export function create(page) {
  const answer = parts.answers(page);
  const zone = h("p", { class: "quiet" });
  const how = h("fieldset", { class: "plain" }, h("legend", {}, "Times are"));
  const byHand = h("fieldset", { class: "plain" }, h("legend", {}, "Trading starts"));
  const startPicker = parts.picker({ "aria-label": "Trading starts at" });
  const startWrong = h("small", { class: "wrong" });
  const list = h("ol", { class: "rounds" });
  const wrong = h("p", { class: "wrong", role: "status" });
  const warned = h("ul", { class: "warned" });
  const drawing = h("div", { class: "drawing" });
  const add = parts.button("Add a round", () => insert());
  const show = parts.button("Show what would change", send, "primary");
  const kinds = { how: radio(how, "how", [["moments", "moments, by date and time"], ["counted", "counted from the start"]]), start: radio(byHand, "start", [["hand", "when I start it"], ["moment", "by itself, at"]]) };
  byHand.append(startPicker.control, startWrong);
  let rows = [];
  let kept = "";
  let touched = false;
  let facts = null;
  let at = null;

  function radio(host, name, choices) {
    const inputs = choices.map(([value, label]) => {
      const input = h("input", { type: "radio", name: `run-${name}`, value, on: { change: () => changed(true) } });
      host.append(h("label", {}, input, label));
      return input;
    });
    return { get: () => inputs.find((input) => input.checked)?.value, set: (value) => inputs.forEach((input) => (input.checked = input.value === value)) };
  }

  function changed(kind = false) {
    touched = true;
    if (kind) arrange();
    check();
  }

  const counted = () => kinds.how.get() === "counted";

  function row(round) {
    const from = parts.picker({ "aria-label": "Trading freezes at" });
    const after = parts.span("Trading freezes after the start");
    const length = parts.span("It is decided after");
    const count = parts.number({ min: 1, max: 24, class: "short", "aria-label": "How many are out", value: String(Math.max(1, round.count || 1)) });
    const name = h("b", {});
    const error = h("small", { class: "wrong" });
    const ways = h("span", { class: "actions ways" });
    const remove = parts.button("Remove", () => drop(item));
    const named = round.final ? (round.winner ?? "") : round.named.join(", ");
    const who = round.final ? h("span", { class: "who-goes" }, named ? `The winner is named already: ${named}` : "You name the winner when it is decided.") : named ? h("span", { class: "who-goes" }, `Named already: ${named}`) : h("label", { class: "who-goes" }, "Out: ", count, h("span", {}, " whom you name when it is decided"));
    const tag = h("span", { class: "tag" });
    const times = h("span", { class: "from" }, tag, from.control, after.element);
    const lengthOf = h("span", { class: "length" }, h("span", { class: "tag" }, "for"), length.element);
    const element = h("li", {}, h("div", { class: "round-name" }, name, remove), times, lengthOf, who, error, ways);
    const item = {
      element,
      round,
      begun: round.begun,
      from,
      after,
      place(index, of) {
        name.textContent = round.final ? "Final" : `Round ${index + 1}`;
        remove.hidden = round.final || item.begun;
        remove.setAttribute("aria-label", `Remove round ${index + 1}`);
        tag.textContent = counted() ? "Freezes after the start" : "Freezes";
        from.control.hidden = counted();
        after.element.hidden = !counted();
        for (const control of [from.control, ...after.controls, ...length.controls, count]) control.disabled = item.begun || at.over;
        element.dataset.of = of;
      },
      typed() {
        const begins = counted() ? after.typed() && `+${after.typed()}` : from.typed();
        if (!begins) return null;
        const long = length.typed() ? ` for ${length.typed()}` : "";
        const goes = round.final ? `winner ${round.winner ?? "ask"}` : named ? `out ${named}` : `out ${count.value || 1} ask`;
        return item.begun ? `${round.freeze.typed} to ${round.decide.typed} ${goes}` : `${begins}${long} ${goes}`;
      },
      wrong(sentence, choices = []) {
        error.textContent = sentence;
        ways.replaceChildren(...choices.map((way) => parts.button(moment(way), () => mean(item, way))));
      },
    };
    from.set(round.freeze.relative ? (facts.start ?? facts.timetable.start ?? page.now()) + round.freeze.ms : round.freeze.ms, round.freeze.typed);
    if (round.freeze.relative) from.mean(""); // asked as a moment it is what the picker shows
    after.set(round.freeze.relative ? round.freeze.ms : Math.max(0, round.freeze.ms - (facts.timetable.start ?? page.now())));
    length.set(round.decide.ms - round.freeze.ms);
    for (const control of element.querySelectorAll("input, select")) control.addEventListener("input", () => changed());
    return item;
  }

  const moment = (way) => way.replace(/ (to|for|until|out|winner) .*$/, "");

  /** An hour that comes twice: which of them was meant. */
  function mean(item, way) {
    item.from.mean(moment(way));
    changed();
  }

  function insert() {
    const final = rows.at(-1);
    const last = rows.at(-2)?.round ?? null;
    const [ms, gap] = [final.round.freeze.ms, last ? final.round.freeze.ms - last.freeze.ms : HOUR];
    const relative = final.round.freeze.relative;
    const freeze = { ms: last ? last.freeze.ms + gap / 2 : Math.max(relative ? HOUR : page.now() + HOUR, ms - gap), relative, typed: "" };
    const fresh = row({ final: false, freeze, decide: { ...freeze, ms: freeze.ms + HOUR / 2 }, count: 1, named: [], winner: null, begun: false });
    fresh.from.mean("");
    rows.splice(rows.length - 1, 0, fresh);
    changed(true);
    fresh.element.querySelector("input:not([hidden])")?.focus();
  }

  function drop(item) {
    rows = rows.filter((other) => other !== item);
    changed(true);
    add.focus();
  }

  function arrange() {
    list.replaceChildren(...rows.map((item) => item.element));
    rows.forEach((item, index) => item.place(index, rows.length));
    startPicker.control.hidden = kinds.start.get() !== "moment";
    zone.hidden = counted() && kinds.start.get() !== "moment";
    add.hidden = at.over || rows.length >= facts.outcomes.length - 1;
    how.hidden = byHand.hidden = !at.before;
  }

  function typed() {
    const begins = at.before && kinds.start.get() === "moment" ? startPicker.typed() : "";
    const every = rows.map((item) => item.typed());
    return { begins, every, parts: [...(begins ? [`start ${begins}`] : []), ...every] };
  }

  const check = parts.later(async () => {
    const { begins, every, parts: sent } = typed();
    const blank = every.indexOf(null);
    mark([]);
    if (blank >= 0) return rows[blank].wrong("Say when it freezes.");
    try {
      const checked = await api.ask(`api/v1/markets/${facts.market}/run/check`, { parts: sent });
      mark(checked.mistakes, Boolean(begins));
      drawing.classList.toggle("old", checked.mistakes.length > 0);
      warned.replaceChildren(...parts.warnings(checked.warnings));
      if (checked.moments.length === rows.length) draw(checked);
    } catch (problem) {
      wrong.textContent = problem.message;
    }
  });

  function mark(mistakes, begins = false) {
    wrong.textContent = mistakes.filter((mistake) => mistake.part === null).map((mistake) => mistake.text).join(" ");
    startWrong.textContent = begins ? mistakes.filter((mistake) => mistake.part === 0).map((mistake) => mistake.text).join(" ") : "";
    rows.forEach((item, index) => {
      const own = mistakes.filter((mistake) => mistake.part === index + (begins ? 1 : 0));
      item.wrong(own.map((mistake) => mistake.text).join(" "), own.flatMap((mistake) => mistake.ways));
    });
  }

  function draw(checked) {
    const relative = checked.moments.every(([freeze]) => freeze.relative) && checked.start === null;
    const start = checked.start ?? facts.start ?? facts.planned ?? (relative ? 0 : page.now());
    const ms = (when) => (when.relative ? (relative ? 0 : start) + when.ms : when.ms);
    const rounds = checked.moments.map(([freeze, decide], index) => ({ freeze: ms(freeze), decide: ms(decide), final: rows[index].round.final }));
    drawing.replaceChildren(picture({ start: Math.min(start, rounds[0]?.freeze ?? start), rounds, relative, now: facts.start === null ? null : facts.now }));
  }

  async function send() {
    const { parts: sent, every } = typed();
    const blank = every.indexOf(null);
    if (blank >= 0) return rows[blank].wrong("Say when it freezes.");
    await answer.send("admin schedule", { timetable: sent.join("; ") }, show);
  }

  /** What holds now, in place of what was typed. */
  function take() {
    const { rounds, start } = facts.timetable;
    const counts = rounds.every((round) => round.freeze.relative);
    kinds.how.set(counts && facts.timetable.set ? "counted" : "moments");
    kinds.start.set(start === null ? "hand" : "moment");
    startPicker.set(start, start === null ? "" : new Date(start).toISOString().replace("T", " ").slice(0, 19));
    const usual = page.now() + DAY - (page.now() % HOUR);
    rows = rounds.map((round) => row(facts.timetable.set ? round : { ...round, freeze: { ms: usual, relative: false, typed: "" }, decide: { ms: usual + HOUR, relative: false, typed: "" } }));
    if (!facts.timetable.set) for (const item of rows) item.from.mean("");
    touched = false;
    arrange();
    check();
  }

  return {
    element: h("section", {}, parts.heading("When is what decided?", "Trading freezes before a result can be known, you name who is out or who won, and it goes on."), byHand, how, zone, list, h("p", { class: "actions" }, add), drawing, wrong, warned, answer.element, parts.actions(show, parts.button("Back to what holds", () => take()))),
    update(next, how_) {
      facts = next;
      at = how_;
      page.now = () => facts.now;
      zone.textContent = `Your zone: ${parts.zoneShown(facts.now)}. Others read each time in theirs.`;
      const key = JSON.stringify([facts.timetable, facts.state, facts.outcomes.length]);
      if (key === kept) return;
      const confirmed = kept !== "";
      kept = key;
      if (!touched || confirmed) take();
      show.hidden = at.over;
    },
  };
}

