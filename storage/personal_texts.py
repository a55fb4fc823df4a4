"""Free texts that people wrote about a market, and the names of a person taken out of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, RowMapping, String, Table, cast, or_, select

from storage.journal import Forgettable, Journal
from storage.journal_kinds import SHARED, TABLES, Kind
from storage.records import Json
from storage.schema import approvals, audit_log, config, links, people, room_messages, users
from storage.session import Session

TEXTS: Mapping[Kind, tuple[Table, tuple[str, ...]]] = {
    Kind.AUDIT: (audit_log, ("reason", "before", "after")),
    Kind.APPROVAL: (approvals, ("reason", "asked")),
}
SHORTEST = 2  # a single letter is no name to look for in a text
SHORTEST_IN_CHAT = 4  # nor is a short word where everybody talks of everything


class NamedIn(NamedTuple):
    """A row whose texts name the person, and the texts without the name."""

    kind: Kind
    row: RowMapping
    texts: Mapping[str, Any]  # as they are written: a text or a payload

    @property
    def record(self) -> Forgettable:
        return Forgettable(self.row["market"] or SHARED, self.kind, TABLES[self.kind].subject_of(self.row))


async def names_of(session: Session, journal: Journal, ids: Sequence[int]) -> set[str]:
    """Every name they have or had, as far as it is known, but for those that outcomes of their markets have too."""
    names = {row["name"] for row in await session.rows(select(people.c.name).where(people.c.id.in_(ids)))}
    names |= {row["name"] for row in await session.rows(select(links.c.name).where(links.c.person.in_(ids)))}
    outcomes: set[str] = set()
    accounts = select(users.c.market, users.c.user, users.c.display_name).where(users.c.user.in_(ids))
    for account in await session.rows(accounts):
        names.add(account["display_name"])
        for record in await journal.of(account["market"], Kind.MEMBER, account["user"]):
            names.add(str(record.get("display_name", "")))
    for number in ids:
        names |= {str(record["name"]) for record in await journal.of(None, Kind.PERSON, number)}
    here = select(users.c.market).where(users.c.user.in_(ids))
    for row in await session.rows(select(config.c.params).where(config.c.market.in_(here))):
        outcomes |= {str(name).casefold() for name in row["params"]["outcome_names"]}
    return {name for name in names if len(name) >= SHORTEST and name.casefold() not in outcomes}


async def naming(session: Session, ids: Sequence[int], names: Collection[str], instead: str) -> list[NamedIn]:
    """The rows about markets of theirs, about no market or by them that name them."""
    theirs = select(users.c.market).where(users.c.user.in_(ids))
    found: list[NamedIn] = []
    for kind, (table, columns) in TEXTS.items():
        about: ColumnElement[bool] = table.c.market.in_(theirs)
        if table is audit_log:
            about = or_(about, table.c.market.is_(None), table.c.actor.in_(ids))
        for row in await session.rows(select(table).where(about).order_by(*table.primary_key.columns)):
            texts = {column: without(row[column], names, instead) for column in columns}
            if any(texts[column] != row[column] for column in columns):
                found.append(NamedIn(kind, row, texts))
    return found


async def told_of(session: Session, names: Collection[str], instead: str) -> list[tuple[int, Json]]:
    """Messages of the room that name them, by number, without the name."""
    found: dict[int, Json] = {}
    for name in (name for name in names if len(name) >= SHORTEST_IN_CHAT):
        stored = json.dumps(name, ensure_ascii=False)[1:-1]
        naming_them = cast(room_messages.c.body, String).contains(stored, autoescape=True)
        for row in await session.rows(select(room_messages).where(naming_them).order_by(room_messages.c.id)):
            found[row["id"]] = without(found.get(row["id"], row["body"]), [name], instead)
    return sorted(found.items(), key=lambda message: message[0])


def without(value: Json, names: Collection[str], instead: str) -> Json:
    """The same with each of the names replaced where it stands as a word of its own."""
    if isinstance(value, str) and names:
        longest_first = sorted(names, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in longest_first)
        return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", instead, value)
    if isinstance(value, dict):
        return {key: without(part, names, instead) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without(part, names, instead) for part in value]
    return value
