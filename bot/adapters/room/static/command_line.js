// The command line: a combobox whose list shows what each argument means. Up and Down choose (or bring back earlier lines
// where the list is closed), Tab and Enter accept, Escape closes.

import * as api from "./api.js";
import { byId, h } from "./dom.js";

const REMEMBERED = 50;

/** `submit(text)`: the person sent a line. */
export function create(submit) {
  const form = byId("line");
  const input = byId("text");
  const box = byId("suggest");
  const about = byId("about");
  const options = byId("options");
  const past = [];
  let rows = [];
  let chosen = -1;
  let asked = null; // the completion under way
  let eager = false; // Tab came before its list
  let back = 0;

  async function complete() {
    asked?.abort();
    eager = false;
    const text = input.value;
    if (!text.startsWith("/")) return close();
    prune(text.toLowerCase());
    const mine = (asked = new AbortController());
    try {
      const found = await api.ask("api/complete", { text }, mine.signal);
      if (asked !== mine) return;
      asked = null;
      open(found);
      if (eager && rows.length) accept(0);
    } catch {
      if (asked === mine) asked = null; // no connection: the line works without its list
    }
  }

  /** Rows of an earlier text that this one has ruled out are not left to be accepted by mistake. */
  function prune(text) {
    const left = rows.filter((row) => row.line.toLowerCase().startsWith(text));
    if (left.length < rows.length) list(left);
  }

  function open(found) {
    const note = found.find((row) => !row.line);
    about.replaceChildren(...(note ? [h("b", {}, note.label), ` ${note.hint}`] : []));
    about.hidden = !note;
    list(found.filter((row) => row.line));
    box.hidden = rows.length === 0 && !note;
    options.scrollTop = 0;
  }

  function list(next) {
    const kept = rows[chosen]?.line;
    rows = next;
    options.replaceChildren(...rows.map(option));
    options.hidden = rows.length === 0;
    input.setAttribute("aria-expanded", String(rows.length > 0));
    choose(rows.findIndex((row) => row.line === kept));
  }

  function close() {
    asked?.abort();
    asked = null;
    list([]);
    box.hidden = true;
    about.replaceChildren();
  }

  function option(row, index) {
    return h(
      "li",
      { id: `option-${index}`, role: "option", "aria-selected": "false", on: { pointerdown: (event) => event.preventDefault(), click: () => accept(index) } },
      h("b", {}, row.label),
      h("span", {}, row.hint),
    );
  }

  function choose(index) {
    chosen = index;
    [...options.children].forEach((element, at) => element.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `option-${index}`);
    options.children[index]?.scrollIntoView({ block: "nearest" });
  }

  function accept(index) {
    set(rows[index].line);
  }

  function set(text) {
    input.value = text;
    input.focus();
    input.setSelectionRange(text.length, text.length);
    input.scrollLeft = input.scrollWidth;
    complete();
  }

  function send() {
    const text = input.value.trim();
    if (!text) return;
    if (past.at(-1) !== text) past.push(text);
    if (past.length > REMEMBERED) past.shift();
    back = 0;
    input.value = "";
    close();
    submit(text);
  }

  function recall(step) {
    const next = Math.min(past.length, Math.max(0, back + step));
    if (next === back) return;
    back = next;
    input.value = back ? past[past.length - back] : "";
    input.setSelectionRange(input.value.length, input.value.length);
  }

  const keys = {
    ArrowDown: () => (rows.length ? choose((chosen + 1) % rows.length) : recall(-1)),
    ArrowUp: () => (rows.length ? choose(chosen <= 0 ? rows.length - 1 : chosen - 1) : recall(1)),
    Escape: () => close(),
    Tab: () => (rows.length ? accept(Math.max(0, chosen)) : asked ? (eager = true) : false),
    Enter: () => (chosen >= 0 ? accept(chosen) : false),
  };

  input.addEventListener("keydown", (event) => {
    if (event.shiftKey || event.isComposing || !(event.key in keys)) return;
    if (event.key === "Escape" && box.hidden) return;
    if (keys[event.key]() !== false) event.preventDefault();
  });
  input.addEventListener("input", () => {
    back = 0;
    complete();
  });
  input.addEventListener("focus", () => input.value && complete());
  input.addEventListener("blur", () => setTimeout(() => form.contains(document.activeElement) || close(), 150));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("slash").addEventListener("click", () => set(input.value.startsWith("/") ? input.value : "/"));

  return {
    set,
    /** Gives a line back that could not be sent, unless another has been begun. */
    restore(text) {
      if (!input.value) input.value = text;
    },
    focus: () => input.focus(),
  };
}
