// The bar above everything: what comes within a minute, what is being decided and until when, what has just happened where
// there is no room for more. It takes its place from the page instead of covering it, and lies over every dialog.

import * as clock from "./clock.js";
import { h } from "./dom.js";
import * as format from "./format.js";

/** An element with `show(content)` and `hide()`. Content: `{kind, text: nodes, until?: ms of the market, from?: ms it counts
 *  from, action?: {label, press}, close?: callback}`. */
export function create(host) {
  const text = h("p", { class: "moment-text", dir: "auto" });
  const digits = h("time", { class: "digits", "aria-hidden": "true" });
  const rest = h("i", { class: "rest", "aria-hidden": "true" });
  const buttons = h("span", { class: "moment-buttons" });
  const bar = h("div", { class: "moment-bar", popover: "manual", role: "region", "aria-label": "What happens now" }, text, digits, buttons, rest);
  host.append(bar);
  let shown = null;
  let key = "";
  let dialogs = 0;

  const raised = () => bar.matches(":popover-open");
  function raise() {
    if (raised()) bar.hidePopover();
    bar.showPopover();
  }

  function place() {
    const high = shown ? bar.offsetHeight : 0;
    document.documentElement.style.setProperty("--moment-bar", `${high}px`);
  }
  new ResizeObserver(place).observe(bar);

  function show(content) {
    const next = `${content.kind} ${content.key ?? ""}`;
    const same = shown && next === key;
    shown = content;
    key = next;
    if (!same) {
      bar.dataset.kind = content.kind;
      text.replaceChildren(...content.text);
      buttons.replaceChildren(...made(content));
      if (raised()) bar.hidePopover();
      bar.classList.toggle("arrives", true);
    }
    if (!raised()) raise();
    beat();
    place();
  }

  function made({ action, close }) {
    return [
      action && h("button", { type: "button", class: "moment-action", on: { click: action.press } }, action.label),
      close && h("button", { type: "button", class: "icon", "aria-label": "Close", on: { click: close } }, "×"),
    ].filter(Boolean);
  }

  function hide() {
    if (!shown) return;
    shown = null;
    key = "";
    if (raised()) bar.hidePopover();
    place();
  }

  function beat() {
    if (!shown) return;
    const open = document.querySelectorAll("dialog[open]").length;
    if (open > dialogs && raised()) raise(); // a dialog that opened since lies over it
    dialogs = open;
    const left = shown.until === undefined || shown.until === null ? null : clock.wall(shown.until);
    digits.hidden = left === null;
    rest.hidden = left === null || !shown.from;
    if (left === null) return;
    digits.textContent = left > 0 ? format.span(left) : "any moment";
    bar.classList.toggle("soon", left > 0 && left <= 10_000);
    if (shown.from) bar.style.setProperty("--left", String(Math.max(0, Math.min(1, left / shown.from))));
  }
  clock.everyBeat(beat);
  return { show, hide, element: bar };
}
