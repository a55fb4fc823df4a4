"""The log of what admins did: who, what, why, what it changed, when."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.names import clean
from bot.paging import Page
from bot.reply import Line, Reply, Stamp, bold, line, quiet
from bot.words.pages import place, turning
from bot.words.shared import plural, say
from storage.records import AuditRow, Json, Payload

_LONGEST = 60


def log(page: Page[AuditRow], names: Mapping[int, str], again: str, person: int | None) -> Reply:
    if not page.total:
        return say("Nothing has been done here yet.")
    rows: list[Line] = []
    for one in page.rows:
        why = f": {clean(one.reason)}" if one.reason else ""
        rows.append(line(Stamp(one.ts_ms), " ", bold(_who(one.actor, names)), f" · {clean(one.action)}{why}"))
        changed = changes(one.before, one.after)
        if changed:
            rows.append(line(quiet(f"   {changed}")))
    head = f"{plural(page.total, 'deed')} in the log, newest first.{place(page)}"
    return say(head, blocks=rows, actions=turning(again, page, person))


def _who(actor: int | None, names: Mapping[int, str]) -> str:
    if actor is None:
        return "the bot"
    return clean(names.get(actor, "")) or f"somebody who was erased (number {actor})"


def changes(before: Payload, after: Payload) -> str:
    """`status DRAFT → LOBBY · fee 2%`: what was not so before; what is only in `before` is what it rested on."""
    parts = []
    for name, value in after.items():
        new = _value(value)
        old = _value(before[name]) if name in before else ""
        if new != old:
            parts.append(f"{clean(name)} {f'{old} → ' if old else ''}{new or 'none'}")
    return " · ".join(parts)


def _value(value: Json) -> str:
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=list)
    shown = clean(text, _LONGEST + 1)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST].rstrip()}…"
