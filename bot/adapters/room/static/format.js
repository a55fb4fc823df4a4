// Figures as people read them. Prices arrive in millionths of a dollar and show tenths of a cent.

const MINUS = "\u2212";

/** Tenths of a cent: the grain in which prices are shown, and by which one tells whether a price moved. */
export const tenths = (micro) => Math.round(micro / 1000);

/** `50.6¢` */
export const price = (micro) => `${(tenths(micro) / 10).toFixed(1)}¢`;

/** `+0.4`, `−0.2`, `±0.0` */
export function change(micro) {
  const moved = tenths(micro);
  if (moved === 0) return "±0.0";
  return `${moved > 0 ? "+" : MINUS}${(Math.abs(moved) / 10).toFixed(1)}`;
}

/** Whole dollars from $100 on, else with cents. */
export function money(micro) {
  const size = Math.abs(micro) / 1e6;
  const digits = size >= 100 || size === 0 ? 0 : 2;
  const shown = size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${micro < 0 ? MINUS : ""}$${shown}`;
}

/** Money of one's own: to the cent, as long as it is not very much. */
export function exact(micro) {
  const digits = Math.abs(micro) < 1e11 ? 2 : 0;
  return `${micro < 0 ? MINUS : ""}$${(Math.abs(micro) / 1e6).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** A name as it is typed in a command. */
export const typed = (name) => (/[\s=,;"]/.test(name) ? `"${name.replaceAll('"', "")}"` : name).toLowerCase();

/** `2 d 04 h`, `04:12:09`, `12:09`, `0:09`: never longer than eight signs. */
export function span(ms) {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [days, hours, minutes, seconds] = [all / 86400, (all / 3600) % 24, (all / 60) % 60, all % 60].map(Math.floor);
  if (days) return `${days} d ${two(hours)} h`;
  if (hours) return `${two(hours)}:${two(minutes)}:${two(seconds)}`;
  return `${minutes}:${two(seconds)}`;
}

/** `18 s`, `4 min`: a rough span of the reader's own time. */
export function rough(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A moment in the reader's zone: the hour where it is within half a day of `now`, else with its day; in full for tooltips. */
export const moment = (ms, now = null) => (now !== null && Math.abs(now - ms) < 43_200_000 ? HOUR : DAY).format(ms);
export const momentInFull = (ms) => FULL.format(ms);

/** What a line of parts says, without its looks. */
export const plain = (line) => line.map((part) => part.x ?? moment(part.at)).join("");

/** `14 KB` */
export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${Math.round(bytes / 1000)} KB`);

/** `+$12.40`, `−$3.10`, `$0.00` */
export const gain = (micro) => (Math.round(micro / 10_000) === 0 ? "$0.00" : `${micro > 0 ? "+" : ""}${exact(micro)}`);

/** A number of tokens, at most two digits behind the point. */
export const tokens = (micro) => (micro / 1e6).toLocaleString("en-US", { maximumFractionDigits: 2 });

/** `+12.45%`, `−4%`, of millionths: as in the announcements. */
export function share(millionths) {
  const percent = Math.round(millionths / 100) / 100;
  return `${percent > 0 ? "+" : percent < 0 ? MINUS : ""}${Math.abs(percent)}%`;
}
