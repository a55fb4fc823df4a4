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
  const write = writer(pen);
  const { ended } = facts.account;
  write(facts.market.title, EDGE, 84, { size: 28, colour: colour("quiet"), most: 840 });
  write("Outcry", WIDTH - EDGE, 84, { size: 28, weight: 700, colour: colour("accent"), align: "right" });
  const place = placed(ended);
  write(place, WIDTH - EDGE, 166, { size: 48, weight: 700, colour: colour("quiet"), align: "right" });
  const beside = WIDTH - 2 * EDGE - pen.measureText(place).width - 40;
  write(facts.visitor?.name ?? "", EDGE, 166, { size: 56, weight: 750, colour: colour("ink"), most: beside });
  const sum = format.gain(ended.gain);
  const tone = ended.gain > 0 ? colour("good") : colour("ink");
  write(sum, EDGE, 284, { size: 104, weight: 800, colour: tone, most: 800 });
  const wide = pen.measureText(sum).width;
  write(format.share(ended.gain_share), EDGE + Math.min(wide, 800) + 32, 284, { size: 52, weight: 650, colour: tone, most: WIDTH - 2 * EDGE - wide - 32 });
  const worth = went(facts);
  if (worth) ownPath(pen, worth, tone, colour);
  else prices(pen, facts, of, colour);
  write(result(facts), EDGE, HEIGHT - 74, { size: 30, weight: 600, colour: colour("ink"), most: WIDTH - 2 * EDGE });
  write(best(facts), EDGE, HEIGHT - 34, { size: 26, colour: colour("quiet"), most: WIDTH - 2 * EDGE });
  return canvas;
}

const outcomeName = (market, outcome) => market.rows.find((row) => row.outcome === outcome)?.name ?? `#${outcome + 1}`;

function result({ market, moment }) {
  const names = moment.winners.slice(0, 3).map((winner) => apart(outcomeName(market, winner)));
  return moment.winners.length === 1 ? `${names[0]} won.` : `${names.join(", ")}${moment.winners.length > 3 ? " …" : ""} shared the win.`;
}

/** One's purchase that brought most, by what a right token pays. */
function best({ market, moment, trades }) {
  if (moment.winners.length !== 1) return "";
  const right = trades.filter((trade) => trade.buy && (trade.side === "yes") === moment.winners.includes(trade.outcome) && trade.size > trade.amount);
  const most = right.sort((one, other) => other.size - other.amount - (one.size - one.amount))[0];
  return most ? `Best buy: ${format.tokens(most.size)} ${apart(outcomeName(market, most.outcome))} ${most.side.toUpperCase()} at ${format.price(most.price)}` : "";
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

/** The frame of a line below the figures: from, to, and where a moment and a share of the height lie. */
function frame(times) {
  const [left, right, top, bottom] = [EDGE, WIDTH - EDGE, 326, HEIGHT - 130];
  const [first, last] = [times[0], Math.max(times.at(-1), times[0] + 1)];
  return { left, right, bottom, x: (at) => left + ((at - first) / (last - first)) * (right - left), y: (share) => bottom - share * (bottom - top) };
}

/** What one had at each moment, by the board's prices: {times, worth, marks: when one traded}; null where that does not come
 *  to what one ended with (money was granted, or a moment is not known). */
function went({ chart, trades, account: { ended } }) {
  if (!chart?.times?.length || !trades.length) return null;
  const past = trades.toSorted((one, other) => one.at - other.at);
  const held = new Map();
  let cash = ended.stake;
  let next = 0;
  const worth = chart.times.map((at, index) => {
    for (; next < past.length && past[next].at <= at; next++) {
      const { outcome, side, buy, size, amount } = past[next];
      const key = `${outcome} ${side}`;
      held.set(key, (held.get(key) ?? 0) + (buy ? size : -size));
      cash += buy ? -amount : amount;
    }
    let sum = cash;
    for (const [key, tokens] of held) {
      const [outcome, side] = key.split(" ");
      const yes = chart.yes[outcome][index] ?? 0;
      sum += (tokens / 1e6) * (side === "yes" ? yes : 1e6 - yes);
    }
    return sum;
  });
  if (Math.abs(worth.at(-1) - ended.final) > ended.stake * 0.02) return null;
  return { times: chart.times, worth: [...worth.slice(0, -1), ended.final], stake: ended.stake, marks: past.map((trade) => trade.at) };
}

/** One's own line over what one began with, filled between both, a dot for each trade. */
function ownPath(pen, { times, worth, stake, marks }, tone, colour) {
  const { left, right, x, y } = frame(times);
  const [low, high] = [Math.min(stake, ...worth), Math.max(stake, ...worth)];
  const level = (sum) => y(high > low ? (sum - low) / (high - low) : 0.5);
  const line = new Path2D();
  worth.forEach((sum, index) => {
    if (index) line.lineTo(x(times[index]), level(worth[index - 1]));
    line[index ? "lineTo" : "moveTo"](x(times[index]), level(sum));
  });
  const area = new Path2D(line);
  area.lineTo(right, level(stake));
  area.lineTo(left, level(stake));
  area.closePath();
  pen.globalAlpha = 0.18;
  pen.fillStyle = tone;
  pen.fill(area);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour("quiet");
  pen.lineWidth = 2;
  pen.setLineDash([4, 8]);
  pen.stroke(new Path2D(`M${left} ${level(stake)}H${right}`));
  pen.setLineDash([]);
  pen.strokeStyle = tone;
  pen.lineWidth = 6;
  pen.lineJoin = pen.lineCap = "round";
  pen.stroke(line);
  for (const at of [...marks, times.at(-1)]) {
    const index = Math.max(0, times.findLastIndex((time) => time <= at));
    dot(pen, x(Math.max(at, times[0])), level(worth[index]), at === times.at(-1) ? 12 : 7, colour("panel"), tone);
  }
}

function dot(pen, x, y, radius, fill, edge) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fillStyle = radius > 7 ? edge : fill;
  pen.strokeStyle = radius > 7 ? fill : edge;
  pen.lineWidth = 4;
  pen.fill();
  pen.stroke();
}

/** How the prices went, the winner's over the others'. */
function prices(pen, { chart, moment }, of) {
  if (!chart?.times?.length) return;
  const { x, y } = frame(chart.times);
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
      if (before === null) pen.moveTo(x(at), y(yes / 1e6));
      else (pen.lineTo(x(at), y(before / 1e6)), pen.lineTo(x(at), y(yes / 1e6)));
      before = yes;
    });
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
