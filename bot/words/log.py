"""What admins did here, as `/admin log` reads it back: who, what, why, what it changed, what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.chat.facts import ROUNDS_LEFT, LogEntry, typed_name
from bot.chat.reply import Entity, Line, Page, Part, Reply, Span, Stamp, bold, code, line, mention, quiet
from bot.text.names import clean
from bot.text.numbers import money, price
from bot.words.admin import why_refused
from bot.words.channel_routes import ROUTES, channel_link
from bot.words.rounds_left import in_short
from bot.words.shared import STATUS_WORDS, page_buttons, people, place, plural, say
from engine.state import Status
from storage.audit import ENTRANCE, PEOPLE, PRIVATE
from storage.records import ActionStatus, ApprovalStatus, AuditRow, Json, Member, Payload

_LONGEST = 60
_LONGEST_OF = {"schedule": 600}  # what is compared is read whole
_FIRST_MOMENT = 10**12  # smaller ones are spans of time
_INTERNAL = {"assumed_start_ms", "key", "request", "head", "intent", ENTRANCE, ROUNDS_LEFT}
_OPTIONAL = {"schedule", "start_ms"}  # said where there is one
_MONEY = {"cash", "given", "balance", "profit", "risk"}  # as numbers; as texts they are what was typed
ROLES = ("admin", "ping")
"""What names a role by its number (`/admin roles`)."""

_LABELS = {
    "about": "what decides:",
    "kind": "to",
    "user": "member",
    "moment": "back to",
    "profit": "the house’s profit",
    "risk": "at risk",
}
_STATUSES = frozenset(status.value for status in Status)
_COUNTED = {"orders": "order", "people": "", "trades": "trade"}
_DEEDS = {"add": "added to what decides"}  # those that no command is called


def log(
    page: Page[LogEntry],
    names: Mapping[int, str],
    again: str,
    person: int | None,
    outcomes: Sequence[str] = (),
    of: Member | None = None,
) -> Reply:
    """Newest first; of what asked something of the next tick also what became of it. `of`: the one it is about."""
    whose = f" about {clean(of.name)}" if of is not None else ""
    if not page.total:
        return say(f"Nothing has been done here yet{whose}.")
    rows: list[Line] = []
    for entry in page.rows:
        row = entry.row
        why = f": {clean(row.reason)}" if row.reason else ""
        who = bold(_who(row.actor, names))
        deed = _DEEDS.get(row.action, clean(row.action))
        rows.append(line(Stamp(row.ts_ms), " ", who, _entrance(row), f" · {deed}{why}", *_became(entry, names)))
        second = _by_approval(row, names)
        after = {name: value for name, value in row.after.items() if (name, value) != ("kind", row.action)}
        changed = (*changes(row.before, after, outcomes, names), *_rounds(row.after))
        if changed or second:
            rows.append(line(quiet("   "), *second, *([quiet(" · ")] if changed and second else []), *changed))
    count = "1 entry" if page.total == 1 else f"{page.total:,} entries"
    head = f"{count}{whose} in the log, newest first.{place(page)}"
    return say(head, blocks=rows, actions=page_buttons(again, page, person))


def _entrance(row: AuditRow) -> Span:
    """` on the page`, ` in private`, ` by key 3`; nothing for who did it in their chat."""
    entrance = str(row.after.get(ENTRANCE, ""))
    if entrance in ("page", PRIVATE):
        return quiet(" on the page" if entrance == "page" else " in private")
    return quiet(f" by {entrance}") if entrance else Span("")


def _became(entry: LogEntry, names: Mapping[int, str]) -> list[Part]:
    """`, done in tick 12`, `, refused: trading is frozen already`, `, waits for the next tick`; nothing for what was
    done as it was said."""
    action, proposal = entry.action, entry.proposal
    if action is not None:
        kind = str(action.payload.get("kind", action.kind))
        if action.status is ActionStatus.PENDING:
            return [Span(", waits for the next tick")]
        if action.status is ActionStatus.DONE:
            return [quiet(f", done in tick {action.tick:,}" if action.tick is not None else ", done")]
        why = why_refused(kind, action.reason).rstrip(".") if action.reason else "the market stood still"
        return [bold(", refused"), Span(f": {why}; nothing of it happened")]
    if proposal is not None:
        if proposal.status is ApprovalStatus.APPROVED:
            return [quiet(f", approved by {_who(proposal.decided_by, names)}")]
        if proposal.declined:
            return [bold(f", turned down by {_who(proposal.decided_by, names)}")]
        if proposal.status is ApprovalStatus.LAPSED or not entry.stands:
            return [bold(", lapsed"), Span(": the market moved on first")]
        return [Span(", waits: "), code(f"/admin approve {proposal.number}")]
    return []


def _by_approval(row: AuditRow, names: Mapping[int, str]) -> list[Part]:
    """Whose proposal an approved deed was."""
    number, proposer = row.before.get("approval"), row.before.get("proposer")
    if not isinstance(number, int) or not isinstance(proposer, int):
        return []
    return [quiet(f"approved proposal {number} of {_who(proposer, names)}")]


def _who(actor: int | None, names: Mapping[int, str]) -> str:
    if actor is None:
        return "the bot"
    return clean(names.get(actor, "")) or f"somebody who was erased (number {actor})"


def changes(
    before: Payload, after: Payload, outcomes: Sequence[str] = (), names: Mapping[int, str] | None = None
) -> Line:
    """`status Draft → Lobby · fee 2%`: what was not so before; what is only in `before` is what it rested on.
    `names` of people by number."""
    old, parts, known = dict(_flat(before)), list[Part](), names or {}
    for name, value in _flat(after):
        if name == "prices":
            moved = _prices(old.get(name), value, outcomes)
            parts += [quiet(f"{' · ' if parts else ''}YES of {moved}")] if moved else []
            continue
        was = _value(name, old[name], outcomes, known) if name in old else ""
        new = _value(name, value, outcomes, known)
        if new == was:
            continue
        shown = typed_name(name.removesuffix("_ms") if isinstance(new, Stamp) else name)
        shown = _LABELS.get(shown, shown)
        if name in _COUNTED and not was and isinstance(value, int):
            counted = people(value) if name == "people" else plural(value, _COUNTED[name])
            shown, _, new = counted.partition(" ")
        parts += [quiet(f"{' · ' if parts else ''}{clean(shown)} ")]
        parts += [_quiet(was), quiet(" → ")] if was else []
        parts.append(_quiet(new or "none"))
    return tuple(parts)


def _rounds(after: Mapping[str, Any]) -> list[Part]:  # Any: JSON
    """What an elimination by hand uses up of the rounds to come."""
    used = after.get(ROUNDS_LEFT)
    return [quiet(f" · {in_short(used)}")] if used else []


def _flat(values: Payload) -> Iterator[tuple[str, Json]]:
    """What is in it by name, however deep; without what only the bot needs."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif name not in _INTERNAL and not (name in _OPTIONAL and value in ("", None)):
            yield name, value


def _prices(before: Json, after: Json, outcomes: Sequence[str]) -> str:
    """`Germany 46.8¢ → 46.9¢, Brazil …`: of those still in whose price is another."""
    was = before if isinstance(before, Sequence) else ()
    parts = []
    for number, new in enumerate(after if isinstance(after, Sequence) else ()):
        old = was[number] if number < len(was) else None
        if not isinstance(new, int) or not new or number >= len(outcomes):
            continue
        shown = price(new)
        if isinstance(old, int) and price(old) != shown:
            shown = f"{price(old)} → {shown}"
        elif old is not None:
            continue
        parts.append(f"{clean(outcomes[number])} {shown}")
    return ", ".join(parts)


def _quiet(part: str | Part) -> Part:
    return quiet(part) if isinstance(part, str) else part


def _value(name: str, value: Json, outcomes: Sequence[str], names: Mapping[int, str]) -> str | Part:
    """As people say it; "" for nothing."""
    if name == "status" and isinstance(value, str) and value in _STATUSES:
        return STATUS_WORDS[Status(value)]
    if name in ROLES and isinstance(value, str) and value.isdigit():
        return mention(Entity.ROLE, value)
    if name in ROUTES and isinstance(value, str) and value.isdigit():
        return channel_link(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_ms") and value > _FIRST_MOMENT:
            return Stamp(value)
        if name in _MONEY:
            return money(value)
        return _who(value, names) if name in PEOPLE else f"{value:,}"
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        each = [_named(name, item, outcomes) for item in value] if isinstance(value, Sequence) else []
        value = ", ".join(each)
    longest = _LONGEST_OF.get(name, _LONGEST)
    shown = clean(value, longest + 1)
    return shown if len(shown) <= longest else f"{shown[:longest].rstrip()}…"


def _named(name: str, item: Json, outcomes: Sequence[str]) -> str:
    """One of several values; outcomes are numbers inside."""
    if name == "outcomes" and isinstance(item, int) and item < len(outcomes):
        return outcomes[item]
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=list)
