"""Quoted orders that wait for Confirm.

An order as asked, to JSON and back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Executable, RowMapping, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from engine.state import Side
from storage.records import Json, OrderDraft, Payload, Ticket, TicketStatus
from storage.schema import tickets
from storage.session import Repository

NEWER_THAN_ALL = 2**62  # no ticket has such a number


def draft_to_json(draft: OrderDraft) -> dict[str, Json]:
    return {part.name: getattr(draft, part.name) for part in fields(draft)}


def draft_from_json(data: Mapping[str, Any]) -> OrderDraft:  # Any: JSON as json.loads types it
    return OrderDraft(**{**data, "side": Side(data["side"])})


class Tickets(Repository):
    async def create(
        self,
        market: int,
        person: int,
        draft: OrderDraft,
        *,
        reserve: int,
        terms: Payload,
        request_id: str,
        now_ms: int,
    ) -> Ticket:
        """A new OPEN ticket; the same `request_id` returns the one it made."""
        values: dict[str, Any] = {  # a row as it is written
            "market": market,
            "person": person,
            "status": TicketStatus.OPEN.value,
            "draft": draft_to_json(draft),
            "reserve": reserve,
            "terms": dict(terms),
            "request_id": request_id,
            "created_ms": now_ms,
        }
        made = await self._session.row(_MAKE[self._session.dialect], values)
        row = made or await self._session.row(_BY_REQUEST, {"request": request_id})
        if row is None:
            raise LookupError(f"the ticket of request {request_id} is gone")
        return _ticket(row)

    async def get(self, ticket: int) -> Ticket | None:
        row = await self._session.row(_GET, {"ticket": ticket})
        return None if row is None else _ticket(row)

    async def by_request(self, request_id: str) -> Ticket | None:
        """The one this request made."""
        row = await self._session.row(_BY_REQUEST, {"request": request_id})
        return None if row is None else _ticket(row)

    async def last_shown(self, market: int, accounts: Collection[int], *, before: int = NEWER_THAN_ALL) -> int | None:
        """When these accounts were last shown a ticket in a market, or the one before that ticket, epoch ms; None where
        there was none. One that was replaced does not count: what took its place says all again."""
        bound = {"market": market, "ticket": before, "accounts": sorted(accounts)}
        row = await self._session.row(_LAST_BEFORE, bound)
        return None if row is None else row["at"]

    async def many(self, ids: Iterable[int]) -> Mapping[int, Ticket]:
        """By id; unknown ones are left out."""
        rows = await self._session.rows(_MANY, {"ids": sorted(set(ids))})
        return {row["id"]: _ticket(row) for row in rows}

    async def platforms(self, ids: Iterable[int]) -> Mapping[int, str | None]:
        """On which platform each of them stands, by id; None: on none yet."""
        rows = await self._session.rows(_PLATFORMS, {"ids": sorted(set(ids))})
        return {row["id"]: row["platform"] for row in rows}

    async def settle(self, ticket: int, status: TicketStatus, order: int | None = None) -> bool:
        """OPEN to `status`, once: False where it had been settled before, and nothing changes."""
        done = await self._session.run(_SETTLE, {"b_ticket": ticket, "status": status.value, "order": order})
        return done.rowcount == 1

    async def cancel_open(self, market: int, person: int) -> None:
        """All of this account that still wait for Confirm."""
        waiting = and_(tickets.c.market == market, tickets.c.person == person)
        is_open = and_(waiting, tickets.c.status == TicketStatus.OPEN.value)
        await self._session.hold(tickets, is_open)
        await self._session.run(update(tickets).where(is_open).values(status=TicketStatus.CANCELLED.value))

    async def hold(self, ids: Collection[int]) -> None:
        """Lock these, to bind them later in this unit."""
        await self._session.hold(tickets, tickets.c.id.in_(sorted(ids)))

    async def bind(self, ticket: int, platform: str, chat_ext: str, ref: str) -> None:
        """Where the ticket stands, so that its fill can replace it. The last call wins."""
        where = {"platform": platform, "chat_ext": chat_ext, "ref": ref}
        await self._session.run(_BIND, {"b_ticket": ticket, **where})


def _make(dialect: str) -> Executable:
    """A row, unless the same request has made one: then none comes back."""
    row = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(tickets)
    return row.on_conflict_do_nothing(index_elements=["request_id"]).returning(*tickets.columns)


_MAKE = {dialect: _make(dialect) for dialect in ("sqlite", "postgresql")}
# Statements of every ticket, built once.
_LAST_BEFORE = (
    select(func.max(tickets.c.created_ms).label("at"))
    .where(tickets.c.market == bindparam("market"), tickets.c.id < bindparam("ticket"))
    .where(tickets.c.person.in_(bindparam("accounts", expanding=True)))
    .where(tickets.c.status != TicketStatus.REPLACED.value)
)
_IDS = tickets.c.id.in_(bindparam("ids", expanding=True))
_MANY = select(tickets).where(_IDS)
_PLATFORMS = select(tickets.c.id, tickets.c.platform).where(_IDS)
_BIND = update(tickets).where(tickets.c.id == bindparam("b_ticket"))
_SETTLE = _BIND.where(tickets.c.status == TicketStatus.OPEN.value)
_GET = select(tickets).where(tickets.c.id == bindparam("ticket"))
_BY_REQUEST = select(tickets).where(tickets.c.request_id == bindparam("request"))


def _ticket(row: RowMapping | dict[str, Any]) -> Ticket:  # Any: a row as it was written
    return Ticket(
        id=row["id"],
        market=row["market"],
        person=row["person"],
        status=TicketStatus(row["status"]),
        draft=draft_from_json(row["draft"]),
        reserve=row["reserve"],
        terms=row["terms"],
        order=row["order"],
        platform=row["platform"],
        chat_ext=row["chat_ext"],
        ref=row["ref"],
        created_ms=row["created_ms"],
    )
