"""Messages waiting to leave: written in the transaction of what they tell, gone after delivery (`storage.deliveries`).

A place is a (platform, target): a chat, or a person on one platform.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, Table, bindparam, case, func, insert, or_, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from storage.chats import Chats
from storage.journal import Journal, notice_digest
from storage.journal_kinds import Kind
from storage.markets import Markets
from storage.people import People
from storage.records import Chat, Identity, Notice, NoticeAudience
from storage.schema import message_refs, outbox
from storage.session import Repository, Session
from storage.sessions import Sessions
from storage.tickets import Tickets
from storage.waking import Topic
from storage.webhooks import NEWS, PLATFORM, Webhook, Webhooks

ROOM = "room"


class Destination(NamedTuple):
    """Where one row goes; `person` where it goes to somebody alone."""

    platform: str
    target: str
    person: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Rows of one market for one platform: how many wait, since when the oldest does, how many were given up."""

    platform: str
    rows: int
    oldest_ms: int | None
    dropped: int


class Outbox(Repository):
    """Whom a notice goes to, and that it waits."""

    def __init__(
        self,
        session: Session,
        people: People,
        sessions: Sessions,
        chats: Chats,
        markets: Markets,
        tickets: Tickets,
        webhooks: Webhooks,
        journal: Journal,
    ) -> None:
        super().__init__(session)
        self._people, self._sessions, self._tickets = people, sessions, tickets
        self._chats, self._markets, self._webhooks = chats, markets, webhooks
        self._journal = journal

    async def add(self, market: int, notice: Notice, now_ms: int) -> int:
        """Queue a notice for everybody it is for; returns the number of rows: CHAT one per chat of the market (and
        of what is `webhooks.NEWS` one per webhook), PERSON
        one where their ticket stands, else where they were seen last, ADMINS one per admin of the market's chats (with
        nobody vouched for: its creator). A waiting row of the same key and place takes the newer payload."""
        return await self.add_many(market, [notice], now_ms)

    async def add_many(self, market: int, notices: Sequence[Notice], now_ms: int) -> int:
        """Like `add` for each, in order, with a handful of statements for all of them."""
        rows = [
            _row(market, notice, place, now_ms)
            for notice, places in zip(notices, await self._all_places(market, notices), strict=True)
            for place in places
        ]
        await self._write(market, rows)
        return len(rows)

    async def add_here(self, market: int, chat: Chat, notice: Notice, now_ms: int) -> None:
        """Queue a notice for one chat alone: one the market has just come to."""
        await self._write(market, [_row(market, notice, Destination(chat.platform, chat.external_id, None), now_ms)])

    async def add_to_webhook(self, webhook: Webhook, notice: Notice, now_ms: int) -> None:
        """Queue a notice for one webhook alone."""
        await self._write(webhook.market, [_row(webhook.market, notice, _to_webhook(webhook), now_ms)])

    async def add_to(self, market: int, who: Identity, notice: Notice, now_ms: int) -> None:
        """Queue a notice for one identity of a person, wherever they were seen last."""
        place = Destination(who.platform, who.external_id, notice.person)
        await self._write(market, [_row(market, notice, place, now_ms)])

    async def replace(self, market: int, slot: str, notice: Notice, now_ms: int) -> int:
        """Let a notice take the place of what stands in this slot and those that begin with it (`slot:…`), and of what
        still waits to stand there by a key that is its slot, wherever that is. Returns the number of rows."""
        waiting = await self._session.rows(
            select(outbox).where(outbox.c.market == market, _in_slot(outbox, slot), outbox.c.dropped.is_(False))
        )
        standing = await self._session.rows(
            select(message_refs).where(message_refs.c.market == market, _in_slot(message_refs, slot))
        )
        places = {
            (row["slot"], row["platform"], row["chat_ext"]): await self._whose(market, row["platform"], row["chat_ext"])
            for row in standing
        }
        places |= {
            (row["slot"], row["platform"], row["target"]): (NoticeAudience(row["audience"]), row["person"])
            for row in waiting
        }
        rows = []
        for (there, platform, target), (audience, person) in sorted(places.items()):
            replacing = dataclasses.replace(notice, audience=audience, person=person, slot=there, key=there)
            rows.append(_row(market, replacing, Destination(platform, target, person), now_ms))
        await self._write(market, rows)
        return len(rows)

    async def stands(self, market: int, slot: str) -> bool:
        """Whether anything was told in this slot, or waits to be, be it in vain."""
        told = select(message_refs.c.slot).where(message_refs.c.market == market, message_refs.c.slot == slot)
        waits = select(outbox.c.slot).where(outbox.c.market == market, outbox.c.slot == slot)
        return await self._session.row(union_all(told, waits).limit(1)) is not None

    async def _whose(self, market: int, platform: str, target: str) -> tuple[NoticeAudience, int | None]:
        """Whether a chat of the market reads what stands there, or one person alone."""
        chats = await self._chats.of_market(market)
        if any((chat.platform, chat.external_id) == (platform, target) for chat in chats):
            return NoticeAudience.CHAT, None
        person = await self._people.find(platform, target)
        return NoticeAudience.PERSON, None if person is None else person.id

    async def _write(self, market: int, rows: Sequence[dict[str, Any]]) -> None:  # Any: rows as they are written
        """Let them wait, or a waiting row of the same key be newer; the journal has a digest of each, which tells
        nothing once the salt has left with the row."""
        if not rows:
            return
        await self._markets.hold(market)
        keyed = [row["key"] for row in rows if row["key"] is not None]
        if keyed:
            await self._session.hold(outbox, _KEYED, {"keys": keyed})
        salt = self._session.draw(16).hex()
        for row in rows:
            row["salt"] = salt
        await self._session.run_many(_WRITE[self._session.dialect] if keyed else _INSERT, rows)
        self._journal.append(market, Kind.NOTICES, "", {"digests": [notice_digest(row) for row in rows]})
        self._session.wakes(Topic.OUTBOX)

    async def _all_places(self, market: int, notices: Sequence[Notice]) -> list[list[Destination]]:
        """Where each goes. Who has no identity left (erased) is told nothing."""
        audiences = {notice.audience for notice in notices}
        announced = [] if audiences <= {NoticeAudience.PERSON} else await self._chats.of_market(market)
        webhooks = await self._webhooks.of_market(market) if any(map(_is_news, notices)) else []
        admins = await self._admins(market, announced) if NoticeAudience.ADMINS in audiences else []
        platforms = await self._tickets.platforms(notice.ticket for notice in notices if notice.ticket is not None)
        people = {notice.person for notice in notices if notice.person is not None} | set(admins)
        identities = await self._people.identities_of(people)
        in_sessions = await self._in_sessions(identities) if ROOM in platforms.values() else {}

        def reach(person: int | None, ticket: int | None) -> list[Destination]:
            ticket_platform = None if ticket is None else platforms.get(ticket)
            reachable = identities.get(person or 0, ())
            first = reachable[0] if reachable else None
            best = next((identity for identity in reachable if identity.platform == ticket_platform), None)
            if best is None and ticket_platform == ROOM and first is not None and first.person in in_sessions:
                return [Destination(ROOM, in_sessions[first.person], person)]  # where the ticket stands
            best = best or first
            return [] if best is None else [Destination(best.platform, best.external_id, person)]

        def places(notice: Notice) -> list[Destination]:
            if notice.audience is NoticeAudience.CHAT:
                chats = [Destination(chat.platform, chat.external_id, None) for chat in announced]
                return chats + [_to_webhook(webhook) for webhook in webhooks if _is_news(notice)]
            if notice.audience is NoticeAudience.PERSON:
                return reach(notice.person, notice.ticket)
            return [place for person in admins for place in reach(person, None)]

        return [places(notice) for notice in notices]

    async def _in_sessions(self, identities: Mapping[int, Sequence[Identity]]) -> Mapping[int, str]:
        """Of those who have no name of the room's own, by which session they are there, by the person they are now."""
        nameless = [of for of in identities.values() if all(identity.platform != ROOM for identity in of)]
        return await self._sessions.of({of[0].person for of in nameless})

    async def _admins(self, market: int, announced: Sequence[Chat]) -> list[int]:
        admins = {person for chat in announced for person in await self._chats.admins(chat.id)}
        return sorted(admins) or [(await self._markets.get_one(market)).creator]

    async def backlog(self) -> int:
        """Rows waiting, leased ones included."""
        return await self._session.number(select(func.count()).select_from(outbox).where(outbox.c.dropped.is_(False)))

    async def waiting(self, market: int) -> list[Backlog]:
        """What waits to leave of one market, by platform, and what was given up."""
        alive, dead = outbox.c.dropped.is_(False), outbox.c.dropped.is_(True)
        query = select(
            outbox.c.platform,
            func.sum(case((alive, 1), else_=0)).label("rows"),
            func.min(case((alive, outbox.c.created_ms))).label("oldest"),
            func.sum(case((dead, 1), else_=0)).label("dropped"),
        )
        rows = await self._session.rows(
            query.where(outbox.c.market == market).group_by(outbox.c.platform).order_by(outbox.c.platform)
        )
        return [
            Backlog(
                platform=row["platform"], rows=int(row["rows"]), oldest_ms=row["oldest"], dropped=int(row["dropped"])
            )
            for row in rows
        ]


def _in_slot(table: Table, slot: str) -> ColumnElement[bool]:
    return or_(table.c.slot == slot, table.c.slot.startswith(f"{slot}:", autoescape=True))


def _is_news(notice: Notice) -> bool:
    return notice.audience is NoticeAudience.CHAT and notice.kind in NEWS


def _to_webhook(webhook: Webhook) -> Destination:
    return Destination(PLATFORM, str(webhook.id), None)


def _write(dialect: str) -> Executable:
    """A row that waits, or the newer payload of the one of its key that does: those laid aside have none."""
    insert_here = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(outbox)
    newer = {name: insert_here.excluded[name] for name in ("payload", "kind", "salt")}
    return insert_here.on_conflict_do_update(index_elements=["key"], set_=newer | {"revision": outbox.c.revision + 1})


_INSERT = insert(outbox)
_KEYED = outbox.c.key.in_(bindparam("keys", expanding=True))
_WRITE = {dialect: _write(dialect) for dialect in ("sqlite", "postgresql")}  # built once: every tick writes


def _row(market: int, notice: Notice, place: Destination, now_ms: int) -> dict[str, Any]:  # Any: a row as it is written
    return {
        "market": market,
        "kind": notice.kind,
        "audience": notice.audience.value,
        "platform": place.platform,
        "target": place.target,
        "person": place.person,
        "payload": dict(notice.payload),
        "slot": notice.slot,
        "ticket": notice.ticket,
        "key": None
        if notice.key is None or place.platform == PLATFORM
        else f"{market}:{place.platform}:{place.target}:{notice.key}",
        "created_ms": now_ms,
        "due_ms": now_ms,
    }
