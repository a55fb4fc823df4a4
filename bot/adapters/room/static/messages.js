// The two lists of messages: announcements (newest first) and the conversation (newest last).

import * as clock from "./clock.js";
import { byId, calm, h, swap } from "./dom.js";
import * as format from "./format.js";
import * as render from "./render.js";

const MOST = 500; // messages kept on the page, each list for itself

/** Puts the newest last, and lets go of the oldest once there are too many. */
function tidy(shown) {
  const order = [...shown].sort(([a], [b]) => a - b);
  shown.clear();
  for (const [, item] of order.splice(0, Math.max(0, order.length - MOST))) item.remove();
  for (const [id, item] of order) shown.set(id, item);
}

/** Announcements. `handlers` as in render.js. */
export function news(handlers) {
  const list = byId("news");
  const shown = new Map();
  return {
    put(message, fresh) {
      const card = h("li", { class: `card tone-${message.reply.tone}`, "data-message": message.id }, when(message), render.reply(message, handlers));
      if (fresh && !calm()) card.classList.add("arrives");
      const old = shown.get(message.id);
      if (old) swap(old, card);
      else list.insertBefore(card, [...shown].filter(([id]) => id < message.id).map(([, item]) => item).at(-1) || null);
      shown.set(message.id, card);
      tidy(shown);
    },
    clear() {
      shown.clear();
      list.replaceChildren();
    },
  };
}

/** The conversation. */
export function talk(handlers) {
  const list = byId("messages");
  const toast = byId("toast");
  const shown = new Map(); // by message id, in order
  const pending = new Map(); // by request: lines on their way
  let target = null;

  let stuck = true; // one reads at the end, and stays there whatever arrives or grows

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const toEnd = () => {
    stuck = true;
    list.scrollTo({ top: list.scrollHeight, behavior: "instant" });
  };
  let last = 0; // where one had scrolled to: only who scrolls back leaves the end
  const sizes = new ResizeObserver(() => {
    if (!list.clientHeight) last = 0; // out of sight
    else if (stuck) toEnd();
  });

  function put(message, fresh) {
    const stay = !fresh || stuck || message.mine;
    const item = conversationItem(message, handlers);
    const old = shown.get(message.id);
    if (old) {
      swap(old, item);
    } else {
      if (message.mine) arrived(message.say ?? message.asked);
      const later = [...shown].find(([id]) => id > message.id);
      list.insertBefore(item, later ? later[1] : ([...pending.values()][0] ?? null));
      if (fresh && !calm()) item.classList.add("arrives");
    }
    shown.set(message.id, item);
    sizes.observe(item);
    tidy(shown);
    if (stay && (!old || item === list.lastElementChild || pending.size)) toEnd();
    else if (fresh) point(message, item, Boolean(old));
  }

  /** The stream may bring a line back before its own request is answered: it is on its way no longer. */
  function arrived(text) {
    for (const [request, item] of pending) {
      if (item.dataset.text !== text) continue;
      item.remove();
      pending.delete(request);
      return;
    }
  }

  /** Says what arrived out of sight, and goes there when pressed. */
  function point(message, item, edited) {
    const box = list.getBoundingClientRect();
    const at = item.getBoundingClientRect();
    if (at.top >= box.top && at.bottom <= box.bottom) return;
    if (edited && !message.private) return;
    target = item;
    const words = message.reply ? format.plain(message.reply.head) : `\u2068${message.author}\u2069: ${message.say ?? ""}`;
    toast.replaceChildren(h("span", {}, words), h("span", { class: "go", "aria-hidden": "true" }, at.top < box.top ? "↑" : "↓"));
    toast.hidden = false;
  }

  toast.addEventListener("click", () => {
    toast.hidden = true;
    target?.scrollIntoView({ block: "center", behavior: calm() ? "instant" : "smooth" });
    target?.classList.add("arrives");
  });
  const scrolled = () => {
    if (!list.clientHeight) return;
    if (atEnd()) stuck = true;
    else if (list.scrollTop < last) stuck = false;
    last = list.scrollTop;
    if (stuck) toast.hidden = true;
  };
  list.addEventListener("scroll", scrolled, { passive: true });
  sizes.observe(list);

  return {
    put,
    toEnd,
    /** A line that is on its way, shown until it has an answer. */
    pending(request, text) {
      const item = h("li", { class: "say mine pending", "data-text": text }, h("div", { class: "bubble" }, h("span", { class: "unseen" }, "You, being sent: "), h("p", { dir: "auto" }, text)));
      pending.set(request, item);
      list.append(item);
      toEnd();
    },
    settled(request) {
      pending.get(request)?.remove();
      pending.delete(request);
    },
    clear() {
      shown.clear();
      list.replaceChildren(...pending.values());
      toast.hidden = true;
    },
    /** A sentence of this page's own: nobody else has it, and it is gone with the page. */
    remark(sentence) {
      list.append(h("li", { class: "card tone-bad remark" }, h("p", { class: "headline" }, sentence)));
      toEnd();
    },
    get empty() {
      return shown.size === 0;
    },
  };
}

function conversationItem(message, handlers) {
  if (message.note === "joined") return h("li", { class: "note" }, h("b", { dir: "auto" }, message.author), " is here.");
  if (message.say !== undefined) {
    const who = message.mine ? h("span", { class: "unseen" }, "You: ") : h("b", { dir: "auto" }, message.author);
    return h("li", { class: message.mine ? "say mine" : "say" }, h("div", { class: "bubble", title: format.momentInFull(message.at) }, who, h("p", { dir: "auto" }, message.say)));
  }
  const asked = message.asked ? h("p", { class: message.mine ? "asked mine" : "asked" }, message.mine ? h("span", { class: "unseen" }, "You typed ") : h("span", {}, h("bdi", {}, message.author), " asked "), h("span", { class: "typed", dir: "auto" }, message.asked)) : null;
  const card = h("div", { class: `card tone-${message.reply.tone}` }, render.reply(message, handlers), footer(message));
  return h("li", { class: "answer", "data-message": message.id }, asked, card);
}

function footer(message) {
  return h("p", { class: "foot" }, message.private ? h("span", { class: "only" }, lock(), "only you see this") : null, when(message));
}

function lock() {
  return h("i", { class: "lock", "aria-hidden": "true" });
}

function when(message) {
  const at = message.edited ?? message.at;
  return h("time", { class: "when", datetime: new Date(at).toISOString(), title: format.momentInFull(at) }, format.moment(at, clock.now()));
}
