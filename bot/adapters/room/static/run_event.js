// The event itself: its name, who can win, how it begins; and what decides it, in its admins' words.

import * as api from "./api.js";
import { h } from "./dom.js";
import * as router from "./router.js";
import * as parts from "./run_parts.js";
import * as state from "./state.js";

const listed = (text) => text.split("\n").map((name) => name.trim()).filter(Boolean);
/** Names as a list of a command takes them: those with a comma or a joining word in quotes. */
const joined = (names) => names.map((name) => (/[,]|\band\b/i.test(name) ? `"${name.replaceAll('"', "")}"` : name)).join(", ");

/** A new market, or the names of one that is drafted. */
export function create(page) {
  return page.facts ? drafted(page) : fresh(page);
}

function fresh(page) {
  const title = parts.field("What is it called?", parts.text({ maxlength: 80, placeholder: "World Cup", autocapitalize: "words" }), "The name of the event, as people say it.");
  const outcomes = parts.field("Who can win?", parts.area({ placeholder: "Germany\nBrazil\nArgentina", spellcheck: "false" }), "One name a line, 2 to 25. Exactly one of them wins in the end.");
  const presets = h("fieldset", { class: "cards", hidden: true }, h("legend", {}, "How should prices behave?"));
  const balance = parts.field("Play money for each person", parts.text({ value: "$1000", class: "short" }));
  const odds = parts.field("Start prices", parts.text({ placeholder: "all alike" }), "One weight an outcome, in their order: 5 3 2 makes 50¢, 30¢ and 20¢. Left empty, nobody is a favourite.");
  const stake = parts.field("What the house stakes", parts.text({ placeholder: "as usual", class: "short" }), "All it can ever lose, and what keeps prices steady. As usual fits.");
  const starts = h("p", { class: "starts" });
  const warned = h("ul", { class: "warned" });
  const answer = parts.answers(page);
  const submit = parts.button("Create the draft", send, "primary");
  const fields = { outcome_names: outcomes, starting_balance: balance, odds, z: stake };
  let tried = false;

  const preset = () => presets.querySelector("input:checked")?.value ?? "hype";
  const check = parts.later(async () => {
    const names = listed(outcomes.control.value);
    if (names.length < 2 && !tried) return mark({ mistakes: [], warnings: [], starts: [] });
    const values = { outcome_names: joined(names), preset: preset(), starting_balance: balance.control.value, odds: odds.control.value, z: stake.control.value };
    try {
      mark(await api.ask("api/v1/run/check", { values }));
    } catch {
      // the command itself will say it
    }
  });

  function mark(checked) {
    for (const [name, field] of Object.entries(fields)) field.wrong(checked.mistakes.find((mistake) => mistake.part === name)?.text);
    starts.replaceChildren(...(checked.starts?.length ? ["They begin at ", ...checked.starts.flatMap(([name, price], index) => [index ? " · " : "", h("bdi", {}, name), ` ${parts.format.price(price)}`])] : []));
    warned.replaceChildren(...parts.warnings(checked.warnings ?? []));
  }

  async function send() {
    tried = true;
    const names = listed(outcomes.control.value);
    title.wrong(title.control.value.trim() ? "" : "Give it a name.");
    if (!title.control.value.trim()) return title.control.focus();
    if (names.length < 2) {
      outcomes.wrong("Name two at least, one a line.");
      return outcomes.control.focus();
    }
    const args = { title: title.control.value, outcomes: joined(names), preset: preset(), balance: balance.control.value, odds: odds.control.value, z: stake.control.value };
    const message = await answer.send("admin create", args, submit);
    const made = message?.reply.ok ? await number() : null;
    if (made !== null) router.go(router.run(made), { replace: true });
  }

  async function number() {
    const known = await api.get("api/v1/markets");
    return known.markets.find((market) => market.may_run && market.state === "draft")?.market ?? null;
  }

  // who has no name yet is told so, and gives one beside it
  const unwatch = state.watch("visitor", () => api.ask("api/v1/run/check", {}).then(offer, (problem) => answer.refused(problem.message)));

  function offer(given) {
    if (!presets.hidden) return;
    presets.hidden = false;
    answer.element.replaceChildren();
    unwatch();
    presets.append(...given.presets.map((choice, index) => h("label", { class: "card-choice" }, h("input", { type: "radio", name: "preset", value: choice.name, checked: index === 0, on: { change: check } }), h("b", {}, choice.title), h("span", {}, choice.about))));
  }
  for (const field of Object.values(fields)) field.control.addEventListener("input", check);
  return {
    element: h("section", {}, parts.heading("What is it about?", "Name what can happen; people trade on it until one of them has. Nobody sees the draft before you open it."), title.element, outcomes.element, presets, balance.element, h("details", { class: "fold" }, h("summary", {}, "Favourites and stake"), odds.element, stake.element), starts, warned, answer.element, parts.actions(submit)),
  };
}

function drafted(page) {
  const answer = parts.answers(page);
  const title = parts.field("Name of the event", parts.text({ maxlength: 80 }));
  const outcomes = parts.field("Who can win", parts.area({ spellcheck: "false" }), "One name a line, 2 to 25.");
  const saveTitle = parts.button("Rename it", () => answer.send("admin set", { setting: "title", value: title.control.value }, saveTitle));
  const saveNames = parts.button("Change the names", () => answer.send("admin set", { setting: "outcomes", value: joined(listed(outcomes.control.value)) }, saveNames));
  const void_ = parts.button("Call it off …", () => answer.send("admin void", {}, void_), "danger");
  const fixed = h("p", { class: "quiet" }, "Names are fixed once people can trade on them.");
  const forms = h("div", {}, title.element, parts.actions(saveTitle), outcomes.element, parts.actions(saveNames));
  let kept = "";
  return {
    element: h("section", {}, parts.heading("The event", "Who can win, as people read and type it."), forms, fixed, answer.element, parts.actions(void_)),
    update(facts, at) {
      const next = JSON.stringify([facts.title, facts.outcomes]);
      if (next !== kept && !forms.contains(document.activeElement)) {
        kept = next;
        title.control.value = facts.title;
        outcomes.control.value = facts.outcomes.map((outcome) => outcome.name).join("\n");
      }
      for (const control of forms.querySelectorAll("input, textarea, button")) control.disabled = !at.before;
      fixed.hidden = at.before;
      void_.hidden = at.over;
    },
  };
}

/** What decides it, with examples of good ones to begin from. */
export function wording(page) {
  const answer = parts.answers(page);
  const field = parts.field("In your words", parts.area({ rows: 7, maxlength: 1500, placeholder: "What counts as winning? Who says so? What if it is called off, or two are level?" }), "Everybody reads it before their first buy.");
  const save = parts.button("Write it down", () => answer.send("admin set", { setting: "about", value: field.control.value }, save).then(() => (touched = false)), "primary");
  const written = h("div", { class: "written" });
  const lead = h("span", {});
  let touched = false;
  let key = "";
  field.control.addEventListener("input", () => (touched = true));
  const examples = h("ul", { class: "examples" });

  function example([kind, text]) {
    const take = () => {
      field.control.value = text;
      touched = true;
      field.control.focus();
    };
    return h("li", {}, h("button", { type: "button", on: { click: take } }, h("b", {}, kind), h("span", {}, text)));
  }

  return {
    element: h("section", {}, parts.heading("What decides it?", lead), written, field.element, answer.element, parts.actions(save), h("h4", {}, "Good ones say what counts, who says so, and what if not. Begin from one:"), examples),
    update(facts, at) {
      const next = JSON.stringify([facts.wordings, facts.state]);
      if (next === key) return;
      key = next;
      lead.textContent = at.before ? "Arguments about a result are arguments about words. Write them while nobody knows the result." : "Trading has begun: what stands stays. You can add to it; everybody is told, and it is shown to you first.";
      written.replaceChildren(...facts.wordings.map((text) => h("blockquote", {}, h("p", { dir: "auto" }, text.text), h("footer", {}, `${text.by || "An admin"}, ${parts.when(text.at)}`))));
      written.hidden = at.before;
      save.textContent = at.before ? "Write it down" : "Show what would be added";
      save.disabled = field.control.disabled = at.over;
      if (!touched) field.control.value = at.before ? facts.wordings.map((text) => text.text).join("\n") : "";
      examples.replaceChildren(...facts.examples.map(example));
    },
  };
}

