"""What waits to be told: each message as it was queued, to a chat of its market or to somebody it is for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, RowMapping, func, select

from storage.journal import notice_digest
from storage.journal_kinds import SHARED
from storage.records import NoticeAudience
from storage.schema import announcements, chats, links, outbox, people
from storage.unit_of_work import UnitOfWork
from storage.verify.compare import Check


async def waiting_digests(uow: UnitOfWork, market: int) -> frozenset[str]:
    """Of every message of a market that waits, as it stands now."""
    rows = await uow.rows(select(outbox).where(_of(market), outbox.c.salt.is_not(None)))
    return frozenset(notice_digest(row) for row in rows)


async def check_messages(uow: UnitOfWork, check: Check, digests: Collection[str]) -> None:
    """`digests` are those that were recorded when a message was queued; none is of no market. Raises WrongRowError."""
    waiting = await uow.rows(select(outbox).where(_of(check.market)).order_by(outbox.c.id))
    if not waiting:
        return
    own_chats, owners = await _chats(uow, check.market), await _owners(uow, waiting)
    for row in waiting:
        if row["salt"] is None or notice_digest(row) not in digests:
            raise check.wrong("outbox", row["id"], "payload", "as it was queued", row["payload"])
        place = (row["platform"], row["target"])
        if row["audience"] == NoticeAudience.CHAT.value:
            if place not in own_chats:
                raise check.wrong("outbox", row["id"], "target", "a chat of the market", row["target"])
        elif row["person"] is not None and row["person"] not in owners.get(place, ()):
            raise check.wrong("outbox", row["id"], "target", f"an identity of person {row['person']}", row["target"])


def _of(market: int) -> ColumnElement[bool]:
    return outbox.c.market.is_(None) if market == SHARED else outbox.c.market == market


async def _chats(uow: UnitOfWork, market: int) -> set[tuple[str, str]]:
    query = select(chats.c.platform, chats.c.external_id).join(announcements, announcements.c.chat == chats.c.id)
    rows = await uow.rows(query.where(announcements.c.market == market))
    return {(row["platform"], row["external_id"]) for row in rows}


async def _owners(uow: UnitOfWork, waiting: Collection[RowMapping]) -> dict[tuple[str, str], set[int]]:
    """By place, every number of the person whose identity it is."""
    query = select(links.c.platform, links.c.external_id, people.c.id).join(
        people, links.c.person == func.coalesce(people.c.merged_into, people.c.id)
    )
    rows = await uow.rows(query.where(links.c.external_id.in_({row["target"] for row in waiting})))
    owners: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        owners.setdefault((row["platform"], row["external_id"]), set()).add(row["id"])
    return owners
