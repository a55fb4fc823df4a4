// Who is out, who has won: names to tap, of those still in. What stands as a claim can be put right until it is paid, what
// came after the result can be cut, and the whole can be called off. Each shows its numbers first.

import { h } from "./dom.js";
import * as parts from "./run_parts.js";
import { proposals } from "./run_live.js";

export function create(page) {
  const answer = parts.answers(page);
  const waiting = proposals(page);
  const asked = h("p", { class: "large" });
  const out = parts.names("Who is out");
  const won = parts.names("Who has won");
  const instead = parts.names("Who it is instead");
  const reason = parts.field("Why (told with it; may be left out)", parts.text({ maxlength: 120, placeholder: "7–1" }));
  const show = (label, command, argument, names) => {
    const press = parts.button(label, send, "primary");
    async function send() {
      const chosen = names.chosen();
      if (!chosen.length) return answer.refused("Tap who it is first.");
      const message = await answer.send(command, { [argument]: chosen.join(", "), reason: reason.control.value }, press);
      if (message?.reply.ok) names.clear();
    }
    return press;
  };
  const outPart = h("div", { class: "deed" }, h("h4", {}, "Who is out?"), h("p", { class: "quiet" }, "Tap one or several. Holders of NO are paid, and trading goes on with the rest."), out.element, parts.actions(show("Show what it does", "admin eliminate", "outcomes", out)));
  const wonPart = h("div", { class: "deed" }, h("h4", {}, "Who has won?"), h("p", { class: "quiet" }, "Only who is still in. Several share the win where it is a dead heat."), won.element, parts.actions(show("Show what it pays", "admin resolve", "winner", won)));
  const claim = h("p", {});
  const correctPart = h("div", { class: "deed" }, h("h4", {}, "Put it right"), claim, instead.element, parts.actions(show("Show the correction", "admin correct", "outcomes", instead)));

  const moment = parts.picker({ step: 1 });
  const known = parts.field("When was the result known?", moment.control, "");
  const because = parts.field("Why", parts.text({ maxlength: 120, placeholder: "the result was out on the radio" }));
  const cutting = parts.button("Show what would be undone", cut);
  const shut = h("p", { class: "quiet" });
  const cutPart = h("details", { class: "fold" }, h("summary", {}, "Undo what came after the result was known"), h("p", { class: "quiet" }, "The market becomes what it would be had those orders never come. Everybody concerned is told."), shut, known.element, because.element, parts.actions(cutting));
  const calledOff = parts.field("Why", parts.text({ maxlength: 120, placeholder: "the match was abandoned" }));
  const off = parts.button("Show what calling it off does", () => answer.send("admin void", { reason: calledOff.control.value }, off), "danger");
  const voidPart = h("details", { class: "fold" }, h("summary", {}, "Call the whole market off"), h("p", { class: "quiet" }, "As if it had never been: everybody ends with what they were given."), calledOff.element, parts.actions(off));
  const nothing = h("p", {}, "There is nothing to decide now.");

  async function cut() {
    const at = moment.typed();
    known.wrong(at ? "" : "Say when.");
    because.wrong(because.control.value.trim() ? "" : "Say why; it is told with it.");
    if (at && because.control.value.trim()) await answer.send("admin cut", { moment: at, reason: because.control.value }, cutting);
  }

  return {
    element: h("section", {}, parts.heading("Decide"), asked, waiting.element, outPart, wonPart, correctPart, reason.element, answer.element, cutPart, voidPart, nothing),
    update(facts, at) {
      const running = !at.before && !at.over;
      const still = facts.outcomes.filter((outcome) => outcome.active);
      const name = (number) => facts.outcomes[number]?.name ?? "";
      asked.textContent = !running ? "" : facts.claim ? "" : facts.asked ? (facts.asked.final ? "The final is to be decided: who has won?" : `Round ${facts.asked.round + 1} is to be decided: ${facts.asked.takes === 1 ? "who is" : `which ${facts.asked.takes} are`} out?`) : "No round asks for anything now. What you decide anyway may need a second admin.";
      waiting.update(facts);
      outPart.hidden = !running || Boolean(facts.claim) || Boolean(facts.asked?.final) || still.length < 3;
      wonPart.hidden = !running || Boolean(facts.claim);
      correctPart.hidden = !running || !facts.claim;
      if (facts.claim) {
        const named = facts.claim.winners.length ? facts.claim.winners : facts.claim.losers;
        claim.textContent = `${named.map(name).join(", ")} ${named.length === 1 ? "is" : "are"} named ${facts.claim.winners.length ? "the winner" : "out"}; paid ${parts.when(facts.claim.until)}. Until then you can name another.`;
      }
      for (const names of [out, won, instead]) names.update(still);
      reason.element.hidden = cutPart.hidden = voidPart.hidden = !running;
      const isShut = ["frozen", "paused", "disputed"].includes(facts.state);
      shut.textContent = isShut ? "" : "Trading is open: freeze it first, under Run.";
      cutting.disabled = !isShut;
      known.note(`In your zone, ${parts.zoneShown(facts.now)}.`);
      nothing.hidden = running;
    },
  };
}
