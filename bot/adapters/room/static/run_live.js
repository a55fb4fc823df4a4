// While it runs: how it does at a glance, what stops and resumes it, what waits for a second admin; and once it is over.

import { h } from "./dom.js";
import * as clock from "./clock.js";
import * as router from "./router.js";
import { line } from "./run_doors.js";
import { lasting } from "./run_line.js";
import * as parts from "./run_parts.js";

const { format } = parts;

function figure(label) {
  const value = h("dd");
  const note = h("dd", { class: "note" });
  return { element: h("div", {}, h("dt", {}, label), value, note), set: (text, small = "") => ((value.textContent = text), (note.textContent = small)) };
}

const milliseconds = (micro) => `${(micro / 1000).toFixed(micro < 100_000 ? 1 : 0)} ms`;

/** The monitor: people, volume, risk, outbox, last ticks; freeze, pause and go on; proposals. */
export function run(page) {
  const answer = parts.answers(page);
  const figures = Object.fromEntries([["people", "People"], ["volume", "Traded"], ["risk", "The house risks"], ["earned", "Fees and the like"], ["ticks", "Last tick"], ["outbox", "Still to be sent"]].map(([name, label]) => [name, figure(label)]));
  const meter = h("div", { class: "risk-meter", role: "meter", "aria-label": "Risk of the stake", "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
  const next = h("p", { class: "large" });
  const halted = h("p", { class: "wrong", role: "status" });
  const drawing = h("div", { class: "drawing" });
  const reason = parts.field("Why (told with it)", parts.text({ maxlength: 120, placeholder: "red card" }));
  const course = (label, command, kind) => {
    const press = parts.button(label, () => answer.send(command, { reason: reason.control.value }, press), kind);
    return press;
  };
  const freeze = course("Freeze trading", "admin freeze", "primary");
  const pause = course("Pause until I resume", "admin pause");
  const resume = course("Go on", "admin resume", "primary");
  const waiting = proposals(page);
  const words = parts.field("Tell every chat", parts.area({ rows: 2, maxlength: 1000 }), "Shown to you first.");
  const say = parts.button("Show it", () => told.send("admin announce", { text: words.control.value }, say));
  const told = parts.answers(page);
  let drawn = "";
  return {
    element: h("section", {}, parts.heading("How it runs"), next, halted, h("dl", { class: "run-figures" }, Object.values(figures).map((one) => one.element)), meter, waiting.element, drawing, h("div", { class: "run-course" }, reason.element, parts.actions(freeze, pause, resume)), answer.element, h("details", { class: "fold" }, h("summary", {}, "An announcement"), words.element, told.element, parts.actions(say))),
    update(facts, at) {
      const { monitor } = facts;
      const still = facts.step?.kind === "freeze" && { frozen: "Trading is frozen", paused: "Trading is paused" }[facts.state];
      next.textContent = still ? `${still} until you press Go on. By the timetable it freezes ${parts.when(facts.step.at)}.` : facts.step ? `${{ start: "It starts", freeze: "Trading freezes", decide: "It is decided", pay: "It is paid" }[facts.step.kind] ?? "Next"} ${parts.when(facts.step.at)}.` : at.before ? "It has not started." : at.over ? "It is over." : "";
      halted.textContent = facts.halted ? `Halted: ${facts.halted}. “Go on” tries again; “Call it off” below Decide gives everybody what they were given.` : "";
      figures.people.set(String(monitor.people), `${monitor.traders} have traded`);
      figures.volume.set(format.money(monitor.volume), monitor.trades === 1 ? "1 trade" : `${monitor.trades.toLocaleString("en")} trades`);
      const share = facts.most ? Math.min(100, (monitor.risk / facts.most) * 100) : 0;
      figures.risk.set(format.money(monitor.risk), `of ${format.money(facts.most)}; at worst ${format.money(monitor.worst)}`);
      meter.setAttribute("aria-valuenow", share.toFixed(0));
      meter.style.setProperty("--share", `${share}%`);
      figures.earned.set(format.gain(monitor.earned));
      const late = facts.tick_at === null ? 0 : Math.max(0, clock.now() - facts.tick_at);
      figures.ticks.set(monitor.times.length ? milliseconds(monitor.times[0]) : "none yet", monitor.times.length ? `${lasting(late)} ago; the longest of ${monitor.times.length} took ${milliseconds(Math.max(...monitor.times))}` : "");
      const rows = monitor.outbox.reduce((sum, backlog) => sum + backlog.rows, 0);
      const lost = monitor.outbox.reduce((sum, backlog) => sum + backlog.dropped, 0);
      const oldest = monitor.outbox.map((backlog) => backlog.oldest).filter((moment) => moment !== null);
      figures.outbox.set(String(rows), [oldest.length ? `the oldest for ${lasting(Math.max(0, clock.now() - Math.min(...oldest)))}` : "", lost ? `${lost} given up` : ""].filter(Boolean).join(", "));
      freeze.hidden = facts.state !== "running";
      pause.hidden = facts.state !== "running" && facts.state !== "frozen";
      resume.hidden = !["frozen", "paused"].includes(facts.state) && !facts.halted;
      reason.element.hidden = at.before || at.over;
      waiting.update(facts);
      const key = JSON.stringify([facts.timetable, facts.start, Math.round(facts.now / 30_000)]);
      if (key !== drawn) drawing.replaceChildren(line(facts));
      drawn = key;
    },
  };
}

/** What waits for a second admin, each with a look at its numbers. */
export function proposals(page) {
  const answer = parts.answers(page);
  const list = h("ul", { class: "approvals" });
  const element = h("div", {}, h("h4", {}, "Waits for a second admin"), list, answer.element);
  let key = "";
  return {
    element,
    update(facts) {
      element.hidden = !facts.approvals.length && !answer.element.firstChild;
      const next = JSON.stringify(facts.approvals);
      if (next === key) return;
      key = next;
      list.replaceChildren(
        ...facts.approvals.map((proposal) => {
          const look = parts.button("Look at it", () => answer.send("admin approve", { number: String(proposal.number) }, look));
          return h("li", {}, h("span", {}, h("b", {}, proposal.what), ` · proposed by ${proposal.by || "an admin"}, ${parts.when(proposal.at)}`, proposal.reason ? ` · “${proposal.reason}”` : ""), look);
        }),
      );
    },
  };
}

/** The end: the result, and where to go from here. */
export function over(page) {
  const answer = parts.answers(page);
  const head = h("p", { class: "large" });
  const figures = h("dl", { class: "run-figures four" });
  const again = h("a", { class: "as-button", href: router.create }, "Create the next market");
  const went = h("a", { class: "as-button" }, "See how it went");
  const files = h("a", { class: "as-button" }, "Downloads");
  return {
    element: h("section", {}, parts.heading("It is over"), head, figures, answer.element, h("p", { class: "actions" }, went, files, again)),
    update(facts, at) {
      const { monitor } = facts;
      head.textContent = !at.over ? "Not yet: it is over once a winner is paid, or it is called off." : facts.state === "voided" ? "It was called off: everybody has what they were given." : "The winner is paid.";
      const rows = [["People", String(monitor.people)], ["Traded", format.money(monitor.volume)], ["Trades", monitor.trades.toLocaleString("en")], ["At worst the house risked", format.money(monitor.worst)]];
      figures.replaceChildren(...rows.map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
      went.hidden = again.hidden = !at.over;
      went.href = router.theatre(facts.market);
      files.href = router.run(facts.market, "files");
    },
  };
}
