// One's own result as a picture to share, drawn on demand from what the page knows: nothing of anybody else is on it. Names are
// text and stay text; what is read from the right stands apart, so that the figure behind it stays behind it.

import * as api from "./api.js";
import * as format from "./format.js";

const [WIDTH, HEIGHT, EDGE] = [1200, 630, 64];
const HIDDEN = /[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const FONT = '-apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';

/** `3rd of 21`; without a place where they are kept out of ranks or have not traded. */
export function placed(ended) {
  return ended.place ? `${ended.place} of ${ended.of}` : "Not ranked";
}

/** `+$412.30 (+41%)`; `gain_share` is in millionths. */
export function gained(ended) {
  return `${format.gain(ended.gain)} (${format.share(ended.gain_share)})`;
}

/** Draws it and hands it to the system's share sheet, else saves it. Returns what the button says then. */
export async function share(facts) {
  const blob = await picture(facts);
  const file = new File([blob], "outcry.png", { type: "image/png" });
  if (navigator.canShare?.({ files: [file] })) {
    try {
      await navigator.share({ files: [file], title: facts.market.title });
      return "Shared";
    } catch (problem) {
      if (problem.name === "AbortError") return null;
    }
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return "Saved";
}

/** A PNG of 1200 by 630. */
export async function picture(facts) {
  const [chart, trades] = await Promise.all([ask(facts, "chart?span=all"), ask(facts, "account/trades")]);
  const canvas = draw({ ...facts, chart, trades: trades?.trades ?? trades ?? [] });
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** What is not there is left out of the picture. */
async function ask({ market }, what) {
  try {
    return await api.get(`api/v1/markets/${market.market}/${what}`);
  } catch {
    return null;
  }
}

/** The canvas; `facts`: {market, moment, account, visitor, chart, trades}. */
export function draw(facts) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const colour = (variable) => style.getPropertyValue(`--${variable}`).trim();
  const of = (outcome) => colour(`o${outcome % 10}`);
  const winners = facts.moment.winners;
  pen.fillStyle = colour("panel");
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  winners.slice(0, 4).forEach((winner, place, all) => {
    pen.fillStyle = of(winner);
    pen.fillRect((WIDTH / all.length) * place, 0, WIDTH / all.length, 16);
  });
  path(pen, facts, of, colour);
  const write = writer(pen);
  write(facts.market.title, EDGE, 84, { size: 28, colour: colour("quiet"), most: 840 });
  write("Outcry", WIDTH - EDGE, 84, { size: 28, weight: 700, colour: colour("accent"), align: "right" });
  const { ended } = facts.account;
  const lost = ended.gain < 0;
  write(facts.visitor?.name ?? "", EDGE, 178, { size: 72, weight: 750, colour: colour("ink"), most: WIDTH - 2 * EDGE });
  write(placed(ended), EDGE, 250, { size: 40, weight: 650, colour: colour("quiet"), most: 600 });
  write(gained(ended), EDGE, 336, { size: 64, weight: 750, colour: lost ? colour("ink") : colour("good"), most: WIDTH - 2 * EDGE });
  write(result(facts), EDGE, HEIGHT - 86, { size: 30, weight: 600, colour: colour("ink"), most: WIDTH - 2 * EDGE });
  write(best(facts), EDGE, HEIGHT - 42, { size: 26, colour: colour("quiet"), most: WIDTH - 2 * EDGE });
  return canvas;
}

const outcomeName = (market, outcome) => market.rows.find((row) => row.o === outcome)?.name ?? `#${outcome + 1}`;

function result({ market, moment }) {
  const names = moment.winners.slice(0, 3).map((winner) => apart(outcomeName(market, winner)));
  return moment.winners.length === 1 ? `${names[0]} won.` : `${names.join(", ")}${moment.winners.length > 3 ? " …" : ""} shared the win.`;
}

/** One's purchase that brought most, by what a right token pays. */
function best({ market, moment, trades }) {
  if (moment.winners.length !== 1) return "";
  const right = trades.filter((trade) => trade.buy && (trade.side === "yes") === moment.winners.includes(trade.o) && trade.size > trade.amount);
  const most = right.sort((one, other) => other.size - other.amount - (one.size - one.amount))[0];
  return most ? `Best buy: ${format.tokens(most.size)} ${apart(outcomeName(market, most.o))} ${most.side.toUpperCase()} at ${format.price(most.price)}` : "";
}

const tidy = (text) => text.replace(HIDDEN, "");
/** Isolated from the sentence around it. */
const apart = (text) => `\u2068${tidy(text)}\u2069`;

function writer(pen) {
  return (text, x, y, { size, colour, weight = 400, align = "left", most = WIDTH }) => {
    pen.font = `${weight} ${size}px ${FONT}`;
    pen.fillStyle = colour;
    pen.textAlign = align;
    pen.direction = "ltr";
    pen.fillText(shortened(pen, text.includes("\u2068") ? text : apart(text), most), x, y);
  };
}

/** Cut with an ellipsis where it is wider. */
function shortened(pen, text, most) {
  if (pen.measureText(text).width <= most) return text;
  const signs = [...text];
  while (signs.length > 1 && pen.measureText(`${signs.join("")}…`).width > most) signs.pop();
  return `${signs.join("")}…\u2069`;
}

/** How the winner's price went, below the figures, and where one bought and sold. */
function path(pen, { chart, trades, moment }, of, colour) {
  if (!chart?.times?.length) return;
  const [left, right, top, bottom] = [EDGE, WIDTH - EDGE, 376, HEIGHT - 138];
  const [first, last] = [chart.times[0], Math.max(chart.times.at(-1), chart.times[0] + 1)];
  const x = (at) => left + ((at - first) / (last - first)) * (right - left);
  const y = (yes) => bottom - (yes / 1e6) * (bottom - top);
  const order = [...chart.yes.keys()].sort((one, other) => moment.winners.includes(one) - moment.winners.includes(other));
  for (const outcome of order) {
    const won = moment.winners.includes(outcome);
    pen.strokeStyle = of(outcome);
    pen.globalAlpha = won ? 0.95 : 0.22;
    pen.lineWidth = won ? 6 : 3;
    pen.lineJoin = "round";
    pen.beginPath();
    let before = null;
    chart.times.forEach((at, index) => {
      const yes = chart.yes[outcome][index];
      if (yes === null || yes === undefined) return;
      if (before === null) pen.moveTo(x(at), y(yes));
      else (pen.lineTo(x(at), y(before)), pen.lineTo(x(at), y(yes)));
      before = yes;
    });
    pen.stroke();
  }
  pen.globalAlpha = 1;
  for (const trade of trades) {
    const yes = trade.side === "yes" ? trade.price : 1e6 - trade.price;
    pen.beginPath();
    pen.arc(x(trade.at), y(yes), 7, 0, 2 * Math.PI);
    pen.fillStyle = trade.buy ? of(trade.o) : colour("panel");
    pen.strokeStyle = trade.buy ? colour("panel") : of(trade.o);
    pen.lineWidth = 3;
    pen.fill();
    pen.stroke();
  }
}
