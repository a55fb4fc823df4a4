// The page as a Mini App of Telegram: signs in by what Telegram signed, keeps the token in memory alone, paints itself in
// Telegram's colours, and is then the page it is everywhere (main.js).

import * as api from "./api.js";
import * as bearer from "./bearer.js";
import { h } from "./dom.js";
import * as telegram from "./telegram.js";
import * as theme from "./telegram_theme.js";

const OUTSIDE = "This page opens inside Telegram. Write to the bot there, and tap the button beside the line you type in.";
let redraw = () => {}; // the pictures, which are of one theme

paint(telegram.themeParams);
telegram.on("theme_changed", (data) => paint(data.theme_params ?? {}));
telegram.on("reload_iframe", restart);
telegram.post("iframe_ready", { reload_supported: true });
telegram.post("web_app_expand");
if (telegram.knows("7.7")) telegram.post("web_app_setup_swipe_behavior", { allow_vertical_swipe: false }); // the page is what moves
begin();

async function begin() {
  try {
    await open(await signIn());
  } catch (problem) {
    if (!(problem instanceof api.Refused)) throw problem;
    close(problem.message);
  }
  telegram.post("web_app_ready");
}

function signIn() {
  if (!telegram.initData) throw new api.Refused(OUTSIDE, 401);
  return api.send("api/session", { init_data: telegram.initData, start: telegram.start, request: api.newRequest() });
}

/** `session`: {token, market: number or null, note} */
async function open(session) {
  api.carry(bearer.way(session.token));
  if (session.market !== null) history.replaceState(null, "", `#/m/${session.market}`);
  await import("./main.js");
  const [buttons, frame, render] = await Promise.all([import("./telegram_buttons.js"), import("./frame.js"), import("./render.js")]);
  buttons.start();
  redraw = render.redraw;
  if (session.note) frame.notice(session.note);
}

/** Nothing can be shown: why, and what to do. */
function close(sentence) {
  document.body.replaceChildren(h("main", { class: "closed" }, h("p", { role: "alert" }, sentence)));
  document.body.classList.remove("loading");
}

function paint(params) {
  const { panel } = theme.apply(params);
  redraw();
  telegram.tell("web_app_set_header_color", telegram.knows("6.9") ? { color: panel } : { color_key: "bg_color" });
  telegram.tell("web_app_set_background_color", { color: panel });
  if (telegram.knows("7.10")) telegram.tell("web_app_set_bottom_bar_color", { color: panel });
}

/** Telegram's "Reload": the page keeps its token, which it has nowhere else, and reads everything anew. */
function restart() {
  telegram.post("iframe_will_reload");
  dispatchEvent(new Event("online"));
  telegram.post("iframe_ready", { reload_supported: true });
}
