"""The room's messages: every write goes through here, is numbered in storage and wakes whoever listens.

Streams read forward by `seq` from a memory of the latest changes, and from storage where they have fallen behind it.
Nothing is queued per listener, so a slow one costs nobody anything: when it reads again it gets the newest state of
each message. None is shown before it is on disk.

Other processes write into the same messages. What they wrote is read from storage, whole up to a number (see
`storage.room_messages`): when a commit wakes us, after `POLL_S` in any case, and before anybody is told of anything
that came after it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.adapters.room import NAME, recent_messages
from bot.adapters.room.message_writer import MessageWriter, WriteMessages
from bot.adapters.room.recent_messages import RecentMessages
from storage.database import Database
from storage.records import Payload, RoomMessage
from storage.room_messages import RoomDraft, RoomHeads
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork
from storage.waking import Topic

FIRST_PAGE = 400  # what a newcomer gets, and one who was away for long
POLL_S = 1.0  # how late we hear of another process where it cannot wake us
TOGETHER_S = 0.05  # what others write meanwhile is read together
UNKEPT = 1 << 52  # numbers of messages that are not kept: above all that are, and exact in a browser
BOARD, NEWS, TALK = "board", "news", "talk"


Also = Callable[[UnitOfWork, RoomMessage], Awaitable[None]]
"""What belongs to a message and is written in its transaction."""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages to show, oldest change first, and the `seq` to go on from. They are as they were while `people` had
    changed so often: who is forgotten goes out of messages that keep their `seq`."""

    messages: tuple[RoomMessage, ...]
    seq: int
    people: int


class MessageLog:
    """`open` reads where storage stands; use it before anything else. `follow` runs for as long as anybody listens."""

    def __init__(self, db: Database, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        self._writer = MessageWriter(db, self._written)
        self._unkept = 0
        self._recent = RecentMessages()
        self._is_behind = False  # storage has more than is known here
        self._reading_on = asyncio.Lock()
        self._people_seen = 0  # `people_changed` of what is kept
        self._people_counted = 0  # how often storage counted that, which other processes count too
        self._listeners: dict[asyncio.Event, tuple[str, int | None]] = {}  # and what each listens to

    async def open(self) -> None:
        async with self._db.reading() as uow:
            heads = await uow.room.heads()
        self._recent.begin(heads.seq)
        self._people_counted = heads.people

    async def follow(self) -> None:
        """For ever: read on whenever somebody has written."""
        written, people = self._db.subscribe(Topic.ROOM), self.people_changed
        while True:
            await written.woken(POLL_S)
            try:
                async with self._reading_on:
                    await self._read_on()
            except TroubleError:
                pass  # the next round tries again, and the watch on the database has said so
            if people != self.people_changed:  # who listens may be somebody else now
                people = self.people_changed
                self.wake_all()
            await asyncio.sleep(TOGETHER_S)

    async def append(
        self,
        room: str,
        channel: str,
        body: Payload,
        *,
        author: str = "",
        person: int | None = None,
        request_id: str | None = None,
    ) -> RoomMessage:
        """A new message; `person` makes it theirs alone. The one that answers this request already, where there is."""
        draft = RoomDraft(room=room, channel=channel, body=body, author=author, person=person, request_id=request_id)

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            return await uow.room.append_many([draft], self._clock())

        return (await self.write(write))[0]

    async def answer(
        self,
        room: str,
        body: Payload,
        by: int,
        *,
        private: bool,
        request_id: str | None = None,
        also: Also | None = None,
    ) -> RoomMessage:
        """A new message that answers a person, under their name and for them alone where it is `private`: whoever
        stands behind that number by now, since their own command may have linked them with another account, given them
        another name or had them forgotten. `also` is written with it. The message that answers this request already,
        where another process was first."""

        async def write(uow: UnitOfWork) -> list[RoomMessage]:
            owner = await uow.people.primary(by)
            message = await uow.room.append(
                room,
                TALK,
                {**body, "by": by if owner is None else owner.id},
                author="" if owner is None else owner.name,
                person=(by if owner is None else owner.id) if private else None,
                request_id=request_id,
                now_ms=self._clock(),
            )
            return [await _with(also, uow, message)]

        return (await self.write(write))[0]

    def unkept(self, room: str, body: Payload, person: int) -> RoomMessage:
        """One that cannot be written down now. Who asked sees it below all others, until they load the page again."""
        now_ms = self._clock()
        later = UNKEPT + (now_ms << 10) + secrets.randbelow(1 << 10)  # another process may say something just now
        number = self._unkept = max(self._unkept + 1, later)
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
            await uow.room.lock()
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

    async def requested(self, request_id: str) -> RoomMessage | None:
        """What answers this request, whichever process answered it."""
        async with self._db.reading() as uow:
            return (await uow.room.requested([request_id])).get(request_id)

    async def after(self, room: str, seq: int | None, person: int | None) -> MessagePage:
        """What changed after `seq` (None: the latest page) that this person may see. Never waits for news."""
        if self._is_behind or (seq is not None and seq > self._recent.latest_seq):
            await self._catch_up(seq or 0)
        people = self._heed_people()
        if seq is None or seq > self._recent.latest_seq:  # from another database
            return await self._from_storage(room, 0, person)
        if seq < self._recent.oldest_seq:
            return await self._from_storage(room, seq, person)
        return MessagePage(tuple(self._recent.since(room, seq, person)), self._recent.latest_seq, people)

    async def person(self, ext: str) -> int | None:
        """Who has this id in the room now, by a name of their own or by a session."""
        async with self._db.reading() as uow:
            person = await uow.people.find(NAME, ext)
            if person is not None:
                return person.id
            session = await uow.sessions.find(ext, self._clock())
        return None if session is None else session.identity.person

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
        return await self._writer.write(write)

    async def write_apart(self, write: WriteMessages) -> Sequence[RoomMessage]:
        """`write` for what also locks what comes before messages (`storage.lock_order`)."""
        return await self._writer.write_apart(write)

    def _written(self, messages: Mapping[int, RoomMessage], people: int) -> None:
        """Shown at once, where nobody else has written in between: else all of it is read from storage, and so it is
        where somebody has been forgotten meanwhile, whom these may name."""
        new = [messages[seq] for seq in sorted(messages) if seq > self._recent.latest_seq]
        if self._recent.follows(new) and people == self.people_changed:
            self._publish(new, new[-1].seq if new else 0)
        else:
            self._is_behind = True

    def _publish(self, messages: Sequence[RoomMessage], seq: int) -> None:
        """All there is up to `seq`; each listener is woken once."""
        self._heed_people()
        audiences = {(message.room, message.person) for message in self._recent.add(messages, seq)}
        for event, (room, person) in self._listeners.items():
            if (room, None) in audiences or (room, person) in audiences:
                event.set()

    async def _catch_up(self, seq: int) -> None:
        """Read on, unless another has while we waited for our turn."""
        async with self._reading_on:
            if self._is_behind or seq > self._recent.latest_seq:
                await self._read_on()

    async def _read_on(self) -> None:
        """All that storage has after what is known here. For who holds `_reading_on`."""
        async with self._db.reading() as uow:
            heads, people = await self._heads(uow)
            behind = heads.seq > self._recent.latest_seq
            messages = await uow.room.changes(self._recent.latest_seq, recent_messages.RECENT) if behind else []
        if people != self.people_changed:  # these may name who has just been forgotten
            self._is_behind = True
            return
        self._is_behind = False
        if len(messages) == recent_messages.RECENT:  # there may be more
            self._recent.begin(messages[0].seq - 1)
        self._publish(messages, heads.seq)

    async def _from_storage(self, room: str, seq: int, person: int | None) -> MessagePage:
        async with self._db.reading() as uow:
            heads, people = await self._heads(uow)
            messages = await uow.room.since(room, seq, person, FIRST_PAGE, self._recent.states)
        if people == self.people_changed:
            for message in messages:
                self._recent.keep(message)
        return MessagePage(tuple(messages), max(heads.seq, seq), people)

    async def _heads(self, uow: UnitOfWork) -> tuple[RoomHeads, int]:
        """Of a snapshot, and `people_changed` as of it."""
        before = self.people_changed
        heads = await uow.room.heads()
        if heads.people > self._people_counted:  # by another process, or by this one, which has heard of it already
            self._people_counted = heads.people
            self._db.cache.forget_people()
            before += 1
        self._heed_people()
        return heads, before

    def _heed_people(self) -> int:
        """What is kept may name who has been forgotten since. Returns `people_changed`."""
        people = self.people_changed
        if self._people_seen != people:
            self._people_seen = people
            self._recent.forget()
        return people


async def _with(also: Also | None, uow: UnitOfWork, message: RoomMessage) -> RoomMessage:
    if also is not None:
        await also(uow, message)
    return message
