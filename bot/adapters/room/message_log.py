"""The room's messages: every write goes through here, is numbered in storage and wakes whoever listens.

Writes that wait for the database are written together, in the order they came: one durable transaction, whoever they
are from. None is shown before it is on disk.

Streams read forward by `seq` from a ring of the latest changes, and from storage where they have fallen behind it.
Nothing is queued per listener, so a slow one costs nobody anything: when it reads again it gets the newest state of
each message.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, takewhile

from bot.adapters.room import NAME
from storage.again import again, passes
from storage.database import Database
from storage.records import Payload, RoomMessage
from storage.unit_of_work import UnitOfWork

RECENT = 400
KEPT = 1_000
NOBODY_KNOWS = -1  # whether people have changed
FIRST_PAGE = 400  # what a newcomer gets, and one who was away for long
MOST_TOGETHER = 200  # writes in one transaction
UNKEPT = 1 << 52  # numbers of messages that are not kept: above all that are, and exact in a browser
BOARD, NEWS, TALK = "board", "news", "talk"


WriteMessages = Callable[[UnitOfWork], Awaitable[Sequence[RoomMessage]]]
"""Run again where it was rolled back because of another."""

Also = Callable[[UnitOfWork, RoomMessage], Awaitable[None]]
"""What belongs to a message and is written in its transaction."""


@dataclass(frozen=True, slots=True)
class _Write:
    write: WriteMessages
    done: asyncio.Future[Sequence[RoomMessage]]

    def end(self, messages: Sequence[RoomMessage]) -> None:
        if not self.done.done():  # whoever asked was cancelled
            self.done.set_result(messages)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class _WriteError(Exception):
    """One of several writes failed before anything was committed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages to show, oldest change first, and the `seq` to go on from. They are as they were while `people` had
    changed so often: who is forgotten goes out of messages that keep their `seq`."""

    messages: tuple[RoomMessage, ...]
    seq: int
    people: int


class MessageLog:
    """`open` reads where storage stands; use it before anything else."""

    def __init__(self, db: Database, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._waiting: list[_Write] = []
        self._writer: asyncio.Task[None] | None = None  # one at a time: seq order in storage is the order in the ring
        self._unkept = count(UNKEPT)
        self._recent: deque[RoomMessage] = deque()
        self._oldest_seq = 0  # changes up to this seq are not in the ring
        self._latest_seq = 0
        self._states: OrderedDict[int, RoomMessage] = OrderedDict()  # by id, as far as they were seen lately
        self._people_seen = 0  # the number of identities that changed when the ring was filled
        self._listeners: dict[asyncio.Event, tuple[str, int | None]] = {}  # and what each listens to

    async def open(self) -> None:
        async with self._db.reading() as uow:
            self._oldest_seq = self._latest_seq = await uow.room.latest_seq()

    async def append(
        self, room: str, channel: str, body: Payload, *, author: str = "", person: int | None = None
    ) -> RoomMessage:
        """A new message; `person` makes it theirs alone."""

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            return [await uow.room.append(room, channel, body, author=author, person=person, now_ms=self._clock())]

        return (await self.write(write))[0]

    async def answer(
        self, room: str, body: Payload, by: int, *, private: bool, also: Also | None = None
    ) -> RoomMessage:
        """A new message that answers a person, under their name and for them alone where it is `private`: whoever
        stands behind that number by now, since their own command may have linked them with another account, given them
        another name or had them forgotten. `also` is written with it."""

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            owner = await uow.people.primary(by)
            message = await uow.room.append(
                room,
                TALK,
                {**body, "by": by if owner is None else owner.id},
                author="" if owner is None else owner.name,
                person=(by if owner is None else owner.id) if private else None,
                now_ms=self._clock(),
            )
            return [await _with(also, uow, message)]

        return (await self.write(write))[0]

    def unkept(self, room: str, body: Payload, person: int) -> RoomMessage:
        """One that cannot be written down now. Who asked sees it below all others, until they load the page again."""
        number, now_ms = next(self._unkept), self._clock()
        return RoomMessage(
            id=number,
            seq=number,
            room=room,
            channel=TALK,
            person=person,
            author="",
            body={**body, "by": person},
            ts_ms=now_ms,
            edited_ms=None,
        )

    async def replace(
        self, message: int, body: Payload, *, unless_after: int | None = None, also: Also | None = None
    ) -> RoomMessage | None:
        """New body in place; None: no such message. The same body again changes nothing, nor does one for a message
        that has changed since `seq` `unless_after` (a fill arrived: what was said before it must not overwrite it)."""

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            now = await uow.room.get(message)
            if now is None:
                return []
            if now.body == body or (unless_after is not None and now.seq > unless_after):
                return [await _with(also, uow, now)]
            [changed] = await uow.room.replace_many([(now, body)], self._clock())
            return [await _with(also, uow, changed)]

        return next(iter(await self.write(write)), None)

    async def get(self, message: int) -> RoomMessage | None:
        async with self._db.reading() as uow:
            return await uow.room.get(message)

    async def after(self, room: str, seq: int | None, person: int | None) -> MessagePage:
        """What changed after `seq` (None: the latest page) that this person may see. Never waits for news."""
        people = self.people_changed
        if self._people_seen != people:
            self._people_seen, self._oldest_seq = people, self._latest_seq
            self._recent.clear()
            self._states.clear()
        if seq is None or seq > self._latest_seq:  # from another database
            return await self._from_storage(room, 0, person)
        if seq < self._oldest_seq:
            return await self._from_storage(room, seq, person)
        changes = takewhile(lambda message: message.seq > seq, reversed(self._recent))
        visible = [message for message in changes if message.room == room and message.person in (None, person)]
        return MessagePage(tuple(_latest_states(visible[::-1])), self._latest_seq, people)

    async def person(self, ext: str) -> int | None:
        """Who has this id in the room now."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, ext)
        return None if person is None else person.id

    @property
    def people_changed(self) -> int:
        """Another number: an account was linked, parted or forgotten."""
        return self._db.cache.people_changed

    def listen(self, room: str, person: int | None) -> asyncio.Event:
        """An event that is set whenever something this person may see changed in the room; the listener clears it. Hand
        it back to `stop_listening`."""
        event = asyncio.Event()
        self._listeners[event] = (room, person)
        return event

    def stop_listening(self, event: asyncio.Event) -> None:
        self._listeners.pop(event, None)

    def wake_all(self) -> None:
        """Wake every listener: to close, or because something else of theirs changed."""
        for event in self._listeners:
            event.set()

    async def write(self, write: WriteMessages) -> Sequence[RoomMessage]:
        """What `write` appends and replaces, and returns by `seq`; all of it is shown at once. On disk when this
        returns."""
        waiting = _Write(write, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_waiting())
        return await waiting.done

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                batch: list[_Write] = []
                try:
                    await again(partial(self._write_all, batch))
                except _WriteError:
                    for waiting in batch:  # one of them cannot be written: the others are
                        await self._write_alone(waiting)
                except Exception as error:
                    for waiting in batch or self._take():
                        waiting.fail(error)
        finally:
            self._writer = None

    async def _write_alone(self, waiting: _Write) -> None:
        batch = [waiting]
        try:
            await self._write_all(batch)
        except _WriteError as error:
            waiting.fail(error.cause)
        except Exception as error:
            waiting.fail(error)

    def _take(self) -> list[_Write]:
        taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        return taken

    async def _write_all(self, batch: list[_Write]) -> None:
        """The batch, or where it is empty all that waits by the moment the database is free; that is put into it."""
        people = self.people_changed
        async with self._db.writing() as uow:
            batch += [] if batch else self._take()
            try:
                written = [await waiting.write(uow) for waiting in batch]
            except Exception as error:
                if passes(error):
                    raise
                raise _WriteError(error) from error
            await uow.commit()
        if people != self.people_changed:  # these may name who has just been forgotten: storage knows better
            self._people_seen = NOBODY_KNOWS
        self._publish({message.seq: message for messages in written for message in messages})
        for waiting, messages in zip(batch, written, strict=True):
            waiting.end(messages)

    def _publish(self, messages: Mapping[int, RoomMessage]) -> None:
        """By seq, what is new of them; each listener is woken once."""
        new = [messages[seq] for seq in sorted(messages) if seq > self._latest_seq]
        if not new:
            return
        self._recent.extend(new)
        for message in new:
            self._keep(message)
        self._latest_seq = new[-1].seq
        while len(self._recent) > RECENT:
            self._oldest_seq = self._recent.popleft().seq
        audiences = {(message.room, message.person) for message in new}
        for event, (room, person) in self._listeners.items():
            if (room, None) in audiences or (room, person) in audiences:
                event.set()

    def _keep(self, message: RoomMessage) -> None:
        """What everybody may read is asked for by every newcomer."""
        if message.person is None:
            self._states.pop(message.id, None)
            self._states[message.id] = message
            if len(self._states) > KEPT:
                self._states.popitem(last=False)

    async def _from_storage(self, room: str, seq: int, person: int | None) -> MessagePage:
        people = self.people_changed
        async with self._db.reading() as uow:
            latest = await uow.room.latest_seq()
            messages = await uow.room.since(room, seq, person, FIRST_PAGE, self._states)
        if people == self.people_changed:
            for message in messages:
                self._keep(message)
        return MessagePage(tuple(messages), max(latest, seq, *(message.seq for message in messages)), people)


def _latest_states(messages: list[RoomMessage]) -> list[RoomMessage]:
    """Of each message its last state only, in order of change."""
    last_seq = {message.id: message.seq for message in messages}
    return [message for message in messages if last_seq[message.id] == message.seq]


async def _with(also: Also | None, uow: UnitOfWork, message: RoomMessage) -> RoomMessage:
    if also is not None:
        await also(uow, message)
    return message
