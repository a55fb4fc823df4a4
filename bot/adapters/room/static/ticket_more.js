// What of a ticket most people leave as it is: a limit, auto-fill, slippage; each explained in a line.

import { h } from "./dom.js";

/** A limit as it is typed, in cents: `55c`, `0.55`, `$0.55`; null where it is none. */
function centsOf(text) {
  const value = parseFloat(text.replace(",", ".").replace("$", ""));
  if (!Number.isFinite(value)) return null;
  return /[c¢]/.test(text) || value >= 1 ? value : value * 100;
}

/** `changed({limit, slippage, autofill})`: one of them is another; texts as in a line, "" where nothing is said. */
export function create(changed) {
  const limit = field("limit", "Limit", "such as 55c");
  const steps = h("span", { class: "ticket-steps" });
  limit.input.replaceWith(steps);
  steps.append(stepper("−", "Limit a cent lower", -1), limit.input, stepper("+", "Limit a cent higher", 1));
  limit.input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by) event.preventDefault(), step(by);
  });
  let now = null; // the price a token, in micro-dollars
  const slippage = field("slippage", "Slippage", "such as 5%");
  const autofill = h("input", { type: "checkbox", id: "ticket-autofill", "aria-describedby": "ticket-autofill-about", on: { change: tell } });
  const autofillRow = h(
    "p",
    { class: "flag" },
    autofill,
    h("label", { for: "ticket-autofill" }, "Auto-fill"),
    h("small", { id: "ticket-autofill-about" }, "Trades on other outcomes may fill what waits, too: at your limit, without a fee."),
  );
  const element = h("details", { class: "ticket-more", on: { toggle: () => element.open && element.scrollIntoView({ block: "nearest" }) } }, h("summary", {}, "More: limit, auto-fill, slippage"), limit.element, autofillRow, slippage.element);

  function field(name, label, hint) {
    const about = h("small", { id: `ticket-${name}-about` });
    const input = h("input", { type: "text", id: `ticket-${name}`, autocomplete: "off", spellcheck: "false", maxlength: 12, placeholder: hint, "aria-describedby": about.id, on: { input: tell } });
    return { input, about, element: h("p", {}, h("label", { for: input.id }, label), input, about) };
  }

  function stepper(sign, label, by) {
    return h("button", { type: "button", "aria-label": label, on: { click: () => step(by) } }, sign);
  }

  /** To the next whole cent, from the price as it is where no limit stands yet. */
  function step(by) {
    const cents = centsOf(limit.input.value) ?? (now ?? 500_000) / 10_000;
    const next = by > 0 ? Math.floor(cents + 0.001) + 1 : Math.ceil(cents - 0.001) - 1;
    limit.input.value = `${Math.min(99, Math.max(1, next))}c`;
    tell();
  }

  function tell() {
    changed(read());
    paint();
  }

  const read = () => ({ limit: limit.input.value.trim(), slippage: slippage.element.hidden ? "" : slippage.input.value.trim(), autofill: autofillRow.hidden ? null : autofill.checked });

  let may = false;
  let buy = true;
  function paint() {
    const limited = limit.input.value.trim() !== "";
    limit.about.textContent = `${buy ? "Pay no more" : "Take no less"} than this a token. What does not trade at once waits in the book until it does or you cancel.`;
    autofillRow.hidden = !limited || !may;
    slippage.element.hidden = limited;
  }

  return {
    element,
    read,
    /** What a new ticket begins with; `chosen` are texts of an order, where it has any. */
    set(chosen, buying) {
      buy = buying;
      limit.input.value = chosen.limit ?? "";
      slippage.input.value = chosen.slippage ?? "";
      autofill.checked = chosen.autofill === true || chosen.autofill === "yes";
      element.open = Boolean(chosen.limit || chosen.slippage);
      paint();
    },
    /** What the room allows: whether there is auto-fill, and which slippage is taken where none is said. */
    fit(quote) {
      may = quote.may_autofill;
      now = quote.now;
      if (quote.slippage !== null) slippage.about.textContent = `How far the price may ${buy ? "rise" : "fall"} until it is your order’s turn; beyond that nothing happens. ${slippage.input.value.trim() ? "" : `${quote.slippage} unless you say otherwise.`}`;
      paint();
    },
  };
}
