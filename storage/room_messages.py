"""The local room keeps its own messages: it is a platform like the others, and has no server elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Executable, RowMapping, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.records import Payload, RoomMessage
from storage.schema import counters, room_messages
from storage.session import Repository, clean
from storage.waking import Topic

COUNTER = "room"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDraft:
    """A message to be; `person` set makes it theirs alone."""

    room: str
    channel: str
    body: Payload
    author: str = ""
    person: int | None = None


class RoomMessages(Repository):
    async def append(
        self, room: str, channel: str, body: Payload, *, author: str = "", person: int | None = None, now_ms: int
    ) -> RoomMessage:
        """A new message; `person` set makes it theirs alone."""
        draft = RoomDraft(room=room, channel=channel, body=body, author=author, person=person)
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
            }
            for seq, draft in enumerate(drafts, first)
        ]
        if len(rows) == 1:
            return [RoomMessage(id=await self._session.add(_INSERT, rows[0]), edited_ms=None, **rows[0])]
        await self._session.run_many(_INSERT, rows)
        written = await self._session.rows(_IDS, {"first": first, "last": first + len(rows) - 1})
        return [RoomMessage(id=row["id"], edited_ms=None, **values) for row, values in zip(written, rows, strict=True)]

    async def replace(self, message: int, body: Payload, now_ms: int) -> RoomMessage | None:
        """New body in place, with a new `seq`, so that `since` brings it again. None: no such message."""
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

    async def authors(self, room: str, n: int) -> set[str]:
        """Of the latest n messages that everybody may read."""
        return {row["author"] for row in await self._session.rows(_AUTHORS, {"in": room, "n": n})} - {""}

    async def latest_seq(self) -> int:
        return await self._session.number(_LATEST)

    async def _take_seqs(self, n: int) -> int:
        """The first of the next n. Counted in one row, so that a number is never seen before a smaller one."""
        if n == 0:
            return 0
        for name in ("counters", "room_messages"):
            self._session.locks.hold(name)
        self._session.wakes(Topic.ROOM)
        row = await self._session.row(_COUNT[self._session.dialect], {"name": COUNTER, "value": n})
        if row is None:
            raise LookupError("the counter of the room's messages gave nothing")
        return int(row["value"]) - n + 1


def _count(dialect: str) -> Executable:
    insert_here = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(counters)
    more = {"value": counters.c.value + insert_here.excluded["value"]}
    return insert_here.on_conflict_do_update(index_elements=["name"], set_=more).returning(counters.c.value)


_COUNT = {dialect: _count(dialect) for dialect in ("sqlite", "postgresql")}
_LATEST = select(counters.c.value).where(counters.c.name == COUNTER)
_INSERT = insert(room_messages)
_IDS = (
    select(room_messages.c.id)
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
