// Telegram's theme as the page's colours: dark or light as Telegram is, and its colours as far as everything on them can still
// be read. A colour that would not do is moved towards the page's own until it does.

const STEPS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const EDGES = ["good", "bad", "wait", "cold", "loud"];
const OUTCOMES = Array.from({ length: 10 }, (_, index) => `o${index}`);
const SET = ["ground", "panel", "raised", "line", "ink", "quiet", "accent", "on-accent"];
const INK = 12;
const QUIET = 5;
const ACCENT = 4.5;
const EDGE = 3; // as in bot/text/palette.py

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const toHex = (parts) => `#${parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
const mix = (from, to, by) => toHex(channels(from).map((part, index) => part + (channels(to)[index] - part) * by));

function luminance(hex) {
  const [red, green, blue] = channels(hex).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Of WCAG 2, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

export const isDark = (hex) => contrast(hex, "#ffffff") > contrast(hex, "#000000");

/** The page's colours by their names, for Telegram's `params` and the page's own colours of the same kind (dark or light). */
export function colours(params, own) {
  const given = (...names) => names.map((name) => params[name]).find((colour) => /^#[0-9a-f]{6}$/i.test(colour ?? ""));
  const fitted = (wanted, fallback, does) => mix(wanted ?? fallback, fallback, STEPS.find((step) => does(mix(wanted ?? fallback, fallback, step))) ?? 1);
  const carries = (marks) => (surface) =>
    contrast(own.ink, surface) >= INK && contrast(own.quiet, surface) >= QUIET && contrast(own.accent, surface) >= ACCENT && marks.every((name) => contrast(own[name], surface) >= EDGE);
  const ground = fitted(given("secondary_bg_color", "bg_color"), own.ground, carries([...EDGES, ...OUTCOMES]));
  const panel = fitted(given("section_bg_color", "bg_color"), own.panel, carries([...EDGES, ...OUTCOMES]));
  const raised = fitted(mix(panel, own.ink, 0.06), own.raised, carries(EDGES));
  const surfaces = [ground, panel, raised];
  const on = (least) => (colour) => surfaces.every((surface) => contrast(colour, surface) >= least);
  const ink = fitted(given("text_color"), own.ink, on(INK));
  const accent = fitted(given("accent_text_color", "link_color", "button_color"), own.accent, on(ACCENT));
  const onAccent = [given("button_text_color"), own["on-accent"], "#ffffff", "#000000"].find((colour) => colour && contrast(colour, accent) >= ACCENT);
  return { ground, panel, raised, line: mix(panel, ink, 0.16), ink, quiet: fitted(given("hint_color"), own.quiet, on(QUIET)), accent, "on-accent": onAccent };
}

/** Paints the page. Returns its colours by name. */
export function apply(params) {
  const root = document.documentElement;
  if (params.bg_color) root.dataset.theme = isDark(params.bg_color) ? "dark" : "light";
  for (const name of SET) root.style.removeProperty(`--${name}`);
  const style = getComputedStyle(root);
  const own = Object.fromEntries([...SET, ...EDGES, ...OUTCOMES].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const painted = colours(params, own);
  for (const [name, colour] of Object.entries(painted)) root.style.setProperty(`--${name}`, colour);
  return painted;
}
