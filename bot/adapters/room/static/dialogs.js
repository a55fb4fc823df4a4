// Dialogs: forms, and charts at full size.

import * as api from "./api.js";
import { byId, h } from "./dom.js";

/** Asks a form that belongs to message `id`. The answer goes to the server as a command with named arguments; a refusal is shown here, and what
 *  was typed stays. `done(message)` gets the answer. */
export function openForm(form, id, done) {
  const sheet = byId("sheet");
  const error = h("p", { class: "error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, form.submit);
  const body = h(
    "form",
    { novalidate: true, on: { submit: (event) => (event.preventDefault(), answer()) } },
    h("h2", { id: "sheet-title" }, form.title),
    form.fields.map(ask),
    error,
    h("div", { class: "actions" }, submit, h("button", { type: "button", on: { click: () => sheet.close() } }, "Cancel")),
  );
  let request = api.newRequest();

  async function answer() {
    const empty = form.fields.find((field) => field.required && field.kind !== "flag" && !value(body, field).trim());
    if (empty) {
      error.textContent = `${empty.label} is missing.`;
      body.elements.namedItem(empty.name).focus();
      return;
    }
    if (submit.ariaBusy) return;
    submit.ariaBusy = "true";
    error.textContent = "";
    try {
      const args = Object.fromEntries(form.fields.map((field) => [field.name, value(body, field)]));
      const message = await api.send("api/fill", { command: form.command, args, message: id, request }, () => (error.textContent = "The room cannot be reached just now; trying again."));
      error.textContent = "";
      done(message);
      if (message.reply?.ok === false) error.textContent = message.reply.head.map((part) => part.x ?? "").join("");
      else sheet.close();
    } catch (problem) {
      error.textContent = problem.message;
    }
    request = api.newRequest();
    submit.ariaBusy = null;
  }

  sheet.replaceChildren(body);
  sheet.showModal();
  body.querySelector("input, select, textarea")?.focus();
}

/** What was answered. A switch nobody touched says nothing: what it stands for may depend on more than the form knows. */
function value(body, field) {
  const control = body.elements.namedItem(field.name);
  if (field.kind !== "flag") return control.value;
  return control.checked === control.defaultChecked ? "" : control.checked ? "yes" : "no";
}

function ask(field) {
  const id = `f-${field.name}`;
  const hint = field.hint ? h("small", { id: `${id}-hint` }, field.hint) : null;
  const shared = { id, name: field.name, "aria-describedby": hint ? hint.id : undefined, required: field.required };
  if (field.kind === "flag") {
    const checked = ["yes", "on", "true"].includes(field.value);
    return h("p", { class: "flag" }, h("input", { ...shared, type: "checkbox", checked, required: false }), h("label", { for: id }, field.label), hint);
  }
  const control = answerField(field, shared);
  const likely = field.several ? severalOf(field, control) : oneOf(field, control);
  const optional = field.required ? null : h("span", { class: "quiet" }, " (optional)");
  return h("p", {}, h("label", { for: id }, field.label, optional), control, likely.length ? h("span", { class: "actions likely" }, likely) : null, hint);
}

function oneOf(field, control) {
  const offered = (field.required ? (field.suggestions ?? []) : []).slice(0, 6);
  return offered.map(([value, label]) => h("button", { type: "button", title: label, on: { click: () => ((control.value = value), control.focus()) } }, value));
}

/** Names to tap: each puts itself into the list, or takes itself out again. */
function severalOf(field, control) {
  const listed = () => control.value.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((part) => part.trim()).filter(Boolean);
  const buttons = (field.suggestions ?? []).map(([value, label]) => {
    const toggle = () => {
      const names = listed();
      control.value = (names.includes(value) ? names.filter((name) => name !== value) : [...names, value]).join(", ");
      show();
    };
    return h("button", { type: "button", title: label, "data-value": value, on: { click: toggle } }, value.replaceAll('"', ""));
  });
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(listed().includes(button.dataset.value)));
  };
  control.addEventListener("input", show);
  show();
  return buttons;
}

function answerField(field, shared) {
  if (field.kind === "choice") return h("select", shared, field.choices.map(([value, label]) => h("option", { value, selected: value === field.value }, label)));
  if (field.kind === "paragraph") return h("textarea", { ...shared, rows: 8, maxlength: field.most }, field.value);
  return h("input", { ...shared, type: "text", value: field.value, maxlength: field.most ?? 2000, autocomplete: "off", spellcheck: "false" });
}

/** A chart as large as the window allows. */
export function enlarge(image) {
  const zoom = byId("zoom");
  const shut = () => zoom.close();
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: shut } }, "×");
  zoom.replaceChildren(close, h("img", { src: image.src, alt: image.alt, on: { click: shut } }));
  zoom.showModal();
}
