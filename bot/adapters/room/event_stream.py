"""Server-sent events: one task a browser, reading the log at its own pace, and one that looks after them all.

Events: `page` (messages, `id:` is the seq to resume from), `market` and `account` (see `live_events`), `clock` (the
heartbeat: the server's time, how fast it runs, how many people are here). A stream ends when the room closes, when its
place is given to another or when the browser stops reading; browsers come back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.adapters.room import limits
from bot.adapters.room.limits import Place, Places, RefusalError
from bot.adapters.room.live_events import LiveEvents, Look
from bot.adapters.room.message_log import MessageLog
from bot.adapters.room.page_events import PageEvents, clock_event, to_json
from bot.adapters.room.security import Visitor
from bot.words import room as words
from storage.quiet_log import QuietLog
from storage.trouble import TroubleError

HEARTBEAT_S = 10.0
STALLED_S = 20.0  # a browser that has not read for so long is let go; it resumes when it wakes
REOPEN_S = 2
SESSION_S = 50.0  # a session that ended at another process, or ran out, is nobody's within a minute

Hold = Callable[[web.Request], None]


@dataclass(slots=True, eq=False)
class _Stream:
    """`sent_at` and `writing_since` (None: it is not) are moments of the loop's clock."""

    request: web.Request
    response: web.StreamResponse
    place: Place
    sent_at: float = 0.0
    writing_since: float | None = None

    async def send(self, data: bytes) -> None:
        """Waits where the browser reads slowly: this and what the connection buffers is all there is of it here."""
        self.sent_at = self.writing_since = asyncio.get_running_loop().time()
        await self.response.write(data)
        self.writing_since = None


class EventStreams:
    """`speed` is how many market milliseconds pass in one of the wall's (the demo's event time runs faster). `hold` is
    told of each request that becomes a stream. `elsewhere` is who has the room open at other processes."""

    def __init__(
        self,
        log: MessageLog,
        events: PageEvents,
        live: LiveEvents,
        clock: Callable[[], int],
        speed: Callable[[], float],
        hold: Hold,
        elsewhere: Callable[[], frozenset[int]],
    ) -> None:
        self._log = log
        self._events = events
        self._live = live
        self._clock = clock
        self._speed = speed
        self._hold = hold
        self._elsewhere = elsewhere
        each = limits.MOST_STREAMS_EACH
        self._members = Places(limits.MEMBERS_PLACES, each, words.full_house)
        self._strangers = Places(limits.STRANGERS_PLACES, each, words.full_for_strangers)
        self._streams: set[_Stream] = set()
        self._watch: asyncio.Task[None] | None = None
        self._clock_seen: tuple[tuple[int, float, int], bytes] = ((-1, 0.0, 0), b"")
        self._people_seen: tuple[int, frozenset[int], int] = (-1, frozenset(), 0)
        self._closing = False
        self._quiet = QuietLog(logging.getLogger(__name__))

    def keep_within(self, connections: int) -> None:
        """Fewer places where the system allows so few connections; some are left for what streams do not carry."""
        self._members.most = min(self._members.most, 2 * connections // 3)
        self._strangers.most = min(self._strangers.most, connections // 8)

    def close(self) -> None:
        """End every stream soon."""
        self._closing = True
        self._log.wake_all()
        if self._watch is not None:
            self._watch.cancel()

    @property
    def here(self) -> set[int]:
        """Members that have the room open at this process."""
        return self._members.owners

    @property
    def people(self) -> int:
        """Members that have the room open at any process, each counted once."""
        elsewhere, changes = self._elsewhere(), self._members.changes
        if self._people_seen[0] != changes or self._people_seen[1] is not elsewhere:  # each stream asks, for each event
            self._people_seen = (changes, elsewhere, len(self.here | elsewhere))
        return self._people_seen[2]

    @property
    def open(self) -> int:
        """Streams, strangers' too."""
        return len(self._members) + len(self._strangers)

    async def serve(
        self, request: web.Request, room: str, visitor: Visitor, since: int | None, market: int | None
    ) -> web.StreamResponse:
        """Until it is over; `market` None is the one the room shows."""
        if self._closing:
            raise RefusalError(503, words.closing(), REOPEN_S)
        person = visitor.person.id if visitor.person else None
        places = self._strangers if person is None else self._members
        event = self._log.listen(room, person)
        place = Place(whose=visitor.whose, rank=person or 0, event=event)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        try:
            places.take(place)
            self._hold(request)
            await response.prepare(request)
            look = await self._live.begin(room, visitor, market, event)
            await self._send_events(_Stream(request, response, place), look, since)
        except (ConnectionResetError, TroubleError):
            pass  # gone, or nothing can be read for it now: the browser resumes from its last id
        except Exception as error:
            if not response.prepared:
                raise
            self._quiet.error("stream", "a stream has failed", error=error)  # another answer has no place in this one
        finally:
            self._log.stop_listening(event)
            self._live.end(event)
            places.leave(place)
        return response

    async def _send_events(self, stream: _Stream, look: Look, since: int | None) -> None:
        self._streams.add(stream)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_over())
        try:
            await self._send_until_over(stream, look, since)
        finally:
            self._streams.discard(stream)

    async def _watch_over(self) -> None:
        """Wakes who is due a heartbeat, and lets go of who does not read: one clock for all, not two for every event of
        each."""
        now = asyncio.get_running_loop().time
        while self._streams:
            await asyncio.sleep(min(HEARTBEAT_S, STALLED_S) / 10)
            for stream in list(self._streams):
                if stream.writing_since is not None:
                    if now() - stream.writing_since > STALLED_S and stream.request.transport is not None:
                        stream.request.transport.abort()  # what is in its buffer would keep the connection for ever
                elif now() - stream.sent_at >= HEARTBEAT_S:
                    stream.place.event.set()

    async def _send_until_over(self, stream: _Stream, look: Look, since: int | None) -> None:
        room, person, place = look.room, look.watcher.person, stream.place
        now = asyncio.get_running_loop().time
        await stream.send(clock_event(self._clock_json()))
        people_seen = self._log.people_changed
        since = await self._send_page(stream, room, since, person, first=True)
        asked = now()
        while not (self._closing or place.given_up):
            place.event.clear()
            stale = look.visitor.came_as is not None and now() - asked >= SESSION_S
            if people_seen != self._log.people_changed or stale:
                people_seen, asked = self._log.people_changed, now()
                if await self._log.person(look.visitor.ext) != person:
                    return  # somebody else now: the browser comes back and is asked who
            since = await self._send_page(stream, room, since, person)
            for data in await self._live.due(look):
                await stream.send(data)
            if now() - stream.sent_at >= HEARTBEAT_S:
                await stream.send(clock_event(self._clock_json()))
            await place.event.wait()

    async def _send_page(
        self, stream: _Stream, room: str, since: int | None, person: int | None, *, first: bool = False
    ) -> int:
        """What changed; returns the seq to go on from. What was read is let go of before it is sent."""
        page = await self._log.after(room, since, person)
        seq = page.seq
        pieces = self._events.event(page, person, self._clock_json()) if page.messages or first else ()
        del page
        for piece in pieces:
            await stream.send(piece)
        return seq

    def _clock_json(self) -> bytes:
        """The server's time, how fast it runs, who is here: the same bytes for all who are served in one moment."""
        seen = (self._clock(), self._speed(), self.people)
        if seen != self._clock_seen[0]:
            self._clock_seen = (seen, to_json({"now_ms": seen[0], "speed": seen[1], "here": seen[2]}))
        return self._clock_seen[1]
