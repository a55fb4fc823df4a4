// The room's page, put together: what arrives goes into state.js, and each module draws its own part of it.

import * as alerts from "./alerts.js";
import * as board from "./board.js";
import * as ceremony from "./ceremony.js";
import * as chart from "./chart.js";
import * as commandLine from "./command_line.js";
import * as dialogs from "./dialogs.js";
import { byId, h } from "./dom.js";
import * as eventStream from "./event_stream.js";
import * as feed from "./feed.js";
import * as format from "./format.js";
import * as frame from "./frame.js";
import * as leaders from "./leaders.js";
import * as keyboard from "./keyboard.js";
import * as lines from "./lines.js";
import * as marketHead from "./market_head.js";
import * as markets from "./markets.js";
import * as messages from "./messages.js";
import * as outcome from "./outcome.js";
import * as render from "./render.js";
import * as router from "./router.js";
import * as state from "./state.js";
import * as strip from "./strip.js";
import * as theatre from "./theatre.js";
import * as ticket from "./ticket.js";
import * as visitor from "./visitor.js";
import * as yours from "./yours.js";

const seen = new Map(); // message id to the newest seq shown
const handlers = { press, insert, openForm: ask, enlarge: dialogs.enlarge, pick, say: act, buttons: (message) => render.buttons(message, handlers), line: (parts) => render.line(parts, handlers) };
let first = true;

frame.start();
const line = commandLine.create(say);
const news = messages.news(handlers);
const talk = messages.talk(handlers);
lines.start({ pending: talk.pending, settled: talk.settled, answered: showAnswer, refused });
marketHead.create(byId("head"), handlers);
board.pinned(byId("board"), handlers);
strip.create(byId("strip"), handlers);
yours.create(byId("yours"), handlers);
feed.create(byId("feed"));
leaders.create(byId("leaders"));
markets.create(byId("markets"), byId("places"), handlers);
chart.create(byId("chart"), { ask: alerts.ask });
outcome.create(byId("outcome"));
theatre.create(byId("theatre"), handlers);
ceremony.start();
ticket.create(handlers);
alerts.start(handlers);
visitor.start(joined);
const events = eventStream.open({ page, clock: frame.beat, link: frame.link, market: live("market"), account: live("account") });

// --- what arrives -----------------------------------------------------------------------------------------------------

function page(data) {
  frame.beat(data);
  for (const message of data.messages) apply(message, !first);
  if (first) state.set("read", true);
  first = false;
  document.body.classList.remove("loading");
}

/** Shows a message, once for each of its states, whichever way it came. */
function apply(message, fresh) {
  if ((seen.get(message.id) ?? -1) >= message.seq) return;
  const edited = seen.has(message.id);
  seen.set(message.id, message.seq);
  if (message.channel === "board") board.message(message);
  else if (message.channel === "news") {
    news.put(message, fresh);
    if (fresh) frame.mark("market");
  } else {
    talk.put(message, fresh);
    if (fresh && message.private) announce(message);
    if (fresh && (message.private || !edited)) frame.mark("talk");
  }
  state.set("message", message);
}

function live(name) {
  return (data) => {
    document.body.classList.remove("loading");
    state.set(name, data);
  };
}

function announce(message) {
  byId("announced").textContent = message.reply ? format.plain(message.reply.head) : "";
}

function showAnswer(message) {
  apply(message, true);
  if (message.form) ask(message.form, message.id);
}

// --- what the person does -----------------------------------------------------------------------------------------------

function say(text) {
  frame.show("talk");
  return lines.say(text);
}

/** Says a line for a button of this page: who does not see the chat gets the answer's sentence where they are. */
async function act(text) {
  if (visitor.isStranger()) return visitor.askName(() => act(text));
  pointTo(await lines.say(text));
}

function pointTo(message) {
  if (message?.reply && !message.form && !frame.seen("talk")) frame.notice(format.plain(message.reply.head), () => frame.show("talk"));
}

async function press(action, message, button) {
  if (visitor.isStranger()) return visitor.askName(action.text === "/join" ? null : () => press(action, message, button)); // a name joins
  if (button.ariaBusy) return; // not disabled: that would take the keyboard's place away
  button.ariaBusy = "true";
  pointTo(await lines.press(action.text, message.id));
  button.ariaBusy = null;
}

function refused(sentence, text) {
  if (text !== null) line.restore(text);
  talk.remark(sentence);
  if (!frame.seen("talk")) frame.notice(sentence);
  byId("announced").textContent = sentence;
}

function ask(form, id) {
  dialogs.openForm(form, id, (message) => apply(message, true));
}

/** A command somebody wrote about, into the command line: up to where its arguments are only described. */
function insert(text) {
  type(text.replace(/\s*[[<].*$/, " "));
}

function type(text) {
  if (visitor.isStranger()) return visitor.askName(() => type(text));
  frame.show("talk");
  line.set(text);
}

/** A price was tapped: `{outcome, name, side, action, amount?}`. */
function pick(wish) {
  const opened = ticket.open({ market: state.get("market")?.market ?? null, ...wish });
  if (opened === false) type(`/${wish.action} ${format.typed(wish.name)} ${wish.side} ${wish.amount ?? ""}`);
}

function joined() {
  seen.clear();
  news.clear();
  talk.clear();
  first = true;
  events.restart();
  if (!frame.narrow() && !ticket.isOpen()) line.focus();
}

/** A line begun over the winner's screen is not lost: it makes way. */
keyboard.start((event) => {
  if (visitor.isStranger() || byId("side").inert) return;
  event.target.closest("dialog")?.close();
  frame.show("talk");
  line.focus();
});

state.watch("view", (view) => {
  if (view.name === "run") import("./run.js").then((run) => run.open(handlers), () => frame.notice("The page could not be loaded just now. Reload to try again."));
});

let looked = null;
/** Whether that is the market the room shows, whose number is as good as none. */
function own(number) {
  const market = state.get("market");
  return number === null || Boolean(market?.own_room && market.market === number);
}
state.watch("view", (view) => {
  if (view.market === looked || (own(view.market) && own(looked))) return;
  look(view.market);
});
function look(market) {
  looked = market;
  state.set("account", null);
  state.set("market", null);
  events.look(looked);
}
let up = null;
state.watch("link", (link) => {
  if (link?.up && up === false) visitor.load(); // whoever signed out elsewhere meanwhile is nobody here
  up = link?.up;
});
let resumed = false;
state.watch("visitor", (me) => {
  if (me.name && !resumed) lines.resume(pointTo);
  resumed = true;
});
state.watch("market", (market) => {
  const wanted = state.get("view").market;
  if (market?.tick !== undefined && wanted !== null && wanted !== looked && wanted !== market.market) look(wanted); // the room shows another by now
  const best = market?.rows[0];
  document.title = best?.active ? `${best.name} ${format.price(best.yes)} · Outcry` : "Outcry";
});
