"""The room's messages: every write goes through here, is numbered in storage and wakes whoever listens.

Streams read forward by `seq` from a ring of the latest changes, and from storage where they have fallen behind it.
Nothing is queued per listener, so a slow one costs nobody anything: when it reads again it gets the newest state of
each message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import takewhile

from bot.adapters.room import NAME
from storage.database import Database
from storage.records import Payload, RoomMessage
from storage.unit_of_work import UnitOfWork

RING = 400
FIRST_PAGE = 400  # what a newcomer gets, and one who was away for long
BOARD, NEWS, TALK = "board", "news", "talk"


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages to show, oldest change first, and the `seq` to go on from."""

    messages: tuple[RoomMessage, ...]
    seq: int


class Log:
    """`open` reads where storage stands; use it before anything else."""

    def __init__(self, db: Database, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._order = asyncio.Lock()  # seq order in storage is then the order in the ring
        self._ring: deque[RoomMessage] = deque()
        self._floor = 0  # changes up to this seq are not in the ring
        self._top = 0
        self._people = 0  # the ring holds what was said before anybody changed who she is
        self._listeners: dict[asyncio.Event, tuple[str, int | None]] = {}  # and what each listens to

    async def open(self) -> None:
        async with self._db.reading() as uow:
            self._floor = self._top = await uow.room.latest_seq()

    async def append(
        self, room: str, channel: str, body: Payload, *, author: str = "", person: int | None = None
    ) -> RoomMessage:
        """A new message; `person` makes it hers alone."""

        async def write(uow: UnitOfWork) -> RoomMessage:
            return await uow.room.append(room, channel, body, author=author, person=person, now_ms=self._clock())

        message = await self._written(write)
        assert message is not None
        return message

    async def replace(self, message: int, body: Payload, *, unless_after: int | None = None) -> RoomMessage | None:
        """New body in place; None: no such message. The same body again changes nothing, nor does one for a message
        that has changed since `seq` `unless_after` (a fill arrived: what was said before it must not overwrite it)."""

        async def write(uow: UnitOfWork) -> RoomMessage | None:
            now = await uow.room.get(message)
            if now is None or now.body == body or (unless_after is not None and now.seq > unless_after):
                return now
            return await uow.room.replace(message, body, self._clock())

        return await self._written(write)

    async def get(self, message: int) -> RoomMessage | None:
        async with self._db.reading() as uow:
            return await uow.room.get(message)

    async def after(self, room: str, seq: int | None, person: int | None) -> MessagePage:
        """What changed after `seq` (None: the latest page) that this person may see. Never waits for news."""
        if self._people != self._db.cache.people_changed:
            self._people, self._floor = self._db.cache.people_changed, self._top
            self._ring.clear()
        if seq is None or seq > self._top:  # from another database
            return await self._stored(room, 0, person)
        if seq < self._floor:
            return await self._stored(room, seq, person)
        recent = takewhile(lambda one: one.seq > seq, reversed(self._ring))
        fresh = [one for one in recent if one.room == room and one.person in (None, person)]
        return MessagePage(tuple(_newest(fresh[::-1])), self._top)

    async def person(self, ext: str) -> int | None:
        """Who has this id in the room now."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, ext)
        return None if person is None else person.id

    async def speaker(self, person: int) -> tuple[int, str]:
        """Who stands behind this number by now, and her name: her own line may have made her one with somebody, or
        had her forgotten."""
        async with self._db.reading() as uow:
            owner = await uow.people.primary_id(person)
            found = await uow.people.get(owner)
        return owner, "" if found is None else found.name

    @property
    def people_changed(self) -> int:
        """Another number: somebody is not who she was."""
        return self._db.cache.people_changed

    def listen(self, room: str, person: int | None) -> asyncio.Event:
        """An event that is set whenever something this person may see changed in the room; the listener clears it. Hand
        it back to `leave`."""
        event = asyncio.Event()
        self._listeners[event] = (room, person)
        return event

    def leave(self, event: asyncio.Event) -> None:
        self._listeners.pop(event, None)

    def wake(self) -> None:
        """Wake every listener: to close, or because something else of theirs changed."""
        for event in self._listeners:
            event.set()

    async def _written(self, write: Callable[[UnitOfWork], Awaitable[RoomMessage | None]]) -> RoomMessage | None:
        async with self._order:
            async with self._db.writing() as uow:
                message = await write(uow)
                await uow.commit()
            if message is not None and message.seq > self._top:
                self._remember(message)
        return message

    def _remember(self, message: RoomMessage) -> None:
        self._ring.append(message)
        self._top = message.seq
        if len(self._ring) > RING:
            self._floor = self._ring.popleft().seq
        for event, (room, person) in self._listeners.items():
            if room == message.room and message.person in (None, person):
                event.set()

    async def _stored(self, room: str, seq: int, person: int | None) -> MessagePage:
        async with self._db.reading() as uow:
            top = await uow.room.latest_seq()
            found = await uow.room.since(room, seq, person, FIRST_PAGE)
        return MessagePage(tuple(found), max(top, *(one.seq for one in found), seq) if found else max(top, seq))


def _newest(messages: list[RoomMessage]) -> list[RoomMessage]:
    """Of each message its last state only, in order of change."""
    last = {one.id: one.seq for one in messages}
    return [one for one in messages if last[one.id] == one.seq]
