"""What a person has set for herself, and of which events in which chats she wants to be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, and_, bindparam, delete, func, insert, select

from storage.dialect import upsert
from storage.schema import people, pings, preferences
from storage.session import Repository

if TYPE_CHECKING:
    from storage.unit_of_work import UnitOfWork

NOTICES = ("fills", "cancels", "payouts")
"""Private notices one may do without; what they tell stays in /orders and /trades."""

PINGS = ("opening", "freeze", "elimination", "resolution", "lead", "trade")
"""Kinds of events a chat's people may ask to be pinged for; `bot.reply.Reply.ping` names one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """As they are for somebody who has set nothing. `slippage` is a rate (10^-12); None: the bot's own way."""

    slippage: int | None = None
    confirm: bool = True
    autofill: bool = False
    quiet: frozenset[str] = frozenset()  # of NOTICES, those she does not want


class PreferencesOf(Repository):
    def __init__(self, uow: UnitOfWork) -> None:
        super().__init__(uow)
        self._ahead: dict[int, Preferences] = {}

    async def of(self, person: int) -> Preferences:
        """Hers, whichever of her numbers is given."""
        if person in self._ahead:
            return self._ahead[person]
        row = await self._uow.row(_OF, {"person": person})
        return Preferences() if row is None else _preferences(row)

    async def ahead(self, ids: Collection[int]) -> None:
        """Read all these at once for the `of` of each to come; of a snapshot only, whose rows do not change."""
        if self._uow.seen is None or not ids:
            return
        owners = {one: one for one in ids} | dict(await self._uow.people.owners(ids))
        rows = await self._uow.rows(select(preferences).where(preferences.c.person.in_(sorted({*owners.values()}))))
        kept = {row["person"]: _preferences(row) for row in rows}
        self._ahead |= {one: kept.get(owner, Preferences()) for one, owner in owners.items()}

    async def put(self, person: int, wanted: Preferences) -> None:
        row = {
            "person": person,
            "slippage": wanted.slippage,
            "confirm": wanted.confirm,
            "autofill": wanted.autofill,
            "quiet": sorted(wanted.quiet),
        }
        await self._uow.run(upsert(self._uow.dialect, preferences, ("person",), row), row)


_OWNER = select(func.coalesce(people.c.merged_into, people.c.id)).where(people.c.id == bindparam("person"))
_OF = select(preferences).where(preferences.c.person == _OWNER.scalar_subquery())


def _preferences(row: RowMapping) -> Preferences:
    quiet = frozenset(str(kind) for kind in row["quiet"])
    return Preferences(slippage=row["slippage"], confirm=row["confirm"], autofill=row["autofill"], quiet=quiet)


class Pings(Repository):
    async def of(self, person: int) -> Mapping[int, frozenset[str]]:
        """The kinds she wants, by chat."""
        rows = await self._uow.rows(select(pings).where(pings.c.person == person).order_by(pings.c.chat))
        found: dict[int, frozenset[str]] = {}
        for row in rows:
            found[row["chat"]] = found.get(row["chat"], frozenset()) | {row["kind"]}
        return found

    async def put(self, person: int, chat: int, kinds: Collection[str]) -> None:
        """Exactly these, for this chat."""
        here = and_(pings.c.person == person, pings.c.chat == chat)
        await self._uow.run(delete(pings).where(here))
        await self._uow.run_many(
            insert(pings), [{"person": person, "chat": chat, "kind": kind} for kind in sorted(kinds)]
        )

    async def wanted(self, chats: Collection[int], kind: str) -> list[int]:
        """Who wants to be told of such an event in any of these chats, each once, by id; see `People.reach`."""
        here = and_(pings.c.chat.in_(sorted(set(chats))), pings.c.kind == kind)
        return [
            row["person"]
            for row in await self._uow.rows(select(pings.c.person).where(here).distinct().order_by(pings.c.person))
        ]
