"""The log of what admins did: who, what, why, what it changed, when."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from bot.chat.reply import Line, Part, Reply, Stamp, bold, line, quiet
from bot.paging import Page
from bot.text.names import clean
from bot.text.numbers import money
from bot.words.pages import place, turning
from bot.words.setup import spelled
from bot.words.shared import plural, say
from storage.records import AuditRow, Json, Payload

_LONGEST = 60
_FIRST_MOMENT = 10**12  # smaller ones are spans of time
_INTERNAL = {"assumed_start_ms", "key", "request", "head"}
_OPTIONAL = {"schedule", "start_ms"}  # said where there is one
_MONEY = {"cash", "given", "balance"}  # as numbers; as texts they are what was typed
_NUMBERS = {"user", "person", "with", "proposer"}


def log(
    page: Page[AuditRow], names: Mapping[int, str], again: str, person: int | None, outcomes: Sequence[str] = ()
) -> Reply:
    if not page.total:
        return say("Nothing has been done here yet.")
    rows: list[Line] = []
    for one in page.rows:
        why = f": {clean(one.reason)}" if one.reason else ""
        rows.append(line(Stamp(one.ts_ms), " ", bold(_who(one.actor, names)), f" · {clean(one.action)}{why}"))
        changed = changes(one.before, one.after, outcomes)
        if changed:
            rows.append(line(quiet("   "), *changed))
    head = f"{plural(page.total, 'deed')} in the log, newest first.{place(page)}"
    return say(head, blocks=rows, actions=turning(again, page, person))


def _who(actor: int | None, names: Mapping[int, str]) -> str:
    if actor is None:
        return "the bot"
    return clean(names.get(actor, "")) or f"somebody who was erased (number {actor})"


def changes(before: Payload, after: Payload, outcomes: Sequence[str] = ()) -> Line:
    """`status DRAFT → LOBBY · fee 2%`: what was not so before; what is only in `before` is what it rested on."""
    old, parts = dict(_flat(before)), list[Part]()
    for name, value in _flat(after):
        was = _value(name, old[name], outcomes) if name in old else ""
        new = _value(name, value, outcomes)
        if new == was:
            continue
        shown = spelled(name.removesuffix("_ms") if isinstance(new, Stamp) else name)
        parts += [quiet(f"{' · ' if parts else ''}{clean(shown)} ")]
        parts += [_quiet(was), quiet(" → ")] if was else []
        parts.append(_quiet(new or "none"))
    return tuple(parts)


def _flat(values: Payload) -> Iterator[tuple[str, Json]]:
    """What is in it by name, however deep; without what only the bot needs."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif name not in _INTERNAL and not (name in _OPTIONAL and value in ("", None)):
            yield name, value


def _quiet(part: str | Stamp) -> Part:
    return part if isinstance(part, Stamp) else quiet(part)


def _value(name: str, value: Json, outcomes: Sequence[str]) -> str | Stamp:
    """As people say it; "" for nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_ms") and value > _FIRST_MOMENT:
            return Stamp(value)
        return money(value) if name in _MONEY else f"#{value}" if name in _NUMBERS else str(value)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        each = [_named(name, one, outcomes) for one in value] if isinstance(value, Sequence) else []
        value = ", ".join(each)
    shown = clean(value, _LONGEST + 1)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST].rstrip()}…"


def _named(name: str, one: Json, outcomes: Sequence[str]) -> str:
    """One of several values; outcomes are numbers inside."""
    if name == "outcomes" and isinstance(one, int) and one < len(outcomes):
        return outcomes[one]
    return one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, default=list)
