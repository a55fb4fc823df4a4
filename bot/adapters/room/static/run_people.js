// Who is in it, and what an admin changes about one of them; and everything of the market to download.

import * as api from "./api.js";
import { h } from "./dom.js";
import * as parts from "./run_parts.js";

const { format } = parts;

export function members(page) {
  const answer = parts.answers(page);
  const find = parts.field("Find somebody", parts.text({ type: "search", placeholder: "a part of a name" }));
  const body = h("tbody");
  const head = ["", "Name", "Worth", "Gain", "Trades", ""].map((label, index) => h("th", { scope: "col", class: index > 1 && index < 5 ? "n" : undefined }, label || h("span", { class: "unseen" }, index ? "What can be done" : "Place")));
  const table = h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Members" }, h("table", { class: "members" }, h("thead", {}, h("tr", {}, head)), body));
  const none = h("p", { class: "quiet" });
  const turn = h("p", { class: "actions" });
  let at = 1;
  let key = "";
  let open = null; // the number of the member whose forms are shown

  async function load() {
    try {
      const found = await api.get(`api/v1/markets/${page.facts.market}/run/members?name=${encodeURIComponent(find.control.value)}&page=${at}`);
      const next = JSON.stringify([found, open]);
      if (next !== key) draw(found);
      key = next;
    } catch (problem) {
      none.textContent = problem.message;
    }
  }

  function draw(found) {
    none.textContent = found.total ? "" : find.control.value ? "Nobody is called so." : "Nobody has joined yet.";
    body.replaceChildren(...found.rows.flatMap((member) => [row(member), ...(member.number === open ? [forms(member)] : [])]));
    const move = (by, label) => parts.button(label, () => ((at += by), load()));
    turn.replaceChildren(...(found.page > 1 ? [move(-1, "Before")] : []), ...(found.page < found.pages ? [move(1, "After")] : []));
  }

  function row(member) {
    const marks = [member.barred && "barred", member.unranked && "unranked"].filter(Boolean);
    const shown = member.number === open;
    const toggle = h("button", { type: "button", "aria-expanded": String(shown), "aria-label": `Change ${member.name}`, "data-key": `member:${member.number}`, on: { click: () => choose(shown ? null : member.number) } }, shown ? "Close" : "Change");
    const gain = member.worth - member.stake;
    return h("tr", {}, h("td", {}, member.place), h("th", { scope: "row" }, h("bdi", {}, member.name), marks.length ? h("small", {}, ` ${marks.join(", ")}`) : null), h("td", { class: "n" }, format.money(member.worth)), h("td", { class: "n", "data-sign": Math.sign(Math.round(gain / 10_000)) }, format.gain(gain)), h("td", { class: "n" }, member.trades.toLocaleString("en")), h("td", {}, toggle));
  }

  async function choose(number) {
    open = number;
    await load();
    (body.querySelector(`[data-key="member:${number}"]`) ?? find.control).focus();
  }

  function forms(member) {
    const who = `#${member.number}`;
    const amount = parts.field("Grant play money", parts.text({ placeholder: "$50", class: "short" }));
    const why = parts.field("Why", parts.text({ maxlength: 120 }));
    const name = parts.field("Another name", parts.text({ maxlength: 32, value: member.name }));
    const change = (label, word, kind) => {
      const press = parts.button(label, () => answer.send("admin users", { name: who, change: `${word} ${why.control.value}`.trim() }, press).then(load), kind);
      return press;
    };
    const grant = parts.button("Show the grant", () => answer.send("admin grant", { member: who, amount: amount.control.value, reason: why.control.value }, grant));
    const rename = parts.button("Rename", () => answer.send("admin users", { name: who, change: `rename ${name.control.value}` }, rename).then(load));
    return h("tr", { class: "member-forms" }, h("td", { colspan: 6 }, h("div", { class: "pair" }, amount.element, grant), h("div", { class: "pair" }, name.element, rename), why.element, parts.actions(member.barred ? change("Let them buy again", "unbar") : change("Bar from buying …", "bar", "danger"), member.unranked ? change("Give them a place", "ranked") : change("Keep out of ranks", "unranked")), answer.element));
  }

  find.control.addEventListener("input", parts.later(() => ((at = 1), load())));
  return {
    element: h("section", {}, parts.heading("Members", "Best first. Each change stands in the log and is told to the member."), find.element, table, none, turn),
    update: () => !body.contains(document.activeElement?.closest("input")) && load(),
  };
}

/** Every table as CSV and every chart as a picture, asked for by the command and taken from its answer. */
export function files(page) {
  const tables = parts.answers(page);
  const charts = parts.answers(page);
  const exportList = h("ul", { class: "downloads" });
  const graphList = h("ul", { class: "downloads" });
  const outcome = h("select", { "aria-label": "Which outcome" });
  let key = "";

  function item(label, about, ask, extra = null) {
    const press = parts.button(label, () => ask(press));
    return h("li", {}, press, h("span", {}, about), extra);
  }

  async function take(what, press) {
    await tables.send("admin export", { what }, press);
    tables.element.querySelector("a.file")?.click();
  }

  return {
    element: h("section", {}, parts.heading("Downloads", "As they are now, for you alone."), h("h4", {}, "Tables (CSV)"), exportList, tables.element, h("h4", {}, "Charts"), graphList, charts.element),
    update(facts, at) {
      const next = JSON.stringify([facts.exports, facts.graphs, facts.outcomes.length, at.before]);
      if (next === key) return;
      key = next;
      exportList.replaceChildren(...facts.exports.map(([name, about]) => item(name, about, (press) => take(name, press))));
      outcome.replaceChildren(...facts.outcomes.map((one) => h("option", { value: one.typed }, one.name)));
      const graph = (name) => (press) => charts.send("admin graph", { what: name, ...(name === "outcome" ? { outcome: outcome.value } : {}) }, press);
      graphList.replaceChildren(...(at.before ? [h("li", {}, h("span", {}, "There are charts once trading has begun."))] : facts.graphs.map(([name, about]) => item(name, about, graph(name), name === "outcome" ? outcome : null))));
    },
  };
}
