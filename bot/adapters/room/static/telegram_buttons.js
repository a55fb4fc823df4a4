// Telegram's own buttons around the page: the main button does what the ticket's one button does, the back button what Back
// does. An order that was filled is felt, and a window with a ticket in it is not closed by a slip.

import { byId } from "./dom.js";
import * as state from "./state.js";
import * as telegram from "./telegram.js";

const FELT = { done: "success", failed: "error" };
const ticket = byId("sheet-ticket");
let home = ""; // where one was when it was opened
let felt = "";
let due = false;

export function start() {
  home = location.hash;
  telegram.on("main_button_pressed", () => main()?.click());
  telegram.on("back_button_pressed", back);
  const watcher = new MutationObserver(soon);
  watcher.observe(ticket, { subtree: true, childList: true, attributes: true, characterData: true });
  for (const dialog of document.querySelectorAll("dialog")) watcher.observe(dialog, { attributes: true, attributeFilter: ["open"] });
  state.watch("view", soon);
}

/** The one button of the ticket as it stands: Confirm, Join, Done; none where it offers a choice. */
const main = () => (ticket.hidden ? null : [...ticket.querySelectorAll(".ticket-confirm")].find((button) => !button.closest("[hidden]")));
const dialog = () => document.querySelector("dialog[open]");

function back() {
  if (dialog()) dialog().close();
  else history.back(); // a ticket is a step of its own
}

function soon() {
  if (due) return;
  due = true;
  queueMicrotask(() => {
    due = false;
    update();
  });
}

function update() {
  const button = main();
  telegram.tell("web_app_setup_main_button", {
    is_visible: Boolean(button),
    is_active: button?.getAttribute("aria-disabled") !== "true",
    is_progress_visible: button?.getAttribute("aria-busy") === "true",
    text: button?.textContent ?? "",
  });
  telegram.tell("web_app_setup_back_button", { is_visible: !ticket.hidden || Boolean(dialog()) || location.hash !== home });
  telegram.tell("web_app_setup_closing_behavior", { need_confirmation: !ticket.hidden });
  feel();
}

function feel() {
  const result = ticket.querySelector(".ticket-result:not([hidden])");
  const became = ticket.hidden ? "" : (result?.dataset.state ?? "");
  if (became !== felt && FELT[became]) telegram.post("web_app_trigger_haptic_feedback", { type: "notification", notification_type: FELT[became] });
  felt = became;
}
