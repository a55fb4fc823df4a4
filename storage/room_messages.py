"""The local room keeps its own messages: it is a platform like the others, and has no server elsewhere.

Several processes may write them. Each change takes a number (`seq`) from one counted row, which stays locked until its
transaction ends: so numbers are in the order of commits, a number that was undone is given out again, and who has read
all up to a number has missed nothing, and waits for nothing. A request is answered by one message, whichever process
answers it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Executable, Insert, RowMapping, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.records import Payload, RoomMessage
from storage.schema import counters, room_messages
from storage.schema import secrets as kept_secrets
from storage.session import Repository, Session, clean, one_of
from storage.waking import Topic

COUNTER = "room"
PEOPLE = "people"  # counts how often two people became one, or one was erased


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDraft:
    """A message to be; `person` set makes it theirs alone. Of one `request_id` there is one message."""

    room: str
    channel: str
    body: Payload
    author: str = ""
    person: int | None = None
    request_id: str | None = None


class Said(NamedTuple):
    """A message's number and its moment."""

    id: int
    ts_ms: int


@dataclass(frozen=True, slots=True)
class RoomHeads:
    """The number of the latest change, and how often it has changed who is who: messages of people who are forgotten
    keep their `seq`."""

    seq: int
    people: int


class RoomMessages(Repository):
    async def append(
        self,
        room: str,
        channel: str,
        body: Payload,
        *,
        author: str = "",
        person: int | None = None,
        request_id: str | None = None,
        now_ms: int,
    ) -> RoomMessage:
        """A new message; `person` set makes it theirs alone. One that has this `request_id` already is returned as it
        stands, and nothing is added."""
        draft = RoomDraft(room=room, channel=channel, body=body, author=author, person=person, request_id=request_id)
        return (await self.append_many([draft], now_ms))[0]

    async def append_many(self, drafts: Sequence[RoomDraft], now_ms: int) -> list[RoomMessage]:
        """`append` for each, in order, with a handful of statements for all of them."""
        first = await self._take_seqs(len(drafts))
        rows: list[dict[str, Any]] = [  # as they are written
            {
                "seq": seq,
                "room": draft.room,
                "channel": draft.channel,
                "person": draft.person,
                "author": clean(draft.author),
                "body": dict(draft.body),
                "ts_ms": now_ms,
                "request_id": draft.request_id,
            }
            for seq, draft in enumerate(drafts, first)
        ]
        ids = await self._insert(rows)
        standing = await self.requested(row["request_id"] for row in rows if row["seq"] not in ids)
        return [
            RoomMessage(id=ids[row["seq"]], edited_ms=None, **{name: row[name] for name in _WRITTEN})
            if row["seq"] in ids
            else standing[row["request_id"]]
            for row in rows
        ]

    async def _insert(self, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
        """The new messages by `seq`; a request that has been answered makes none."""
        add, add_many = _INSERT[self._session.dialect]
        if len(rows) == 1:
            added = await self._session.row(add, rows[0])
            return {} if added is None else {rows[0]["seq"]: added["id"]}
        await self._session.run_many(add_many, rows)
        between = {"first": rows[0]["seq"], "last": rows[-1]["seq"]} if rows else {"first": 0, "last": 0}
        return {row["seq"]: row["id"] for row in await self._session.rows(_IDS, between)} if rows else {}

    async def requested(self, request_ids: Iterable[str]) -> dict[str, RoomMessage]:
        """What has answered these requests, by their id; one that was not answered is left out."""
        asked = sorted(set(request_ids))
        rows = await self._session.rows(_REQUESTED, {"these": asked}) if asked else []
        return {row["request_id"]: _message(row) for row in rows}

    async def lock(self) -> None:
        """Nobody else changes a message until the transaction ends: before reading what is to be replaced."""
        for name in ("counters", "room_messages"):
            self._session.locks.hold(name)
        await count(self._session, COUNTER, 0)

    async def replace(self, message: int, body: Payload, now_ms: int) -> RoomMessage | None:
        """New body in place, with a new `seq`, so that `since` brings it again. None: no such message."""
        await self.lock()
        before = await self.get(message)
        return None if before is None else (await self.replace_many([(before, body)], now_ms))[0]

    async def replace_many(self, bodies: Sequence[tuple[RoomMessage, Payload]], now_ms: int) -> list[RoomMessage]:
        """`replace` for each of these messages, in order."""
        first = await self._take_seqs(len(bodies))
        changed = [
            replace(message, seq=seq, body=dict(body), edited_ms=now_ms)
            for seq, (message, body) in enumerate(bodies, first)
        ]
        rows = [{"b_id": message.id, "b_seq": message.seq, "b_body": message.body} for message in changed]
        await self._session.run_many(_REPLACE, [{**row, "b_now": now_ms} for row in rows])
        return changed

    async def rename(self, room: str, people: Collection[int], name: str, n: int = 500) -> None:
        """What these people said is theirs under another name: their last n messages, with a new `seq` each."""
        theirs = and_(room_messages.c.room == room, room_messages.c.body["by"].as_integer().in_(sorted(people)))
        query = select(room_messages.c.id).where(theirs).order_by(room_messages.c.id.desc()).limit(n)
        for row in reversed(await self._session.rows(query)):
            values = {"author": clean(name), "seq": await self._take_seqs(1)}
            await self._session.run(update(room_messages).where(room_messages.c.id == row["id"]).values(**values))

    async def get(self, message: int) -> RoomMessage | None:
        return (await self.many([message])).get(message)

    async def many(self, ids: Iterable[int]) -> dict[int, RoomMessage]:
        """By id; unknown ones are left out."""
        rows = await self._session.rows(_MANY, {"these": sorted(set(ids))})
        return {row["id"]: _message(row) for row in rows}

    async def since(
        self,
        room: str,
        seq: int,
        person: int | None,
        n: int = 200,
        known: Mapping[int, RoomMessage] = MappingProxyType({}),
    ) -> list[RoomMessage]:
        """The latest n messages changed after `seq` that they may see, by `seq`. Private ones of others never. What is
        `known`, by id, is read again only where it has changed."""
        values = {"in": room, "after": seq, "as": person or 0, "n": n}
        heads = [(row["id"], row["seq"]) for row in reversed(await self._session.rows(_SINCE, values))]
        messages = {number: known[number] for number, at in heads if number in known and known[number].seq == at}
        missing = [number for number, _ in heads if number not in messages]
        messages |= await self.many(missing) if missing else {}
        return [messages[number] for number, _ in heads]

    async def said(self, room: str, channels: Collection[str], since_ms: int, until_ms: int, n: int) -> list[Said]:
        """The latest n messages for everybody of these channels and that time, oldest first: which, and when."""
        here = and_(room_messages.c.room == room, room_messages.c.person.is_(None))
        within = room_messages.c.ts_ms.between(since_ms, until_ms)
        query = select(room_messages.c.id, room_messages.c.ts_ms).where(here, within)
        newest = query.where(one_of(room_messages.c.channel, channels)).order_by(room_messages.c.id.desc()).limit(n)
        return [Said(row["id"], row["ts_ms"]) for row in reversed(await self._session.rows(newest))]

    async def authors(self, room: str, n: int) -> set[str]:
        """Of the latest n messages that everybody may read."""
        return {row["author"] for row in await self._session.rows(_AUTHORS, {"in": room, "n": n})} - {""}

    async def changes(self, seq: int, n: int) -> list[RoomMessage]:
        """The latest n messages of all rooms and people that changed after `seq`, by `seq`."""
        rows = await self._session.rows(_CHANGES, {"after": seq, "n": n})
        return [_message(row) for row in reversed(rows)]

    async def heads(self) -> RoomHeads:
        counts = {row["name"]: row["value"] for row in await self._session.rows(_HEADS)}
        return RoomHeads(counts.get(COUNTER, 0), counts.get(PEOPLE, 0))

    async def secret(self) -> bytes:
        """What all processes of a room know and nobody else: 32 bytes, drawn at the first need. Never for a log, an
        export or an answer."""
        row = await self._session.row(_SECRET)
        if row is None:
            await self._session.serialise("first secret")
            row = await self._session.row(_SECRET)
        if row is not None:
            return bytes(row["value"])
        drawn = secrets.token_bytes(32)
        await self._session.run(insert(kept_secrets).values(name=COUNTER, value=drawn))
        return drawn

    async def _take_seqs(self, n: int) -> int:
        """The first of the next n. Counted in one row, so that a number is never seen before a smaller one."""
        if n == 0:
            return 0
        for name in ("counters", "room_messages"):
            self._session.locks.hold(name)
        self._session.wakes(Topic.ROOM)
        return await count(self._session, COUNTER, n) - n + 1


async def count(session: Session, name: str, n: int) -> int:
    """Count n more; nobody else counts these until the transaction ends. Returns how many there are now."""
    session.locks.hold("counters")
    row = await session.row(_COUNT[session.dialect], {"name": name, "value": n})
    if row is None:
        raise LookupError(f"the counter {name} gave nothing")
    return int(row["value"])


def _count(dialect: str) -> Executable:
    insert_here = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(counters)
    more = {"value": counters.c.value + insert_here.excluded["value"]}
    return insert_here.on_conflict_do_update(index_elements=["name"], set_=more).returning(counters.c.value)


def _insert(dialect: str) -> tuple[Insert, Insert]:
    """For one message, telling its id, and for many. A request that has been answered makes none."""
    insert_here = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(room_messages)
    once = insert_here.on_conflict_do_nothing(index_elements=["request_id"])
    return once.returning(room_messages.c.id), once


_COUNT = {dialect: _count(dialect) for dialect in ("sqlite", "postgresql")}
_INSERT = {dialect: _insert(dialect) for dialect in ("sqlite", "postgresql")}
_WRITTEN = ("seq", "room", "channel", "person", "author", "body", "ts_ms")
_HEADS = select(counters.c.name, counters.c.value).where(one_of(counters.c.name, (COUNTER, PEOPLE)))
_SECRET = select(kept_secrets.c.value).where(kept_secrets.c.name == COUNTER)
_REQUESTED = select(room_messages).where(room_messages.c.request_id.in_(bindparam("these", expanding=True)))
_CHANGES = (
    select(room_messages)
    .where(room_messages.c.seq > bindparam("after"))
    .order_by(room_messages.c.seq.desc())
    .limit(bindparam("n"))
)
_IDS = (
    select(room_messages.c.id, room_messages.c.seq)
    .where(room_messages.c.seq >= bindparam("first"), room_messages.c.seq <= bindparam("last"))
    .order_by(room_messages.c.seq)
)
_REPLACE = (
    update(room_messages)
    .where(room_messages.c.id == bindparam("b_id"))
    .values(seq=bindparam("b_seq"), body=bindparam("b_body"), edited_ms=bindparam("b_now"))
)
_SINCE = (
    select(room_messages.c.id, room_messages.c.seq)
    .where(
        room_messages.c.room == bindparam("in"),
        room_messages.c.seq > bindparam("after"),
        or_(room_messages.c.person.is_(None), room_messages.c.person == bindparam("as")),
    )
    .order_by(room_messages.c.seq.desc())
    .limit(bindparam("n"))
)
_LATEST_AUTHORS = (
    select(room_messages.c.author)
    .where(room_messages.c.room == bindparam("in"), room_messages.c.person.is_(None))
    .order_by(room_messages.c.seq.desc())
    .limit(bindparam("n"))
    .subquery()
)
_AUTHORS = select(_LATEST_AUTHORS.c.author).distinct()
_MANY = select(room_messages).where(room_messages.c.id.in_(bindparam("these", expanding=True)))


def _message(row: RowMapping) -> RoomMessage:
    return RoomMessage(
        id=row["id"],
        seq=row["seq"],
        room=row["room"],
        channel=row["channel"],
        person=row["person"],
        author=row["author"],
        body=row["body"],
        ts_ms=row["ts_ms"],
        edited_ms=row["edited_ms"],
    )
