// The amount of a ticket: a field that takes what a line takes, chips for the usual ones, a slider up to the largest
// sensible size.

import { h } from "./dom.js";

const STEPS = 1000;
const DOLLARS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000];
const USUAL = [10, 50, 100];

const typed = (size) => String(Math.floor(size / 1e4) / 100);

/** `changed(text)`: somebody chose another amount. */
export function create(changed) {
  let largest = { tokens: 0, spend: 0 };
  let buy = true;
  let chips = "";
  const field = h("input", {
    id: "ticket-amount",
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 24,
    enterkeyhint: "done",
    "aria-describedby": "ticket-means",
    on: { input: () => changed(field.value), focus: () => field.select() },
  });
  const slider = h("input", { type: "range", min: 0, max: STEPS, step: 1, value: 0, "aria-label": "Amount, by slider", on: { input: () => choose(amountAt(Number(slider.value))) } });
  const row = h("div", { class: "ticket-chips", role: "group", "aria-label": "Usual amounts" });
  const means = h("span", { class: "ticket-means", id: "ticket-means" });
  const element = h("div", { class: "ticket-amount" }, h("div", { class: "ticket-entry" }, h("label", { for: "ticket-amount" }, "Amount"), field, means), row, slider);

  function choose(text) {
    field.value = text;
    paint();
    changed(text);
  }

  const most = () => (buy ? largest.spend : largest.tokens);

  /** Small amounts have more of the way than large ones: what is dragged is felt in proportion. */
  function amountAt(step) {
    if (step >= STEPS) return buy ? `$${typed(most())}` : "all";
    const share = (step / STEPS) ** 2;
    const size = (most() * (buy ? share : step / STEPS)) / 1e6;
    return buy ? `$${round(size)}` : String(round(size));
  }

  /** To what one would say: halves below ten, whole ones up to a hundred, then fives, tens and so on. */
  function round(size) {
    const grain = size < 2 ? 0.05 : size < 10 ? 0.5 : size < 100 ? 1 : size < 1000 ? 5 : 10 ** Math.floor(Math.log10(size) - 2) * 5;
    return Number(Math.max(grain, Math.round(size / grain) * grain).toFixed(2));
  }

  function stepOf(size) {
    if (!most()) return 0;
    const share = Math.min(1, size / most());
    return Math.round((buy ? Math.sqrt(share) : share) * STEPS);
  }

  function offer(shares) {
    const max = most() / 1e6 || Infinity;
    const usual = max >= USUAL[0] ? [...USUAL, ...DOLLARS.filter((dollars) => dollars > 100)] : DOLLARS;
    const fitting = usual.filter((dollars) => dollars <= max).slice(0, 3);
    const texts = buy ? [...fitting.map((dollars) => `$${dollars}`), ...(shares ? ["half", "all"] : [])] : ["25%", "half", "all"];
    if (texts.join() === chips) return;
    chips = texts.join();
    row.replaceChildren(...texts.map((text) => h("button", { type: "button", "data-amount": text, on: { click: () => choose(text) } }, text)));
  }

  function paint() {
    slider.style.setProperty("--at", `${(Number(slider.value) / STEPS) * 100}%`);
    for (const chip of row.children) chip.setAttribute("aria-pressed", String(chip.dataset.amount === field.value.trim()));
  }

  return {
    element,
    field,
    set(text) {
      field.value = text;
      paint();
    },
    /** What there can be, and where the amount shown stands in it; `shares`: whether parts of what one has make sense. */
    fit(limits, size, { buying, shares, note }) {
      if (limits || buying !== buy) largest = limits ?? { tokens: 0, spend: 0 }; // while trading is shut it is not told
      buy = buying;
      offer(shares);
      slider.disabled = !most();
      if (document.activeElement !== slider && size !== null) slider.value = stepOf(size);
      slider.setAttribute("aria-valuetext", field.value);
      means.textContent = note;
      paint();
    },
  };
}
