// A chart in words and as a table, for who does not see it or wants the figures.

import { chip } from "./board.js";
import * as data from "./chart_data.js";
import { shown } from "./chart_labels.js";
import * as scale from "./chart_scale.js";
import { h } from "./dom.js";

/** What is shown of each outcome: first, least, most and last value since `from`; the highest last value first. */
export function figures({ series, from = series.times[0], unit, only = null }) {
  const first = data.at(series, from);
  return series.names
    .map((name, outcome) => {
      const values = [];
      for (let point = first; point < series.times.length; point += 1) {
        const value = data.value(series, outcome, point, unit);
        if (value !== null) values.push(value);
      }
      const out = series.exits.has(outcome);
      return values.length ? { outcome, name, out, first: values[0], least: Math.min(...values), most: Math.max(...values), last: values.at(-1) } : null;
    })
    .filter((row) => row && (only === null || row.outcome === only))
    .sort((a, b) => a.out - b.out || b.last - a.last || a.outcome - b.outcome);
}

/** One sentence: who leads and what has happened. */
export function sentence(view) {
  const { series, unit } = view;
  if (!series?.times.length) return "Prices are drawn here once trading has begun.";
  const rows = figures(view);
  if (!rows.length) return "No prices yet.";
  if (series.winners.length) return `${series.winners.map((outcome) => series.names[outcome]).join(" and ")} won.`;
  const best = rows[0];
  const moved = Math.round((best.last - best.first) / 1000) / 10;
  const how = moved ? `, ${moved > 0 ? "up" : "down"} ${Math.abs(moved).toFixed(1)} since ${scale.moment(Math.max(view.from ?? 0, series.times[0]), (view.to ?? series.until) - (view.from ?? series.times[0]))}` : "";
  const out = series.exits.size ? `; ${series.exits.size} ${series.exits.size === 1 ? "is" : "are"} out` : "";
  if (view.only === null) {
    const level = rows.filter((row) => !row.out && shown(row.last, unit) === shown(best.last, unit)).map((row) => row.name);
    const who = level.length === rows.filter((row) => !row.out).length && level.length > 2 ? "All" : level.length > 3 ? `${level.length} outcomes` : level.join(", ").replace(/, ([^,]*)$/, " and $1");
    if (level.length > 1) return `${who} are level at ${shown(best.last, unit)}${out}.`;
  }
  return view.only === null ? `${best.name} leads at ${shown(best.last, unit)}${how}${out}.` : `${best.name} ${best.out ? "ended" : "stands"} at ${shown(best.last, unit)}${how}.`;
}

export function table(view) {
  const head = ["Outcome", "Then", "Lowest", "Highest", "Now"];
  const rows = figures(view).map((row) =>
    h("tr", {}, h("th", { scope: "row" }, chip(row.outcome), h("bdi", {}, row.name), row.out ? h("span", { class: "quiet" }, " out") : null), [row.first, row.least, row.most, row.last].map((value) => h("td", { class: "n" }, shown(value, view.unit)))),
  );
  return h("table", {}, h("caption", { class: "unseen" }, sentence(view)), h("thead", {}, h("tr", {}, head.map((name, place) => h("th", { scope: "col", class: place ? "n" : null }, name)))), h("tbody", {}, rows));
}
