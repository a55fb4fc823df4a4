// Before trading: how it will look to members, the doors, the start. And beside each what to see to first.

import { h } from "./dom.js";
import * as router from "./router.js";
import { picture } from "./run_line.js";
import * as parts from "./run_parts.js";
import * as render from "./render.js";

/** What members will see, the line of time, what to be careful about, and a rehearsal. */
export function preview(page) {
  const answer = parts.answers(page);
  const post = h("div", { class: "as-members" });
  const drawing = h("div", { class: "drawing" });
  const warned = h("ul", { class: "warned" });
  const clean = h("p", { class: "fine" }, "Nothing to be careful about.");
  const rehearse = parts.button("Rehearse it", () => answer.send("admin rehearse", {}, rehearse));
  const rehearsal = h("div", {}, h("h4", {}, "A rehearsal"), h("p", {}, "Synthetic traders play the whole timetable on a copy: how much the house risks at worst, and how busy the chat gets. Nobody sees it."), answer.element, parts.actions(rehearse));
  let key = "";
  return {
    element: h("section", {}, parts.heading("How it will look"), h("h4", {}, "What members read when the doors open"), post, h("h4", {}, "When what happens"), drawing, h("h4", {}, "What to be careful about"), warned, clean, rehearsal),
    update(facts, at) {
      const next = JSON.stringify([facts.opening, facts.timetable, facts.warnings, facts.wordings]);
      if (next === key) return;
      key = next;
      const shown = facts.opening ? render.reply({ reply: { ...facts.opening, actions: [] } }, page.handlers) : ["It is open; announcements stand in the market."];
      post.replaceChildren(h("div", { class: `card tone-${facts.opening?.tone ?? "neutral"}` }, shown));
      drawing.replaceChildren(line(facts));
      const list = parts.warnings([...(facts.wordings.length || at.over ? [] : [{ text: "Nothing is written on what decides. Whoever buys has to guess what counts." }]), ...facts.warnings]);
      warned.replaceChildren(...list);
      clean.hidden = list.length > 0;
      rehearsal.hidden = !at.before;
    },
  };
}

/** The timetable as it stands. */
export function line(facts) {
  const { rounds } = facts.timetable;
  const relative = rounds.every((round) => round.at[0].relative);
  const start = facts.start ?? facts.timetable.start ?? facts.planned ?? (relative ? 0 : facts.now);
  const ms = (when) => (when.relative && !relative ? start + when.ms : when.ms);
  const drawn = rounds.map((round) => ({ freeze: ms(round.at[0]), decide: ms(round.at[1]), final: round.final }));
  return picture({ start: Math.min(start, drawn[0].freeze), rounds: drawn, relative, now: facts.start === null ? null : facts.now });
}

function links(facts, at) {
  const open = Object.entries(at.steps).filter(([id, how]) => ["wording", "timetable", "terms"].includes(id) && how.missing);
  const names = { wording: "What decides is not written yet.", timetable: "The timetable is as usual: trading freezes a day after the start, and you name the winner.", terms: "The terms have warnings." };
  return open.map(([id]) => h("li", {}, names[id], " ", h("a", { href: router.run(facts.market, id) }, "See to it")));
}

/** People can join. */
export function open(page) {
  const answer = parts.answers(page);
  const todo = h("ul", { class: "todo" });
  const where = h("p", {});
  const go = parts.button("Open the doors", () => answer.send("admin open", {}, go), "primary");
  const elsewhere = parts.button("A code for another chat", () => answer.send("admin channel", { what: "code" }, elsewhere));
  const done = h("p", { class: "fine" }, "The doors are open: people can join.");
  return {
    element: h("section", {}, parts.heading("Open the doors", "It is announced, and people can join. Nobody can trade before the start."), todo, where, done, answer.element, parts.actions(go, elsewhere)),
    update(facts, at) {
      todo.replaceChildren(...(facts.state === "draft" ? links(facts, at) : []));
      where.replaceChildren("Announced in ", ...facts.where.flatMap((chat, index) => [index ? ", " : "", h("b", { dir: "auto" }, chat.title || chat.platform)]), ". A code brings it to another chat, on any platform: one market, one account a person.");
      go.hidden = facts.state !== "draft";
      done.hidden = facts.state === "draft" || at.over;
      elsewhere.hidden = at.over;
    },
  };
}

/** Trading begins. */
export function start(page) {
  const answer = parts.answers(page);
  const people = h("p", { class: "large" });
  const how = h("p", {});
  const todo = h("ul", { class: "todo" });
  const go = parts.button("Start trading …", () => answer.send("admin start", {}, go), "primary");
  return {
    element: h("section", {}, parts.heading("Start trading"), people, how, todo, answer.element, parts.actions(go)),
    update(facts, at) {
      const { people: joined } = facts.monitor;
      people.textContent = at.before ? `${joined === 1 ? "1 person has" : `${joined} people have`} joined.` : "Trading has begun.";
      how.textContent = !at.before ? "" : facts.planned ? `It starts by itself ${parts.when(facts.planned)}. You can start it sooner.` : "You start it, here or with /admin start. The numbers are shown first.";
      todo.replaceChildren(...(at.before ? links(facts, at) : []));
      go.hidden = !at.before;
    },
  };
}
