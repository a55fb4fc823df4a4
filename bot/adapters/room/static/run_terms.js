// The terms by subject: what each does, how it stands, between what it can lie. What only experts turn is folded away.

import * as api from "./api.js";
import { h } from "./dom.js";
import * as parts from "./run_parts.js";

const shown = (term) => term.name !== "outcome_names"; // they have a form of their own, at the event

export function create(page) {
  const groups = h("div", { class: "terms" });
  const warned = h("ul", { class: "warned" });
  const items = new Map();
  let shape = "";

  function draw(facts) {
    const key = JSON.stringify(facts.terms.map((group) => group.settings.map((term) => [term.name, term.fixed])));
    if (key === shape) return;
    shape = key;
    items.clear();
    const made = facts.terms.map((group) => [group, h("ul", {}, group.settings.filter(shown).map(item))]);
    const plain = made.filter(([group]) => !group.experts).map(([group, list]) => h("section", {}, h("h4", {}, group.title), list));
    const folded = made.filter(([group]) => group.experts).map(([group, list]) => h("section", {}, h("h4", {}, group.title), list));
    groups.replaceChildren(...plain, h("details", { class: "fold" }, h("summary", {}, "Numbers for experts"), h("p", { class: "quiet" }, "As usual they fit. A warning says when one does not."), folded));
  }

  function item(term) {
    const answer = parts.answers(page);
    const control = term.choices.length ? parts.choice(term.choices.map((name) => [name, name]), term.value) : parts.text({ value: term.value, class: term.name === "odds" ? "wide" : undefined });
    const field = parts.field(term.label, control, term.about);
    const range = h("small", { class: "range" }, term.range);
    const careful = h("ul", { class: "warned" });
    const set = parts.button("Set", () => answer.send("admin set", { setting: term.name, value: control.value }, set));
    let stands = term.value;
    const check = parts.later(async () => {
      field.wrong();
      if (control.value === stands || term.beside) return;
      try {
        const checked = await api.ask(`api/v1/markets/${page.facts.market}/run/check`, { setting: term.name, value: control.value });
        field.wrong(checked.mistakes.map((mistake) => mistake.text).join(" "));
        careful.replaceChildren(...parts.warnings(checked.warnings.filter((warning) => warning.of.includes(term.name))));
      } catch (problem) {
        field.wrong(problem.message);
      }
    });
    control.addEventListener("input", () => {
      set.hidden = control.value === stands;
      check();
    });
    set.hidden = true;
    set.setAttribute("aria-label", `Set ${term.label}`);
    control.disabled = term.fixed;
    field.element.append(range, careful);
    const element = h("li", { class: term.fixed ? "term fixed" : "term" }, field.element, set, answer.element);
    items.set(term.name, {
      update(next, warnings, over) {
        control.disabled = next.fixed || over;
        range.textContent = next.range;
        if (control.value === stands) control.value = next.value;
        if (control.value === stands || control.value === next.value) careful.replaceChildren(...parts.warnings(warnings));
        stands = next.value;
        set.hidden = control.value === stands || over;
      },
    });
    return element;
  }

  return {
    element: h("section", {}, parts.heading("What are the terms?", "What is set fits most events. Each says what it does; what would be dangerous is said beside it."), warned, groups),
    update(facts, at) {
      draw(facts);
      for (const term of facts.terms.flatMap((group) => group.settings)) items.get(term.name)?.update(term, facts.warnings.filter((warning) => warning.of[0] === term.name), at.over);
      warned.replaceChildren(...parts.warnings(facts.warnings.filter((warning) => !items.has(warning.of[0]))));
    },
  };
}
