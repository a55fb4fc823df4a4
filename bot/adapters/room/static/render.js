// Replies as elements: lines, tables, charts, buttons, files. What a reply says is data; nothing in it is markup.

import * as api from "./api.js";
import * as board from "./board.js";
import * as clock from "./clock.js";
import { h } from "./dom.js";
import * as format from "./format.js";

const MOST_TRIES = 2; // to get a chart that others wait for too
const TRY_AGAIN_MS = 4000;
const SAID_MS = 2000; // for so long a button says that it has copied
const TAGS = { bold: "strong", strike: "s", quiet: "span" };

/** The inside of a card for `message.reply`. `handlers` has press, insert, openForm, enlarge. */
export function reply(message, handlers) {
  const { head, blocks = [], files = [] } = message.reply;
  const shown = buttons(message, handlers);
  return [
    head.length ? h("p", { class: "headline" }, line(head, handlers)) : null,
    ...blocks.map((block, index) => show(block, index, message, handlers)),
    ...files.map((file, index) => fileLink(file, index, message)),
    shown.length ? h("div", { class: "actions" }, shown) : null,
  ];
}

/** What one can press below a reply. */
export function buttons(message, handlers) {
  const { actions = [], form } = message.reply;
  const offered = message.channel === "news" ? actions.filter((action) => action.text !== "/board") : actions; // it is in sight
  return [...offered.map((action) => button(action, message, handlers)), ...(form ? [formButton(form, message, handlers)] : [])];
}

export function line(parts, handlers) {
  return parts.flatMap((part) => (part.at === undefined ? span(part, handlers) : stamp(part)));
}

const MEDALS = { "\u{1F947}": 1, "\u{1F948}": 2, "\u{1F949}": 3 };

/** Medals are drawn: not every machine has a font with them. */
function medal(text) {
  const sign = [...text][0];
  const place = MEDALS[sign];
  return [h("i", { class: "medal", "data-place": place, role: "img", "aria-label": `Place ${place}` }, String(place)), text.slice(sign.length)];
}

function span(part, handlers) {
  if (part.s === "code") return part.x.startsWith("/") ? codeButton(part.x, handlers) : h("code", {}, part.x);
  if (MEDALS[[...part.x][0]]) return medal(part.x);
  const kids = part.o === undefined ? [part.x] : [board.chip(part.o), h("bdi", {}, part.x)];
  if (!part.s && part.o === undefined) return document.createTextNode(part.x);
  return h(TAGS[part.s] || "span", { class: [part.s, part.o === undefined ? "" : "outcome"].join(" ").trim() || undefined }, kids);
}

function codeButton(text, handlers) {
  return h("button", { type: "button", class: "code", title: "Put it in the command line", "data-key": `code:${text}`, on: { click: () => handlers.insert(text) } }, text);
}

function stamp(part) {
  const time = h("time", { datetime: new Date(part.at).toISOString(), title: format.momentInFull(part.at) });
  if (!part.cd) {
    time.textContent = format.moment(part.at);
    return time;
  }
  const beat = () => {
    const left = part.at - clock.now();
    time.textContent = left > 0 ? `in ${format.span(left)}` : format.moment(part.at);
    if (left <= 0 || (drawn && !time.isConnected)) stop();
    drawn ||= time.isConnected;
  };
  let drawn = false;
  const stop = clock.everyBeat(beat);
  time.className = "digits";
  beat();
  return time;
}

function show(block, index, message, handlers) {
  if (block.t === "table") return table(block, handlers);
  if (block.t === "picture") return chart(block, index, message, handlers);
  if (block.t === "code") return h("pre", { class: "copied", tabindex: 0, "aria-label": "To be copied" }, block.text);
  if (block.t === "folded") return h("details", { class: "folded" }, h("summary", {}, line(block.title, handlers)), block.lines.map((row) => h("p", {}, line(row, handlers))));
  if (block.t === "board") {
    const rows = block.rows.map((row) => ({ outcome: row.o, active: row.in, ...row })); // kept messages have short names
    return h("div", { class: "board inline" }, board.create({ ...block, rows }, handlers));
  }
  return h("p", {}, line(block.parts, handlers));
}

function table(block, handlers) {
  const numeric = (index) => (block.cols[index]?.n ? "n" : undefined);
  const head = block.cols.map((column, index) => h("th", { scope: "col", class: numeric(index) }, column.x));
  const length = (cell) => cell.reduce((sum, part) => sum + (part.x?.length ?? 8), 0);
  const kind = (cell, index) => numeric(index) ?? (length(cell) > 30 ? "long" : undefined);
  const rows = block.rows.map((row) => h("tr", {}, row.map((cell, index) => h("td", { class: kind(cell, index) }, line(cell, handlers)))));
  const titled = block.cols.some((column) => column.x);
  return h(
    "div",
    { class: "table" },
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": "Table" },
      h("table", {}, titled ? h("thead", {}, h("tr", {}, head)) : null, h("tbody", {}, rows)),
    ),
    block.more.length ? h("p", { class: "quiet" }, line(block.more, handlers)) : null,
  );
}

/** Draws a chart: in the theme of the page, its address named by the state it shows so that it can be kept. */
function draw(image, tries = 0) {
  const { id, index, seq } = image.dataset;
  const again = tries ? `&try=${tries}` : "";
  api.picture(image, `chart/${id}/${index}?theme=${document.documentElement.dataset.theme}&v=${seq}${again}`);
}

/** All of them, in the theme that is the page's now. */
export function redraw() {
  for (const image of document.querySelectorAll("img.chart")) draw(image);
}

function chart(block, index, message, handlers) {
  let tries = 0;
  const image = h("img", { class: "chart", alt: block.alt || "A chart", loading: "lazy", "data-id": message.id, "data-index": index, "data-seq": message.seq });
  const frame = h("button", { type: "button", class: "figure", "aria-label": `Enlarge: ${block.alt || "a chart"}`, "data-key": `chart:${index}`, on: { click: () => handlers.enlarge(image) } }, image);
  image.addEventListener("load", () => frame.classList.add("drawn"));
  image.addEventListener("error", () => {
    if (tries++ < MOST_TRIES) setTimeout(() => draw(image, tries), TRY_AGAIN_MS);
    else frame.replaceWith(h("p", { class: "quiet" }, "The chart could not be drawn just now. ", block.alt));
  });
  draw(image);
  return frame;
}

function fileLink(file, index, message) {
  const link = h("a", { class: "file", download: file.name }, file.name);
  api.file(link, `file/${message.id}/${index}`);
  return h("p", {}, link, h("span", { class: "quiet" }, ` ${format.size(file.size)}`));
}

function button(action, message, handlers) {
  const kind = [action.primary && "primary", action.danger && "danger"].filter(Boolean).join(" ");
  if (action.url) return h("a", { class: `button ${kind}`.trim(), href: action.url, target: "_blank", rel: "noopener noreferrer", "data-key": `to:${action.url}` }, action.label);
  if (action.copy !== undefined) return copyButton(action, kind);
  return h(
    "button",
    { type: "button", class: kind || undefined, disabled: action.disabled, "data-key": `do:${action.text || action.label}`, on: { click: (event) => handlers.press(action, message, event.currentTarget) } },
    action.label,
  );
}

/** Puts a text into the clipboard, and says whether it is there: where the browser does not allow it, it stands in the reply. */
function copyButton(action, kind) {
  const label = h("span", { role: "status" }, action.label);
  const copied = async () => {
    try {
      await navigator.clipboard.writeText(action.copy);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Select it above and copy it";
    }
    setTimeout(() => (label.textContent = action.label), SAID_MS);
  };
  return h("button", { type: "button", class: kind || undefined, disabled: action.disabled, "data-key": `copy:${action.copy}`, on: { click: copied } }, label);
}

function formButton(form, message, handlers) {
  return h("button", { type: "button", class: "primary", "data-key": "form", on: { click: () => handlers.openForm(form, message.id) } }, form.title);
}
