// The bridge to the Telegram app this page is opened in: what it was opened with, and the events both send each other. Their
// names and data are those of core.telegram.org/api/web-events and /api/bots/webapps. In Telegram for the web a page around
// this one is the app: it is heard and spoken to only where it is Telegram's own.

const PARENTS = document.querySelector('meta[name="telegram-origins"]').content.split(" ");
const handlers = new Map();

const launched = new URLSearchParams(location.hash.slice(1));
const asked = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname); // who was signed for stays in no address

/** Who opened it, signed by Telegram; "" where nobody did. */
export const initData = launched.get("tgWebAppData") ?? "";

/** What the link or button that opened it was about: `m7`, a market. It proves nothing. */
export const start = asked.get("tgWebAppStartParam") ?? "";

/** The colours of Telegram's theme, by Telegram's names. */
export const themeParams = read(launched.get("tgWebAppThemeParams")) ?? {};

/** Whether the app knows what came with this version of the Bot API, such as "7.7". */
export function knows(version) {
  const [major, minor] = (launched.get("tgWebAppVersion") ?? "6.0").split(".").map(Number);
  const [since, step] = version.split(".").map(Number);
  return major > since || (major === since && minor >= step);
}

/** Sends an event to the app. */
export function post(type, data = null) {
  const proxy = window.TelegramWebviewProxy;
  if (proxy) proxy.postEvent(type, JSON.stringify(data));
  else if (window.external && "notify" in window.external) window.external.notify(JSON.stringify({ eventType: type, eventData: data }));
  else if (window.parent !== window) for (const origin of parents()) window.parent.postMessage(JSON.stringify({ eventType: type, eventData: data }), origin);
}

const told = new Map(); // type to what the app knows

/** Sends it where it says something else than the last of its type. */
export function tell(type, data) {
  const text = JSON.stringify(data);
  if (told.get(type) === text) return;
  told.set(type, text);
  post(type, data);
}

/** Calls back with the data of each event of that type. */
export const on = (type, callback) => handlers.set(type, callback);

/** Whose page is around this one: Telegram's, or it hides whose it is and whichever of Telegram's it is will hear. */
function parents() {
  const around = location.ancestorOrigins?.[0];
  return around === undefined || around === "null" ? PARENTS : PARENTS.filter((origin) => origin === around);
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function receive(type, data) {
  handlers.get(type)?.(data ?? {});
}

addEventListener("message", (event) => {
  if (event.source !== window.parent || !PARENTS.includes(event.origin)) return;
  const message = read(event.data);
  if (message?.eventType) receive(String(message.eventType), message.eventData);
});

// by these names the apps on phones and desks call it
window.Telegram = { WebView: { receiveEvent: receive } };
window.TelegramGameProxy = { receiveEvent: receive };
