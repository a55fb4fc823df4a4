// What the steps of the admins' page share: headings, fields, and the place where a command's answer stands, with its
// Confirm. Each form sends the chat's own command, so what it does, shows first and asks is what it does there.

import { h } from "./dom.js";
import * as format from "./format.js";
import * as lines from "./lines.js";
import * as render from "./render.js";

export const heading = (title, ...lead) => h("header", { class: "step-head" }, h("h3", { tabindex: -1 }, title), lead.length ? h("p", {}, lead) : null);

export const button = (label, press, kind) => h("button", { type: "button", class: kind, on: { click: press } }, label);

export const actions = (...buttons) => h("p", { class: "actions" }, buttons);

const CHECK_MS = 350;

/** Calls back a moment after the last change. */
export function later(callback) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(callback, CHECK_MS);
  };
}

let ids = 0;

/** A labelled control with a hint below it and a place for what is wrong with it: `{element, control, wrong(sentence), note(sentence)}`. */
export function field(label, control, hint = "") {
  const id = `run-${(ids += 1)}`;
  control.id = id;
  const help = h("small", { id: `${id}-hint` }, hint);
  const error = h("small", { id: `${id}-error`, class: "wrong" });
  control.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  const element = h("div", { class: "run-field" }, h("label", { for: id }, label), control, help, error);
  return {
    element,
    control,
    note: (sentence) => (help.textContent = sentence),
    wrong(sentence = "") {
      if (error.textContent !== sentence) error.textContent = sentence;
      control.toggleAttribute("aria-invalid", Boolean(sentence));
      if (sentence) control.setAttribute("aria-invalid", "true");
    },
  };
}

export const text = (props = {}) => h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...props });
export const number = (props = {}) => h("input", { type: "number", inputmode: "numeric", min: 0, step: 1, ...props });
export const area = (props = {}) => h("textarea", { rows: 6, ...props });
export const choice = (choices, value, props = {}) => h("select", props, choices.map(([name, label]) => h("option", { value: name, selected: name === value }, label)));

/** Warnings of terms, each with what to change. */
export const warnings = (list) => list.map((warning) => h("li", { class: "careful" }, h("b", {}, "Careful: "), warning.text));

/** A place for answers. `send(command, args, button)` says a command there and resolves to its message, null where it was refused. */
export function answers(page) {
  const element = h("div", { class: "run-answer", "aria-live": "polite" });
  const clear = () => element.replaceChildren();

  function show(message) {
    const handlers = { ...page.handlers, press };
    element.replaceChildren(h("div", { class: `card tone-${message.reply.tone}` }, render.reply({ ...message, reply: { ...message.reply, form: undefined } }, handlers)));
    element.scrollIntoView({ block: "nearest" });
  }

  function refused(sentence) {
    element.replaceChildren(h("p", { class: "wrong", role: "alert" }, sentence));
  }

  async function press(action, message, pressed) {
    if (action.label === "Cancel") return clear();
    await busy(pressed, async () => told(await lines.press(action.text, message.id, refused)));
  }

  async function told(message) {
    if (message?.reply && !message.form) show(message);
    await page.reload();
    return message;
  }

  const send = (command, args, pressed) => busy(pressed, async () => told(await lines.fill(command, args, refused)));
  return { element, send, clear, refused };
}

async function busy(pressed, work) {
  if (pressed?.ariaBusy) return null;
  if (pressed) pressed.ariaBusy = "true";
  try {
    return await work();
  } finally {
    if (pressed) pressed.ariaBusy = null;
  }
}

/** Names to tap; `chosen()` are those that are pressed, as they are typed. `most` 1: one alone. */
export function names(label, { most = 25, changed = () => {} } = {}) {
  const element = h("div", { class: "tap-names", role: "group", "aria-label": label });
  let buttons = [];
  const pressed = (name) => name.getAttribute("aria-pressed") === "true";
  const set = (name, on) => name.setAttribute("aria-pressed", String(on));
  let key = "";
  return {
    element,
    chosen: () => buttons.filter(pressed).map((name) => name.dataset.typed),
    update(outcomes) {
      if (JSON.stringify(outcomes) === key) return;
      key = JSON.stringify(outcomes);
      const before = new Set(buttons.filter(pressed).map((name) => name.dataset.typed));
      buttons = outcomes.map((outcome) => {
        const name = h("button", { type: "button", dir: "auto", "data-typed": outcome.typed, "aria-pressed": String(before.has(outcome.typed)) }, outcome.name);
        name.addEventListener("click", () => {
          const on = !pressed(name);
          if (most === 1) for (const other of buttons) set(other, false);
          set(name, on);
          changed();
        });
        return name;
      });
      element.replaceChildren(...buttons);
    },
    clear() {
      for (const name of buttons) set(name, false);
    },
  };
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const two = (n) => String(n).padStart(2, "0");

/** The reader's zone as a command takes it, and as it is read: `Europe/Berlin (GMT+1)`. */
export const zone = ZONE;
export function zoneShown(at = Date.now()) {
  const part = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }).formatToParts(at).find((piece) => piece.type === "timeZoneName");
  return part && part.value !== ZONE ? `${ZONE} (${part.value})` : ZONE;
}

/** A moment as a date picker has it: local, with seconds where it has any. */
export function local(ms) {
  const at = new Date(ms);
  const seconds = at.getSeconds() ? `:${two(at.getSeconds())}` : "";
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
}

/** A picker whose moment is typed with its zone; what nobody changed stays the moment it was (`typed`), in hours that come twice too. */
export function picker(props = {}) {
  const control = h("input", { type: "datetime-local", step: 60, ...props });
  let kept = null; // {value, typed}
  return {
    control,
    set(ms, typed) {
      control.value = ms === null ? "" : local(ms);
      control.step = control.value.length > 16 ? 1 : 60;
      kept = ms === null ? null : { value: control.value, typed };
    },
    typed() {
      if (!control.value) return "";
      return (control.value === kept?.value && kept.typed) || `${control.value.replace("T", " ")} ${ZONE}`;
    },
    mean: (typed) => (kept = { value: control.value, typed }),
  };
}

const UNITS = [["m", "minutes", 60_000], ["h", "hours", 3_600_000], ["d", "days", 86_400_000]]; // as typed, as read, ms

/** A span as a number and its unit: `{element, typed(), set(ms), controls}`; `typed` is "" where it is none. */
export function span(label) {
  const size = number({ "aria-label": label, class: "short" });
  const unit = choice(UNITS, "m", { "aria-label": `${label}: unit` });
  return {
    element: h("span", { class: "run-span" }, size, unit),
    controls: [size, unit],
    set(ms) {
      const [name, , whole] = UNITS.findLast(([, , each]) => ms > 0 && ms % each === 0) ?? UNITS[0];
      unit.value = name;
      size.value = String(Math.round((ms / whole) * 100) / 100);
    },
    typed: () => (Number(size.value) > 0 ? `${size.value}${unit.value}` : ""),
  };
}

export const when = (ms) => format.moment(ms);
export { format };
