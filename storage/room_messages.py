"""The local room keeps its own messages: it is a platform like the others, and has no server elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import RowMapping, and_, insert, or_, select, update

from storage.records import Payload, RoomMessage
from storage.schema import counters, room_messages
from storage.session import Repository, clean, upsert

COUNTER = "room"


class RoomMessages(Repository):
    async def append(
        self, room: str, channel: str, body: Payload, *, author: str = "", person: int | None = None, now_ms: int
    ) -> RoomMessage:
        """A new message; `person` set makes it theirs alone."""
        values: dict[str, Any] = {  # a row as it is written
            "seq": await self._next_seq(),
            "room": room,
            "channel": channel,
            "person": person,
            "author": clean(author),
            "body": dict(body),
            "ts_ms": now_ms,
        }
        number = await self._session.add(insert(room_messages), values)
        return RoomMessage(id=number, edited_ms=None, **values)

    async def replace(self, message: int, body: Payload, now_ms: int) -> RoomMessage | None:
        """New body in place, with a new `seq`, so that `since` brings it again. None: no such message."""
        values = {"seq": await self._next_seq(), "body": dict(body), "edited_ms": now_ms}
        await self._session.run(update(room_messages).where(room_messages.c.id == message).values(**values))
        return await self.get(message)

    async def rename(self, room: str, people: Collection[int], name: str, n: int = 500) -> None:
        """What these people said is theirs under another name: their last n messages, with a new `seq` each."""
        theirs = and_(room_messages.c.room == room, room_messages.c.body["by"].as_integer().in_(sorted(people)))
        query = select(room_messages.c.id).where(theirs).order_by(room_messages.c.id.desc()).limit(n)
        for row in reversed(await self._session.rows(query)):
            values = {"author": clean(name), "seq": await self._next_seq()}
            await self._session.run(update(room_messages).where(room_messages.c.id == row["id"]).values(**values))

    async def get(self, message: int) -> RoomMessage | None:
        row = await self._session.row(select(room_messages).where(room_messages.c.id == message))
        return None if row is None else _message(row)

    async def since(self, room: str, seq: int, person: int | None, n: int = 200) -> list[RoomMessage]:
        """The latest n messages changed after `seq` that they may see, by `seq`. Private ones of others never."""
        readable = or_(room_messages.c.person.is_(None), room_messages.c.person == (person or 0))
        query = select(room_messages).where(room_messages.c.room == room, room_messages.c.seq > seq, readable)
        rows = await self._session.rows(query.order_by(room_messages.c.seq.desc()).limit(n))
        return [_message(row) for row in reversed(rows)]

    async def latest_seq(self) -> int:
        return await self._session.number(select(counters.c.value).where(counters.c.name == COUNTER))

    async def _next_seq(self) -> int:
        """Counted in one row, so that a number is never seen before a smaller one."""
        start = {"name": COUNTER, "value": 0}
        await self._session.run(upsert(self._session.dialect, counters, ("name",), ("name",)), start)
        condition = counters.c.name == COUNTER
        await self._session.run(update(counters).where(condition).values(value=counters.c.value + 1))
        return await self._session.number(select(counters.c.value).where(condition))


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
