// The steps of an event, which of them is the present one, and what is missing in each.

export const STEPS = [
  ["create", "Event"],
  ["wording", "What decides"],
  ["timetable", "Timetable"],
  ["terms", "Terms"],
  ["preview", "Preview"],
  ["open", "Open"],
  ["start", "Start"],
  ["run", "Run"],
  ["decide", "Decide"],
  ["over", "Over"],
];
const OVER = new Set(["resolved", "closed", "voided"]);
const ORDER = new Map(STEPS.map(([id], index) => [id, index]));

/** `{present, over, before, steps: id to {done, closed, missing}}`; `facts` null: there is no market yet. */
export function state(facts) {
  const before = !facts || facts.state === "draft" || facts.state === "lobby";
  const over = Boolean(facts) && OVER.has(facts.state);
  const present = facts ? facts.present : "create";
  const steps = {};
  for (const [id] of STEPS) {
    const done = Boolean(facts) && ORDER.get(id) < ORDER.get(present) && !missing(id, facts);
    const later = ["start", "run", "decide", "over"].includes(id) && ORDER.get(id) > ORDER.get(present);
    steps[id] = { done, closed: !facts ? id !== "create" : later && !(id === "decide" && !before), missing: missing(id, facts) };
  }
  return { present, over, before, steps };
}

/** What an admin should still see to, in a few words. */
function missing(id, facts) {
  if (!facts) return "";
  if (OVER.has(facts.state)) return "";
  if (id === "wording" && !facts.wordings.length) return "nothing written";
  if (id === "timetable" && !facts.timetable.set) return "as usual";
  if (id === "terms" && facts.warnings.length) return facts.warnings.length === 1 ? "a warning" : `${facts.warnings.length} warnings`;
  if (id === "decide" && facts.asked) return facts.asked.final ? "who won?" : "who is out?";
  if (id === "decide" && facts.approvals.length) return "one to approve";
  if (id === "run" && facts.halted) return "halted";
  return "";
}
