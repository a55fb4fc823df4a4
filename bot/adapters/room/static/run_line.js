// A timetable as a picture: a line of time on which trading and freezes lie as long as they are, within reason. What lasts
// days stands beside what lasts minutes, so lengths grow with their logarithm.

import { h } from "./dom.js";
import * as format from "./format.js";

const LEAST_MS = 60_000;
const grow = (ms) => Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS + 2).toFixed(2);

/** `rounds`: `{freeze, decide, final, count, out?}`, times in milliseconds, of a moment or after the start. `start`: where the line begins.
 *  `relative`: times count from it. `now`: a moment to mark, or null. */
export function picture({ start, rounds, relative, now = null }) {
  const pieces = [];
  let at = start;
  rounds.forEach((round, index) => {
    const name = round.final ? "Final" : `Round ${index + 1}`;
    pieces.push({ kind: "trading", from: at, to: round.freeze, label: "trading" });
    pieces.push({ kind: round.final ? "final" : "freeze", from: round.freeze, to: round.decide, label: name, round });
    at = round.decide;
  });
  const tell = (ms) => (relative ? (ms === start ? "start" : `+${lasting(ms - start)}`) : format.moment(ms));
  const spoken = rounds.map((round, index) => `${round.final ? "The final" : `Round ${index + 1}`} freezes ${tell(round.freeze)} and is decided ${tell(round.decide)}.`).join(" ");
  const crowded = rounds.length > 4;
  return h(
    "div",
    { class: crowded ? "time-line crowded" : "time-line", role: "img", "aria-label": `Trading begins ${tell(start)}. ${spoken}` },
    h(
      "div",
      { class: "pieces" },
      pieces.map((piece) => {
        const long = Math.max(0, piece.to - piece.from);
        const here = now !== null && now >= piece.from && now < piece.to;
        const mark = here ? h("i", { class: "now-mark", vars: { "--at": `${(((now - piece.from) / long) * 100).toFixed(1)}%` } }) : null;
        const freezes = piece.kind !== "trading";
        return h("span", { class: `piece ${piece.kind}`, vars: { "--long": grow(long) }, title: `${piece.label}: ${tell(piece.from)} to ${tell(piece.to)}` }, h("i", { class: "bar" }, mark), h("b", {}, freezes ? (crowded ? piece.label.replace(/^Round |inal$/g, "") : piece.label) : long ? lasting(long) : ""), freezes ? h("small", {}, long ? lasting(long) : "at once") : null);
      }),
    ),
    h("div", { class: "ends" }, h("span", {}, relative ? "The start" : tell(start)), h("span", {}, tell(at))),
  );
}

/** `2 d 4 h`, `30 min`: a length in its two largest units. */
export function lasting(ms) {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];
  const parts = [];
  let rest = Math.round(ms / 1000) * 1000;
  for (const [name, each] of units) {
    const whole = Math.floor(rest / each);
    if (whole && parts.length < 2) parts.push(`${whole} ${name}`);
    rest -= whole * each;
  }
  return parts.join(" ") || "0 s";
}
