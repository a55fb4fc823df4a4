"""Server-sent events: one task a browser, reading the log at its own pace.

Events: `page` (messages, `id:` is the seq to resume from), `clock` (the heartbeat: the server's time, how fast it runs,
how many people are here). A stream ends when the room closes or the browser stops reading; browsers come back.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from bot.adapters.room.message_log import MessageLog, MessagePage
from bot.adapters.room.render import visible_to
from bot.adapters.room.security import RefusalError, Visitor
from bot.words import room as words

HEARTBEAT_S = 10.0
STALLED_S = 20.0  # a browser that has not read for so long is let go; it resumes when it wakes
MOST_STREAMS_PER_VISITOR = 12
MOST_STREAMS = 500


class EventStreams:
    """`speed` is how many market milliseconds pass in one of the wall's (the demo's event time runs faster)."""

    def __init__(self, log: MessageLog, clock: Callable[[], int], speed: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._speed = speed
        self._viewers: Counter[str] = Counter()
        self._closing = False

    def close(self) -> None:
        """End every stream soon."""
        self._closing = True
        self._log.wake_all()

    @property
    def people(self) -> int:
        """Browsers with a session that have the room open, each counted once."""
        return sum(1 for ext in self._viewers if ext)

    @property
    def open(self) -> int:
        """Streams, strangers' too."""
        return self._viewers.total()

    async def serve(self, request: web.Request, room: str, visitor: Visitor, since: int | None) -> web.StreamResponse:
        if self._closing:
            raise RefusalError(503, words.closing())
        if self._viewers.total() >= MOST_STREAMS or (
            visitor.ext and self._viewers[visitor.ext] >= MOST_STREAMS_PER_VISITOR
        ):
            raise RefusalError(429, words.too_many_windows())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        event = self._log.listen(room, visitor.person.id if visitor.person else None)
        self._viewers[visitor.ext] += 1
        try:
            await self._send_events(response, room, visitor, since, event)
        except ConnectionResetError:
            pass  # gone: the browser resumes from its last id
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # stalled: what is in its buffer would keep the connection for ever
        finally:
            self._log.stop_listening(event)
            self._viewers[visitor.ext] -= 1
            self._viewers += Counter()  # forget who is at 0
        return response

    async def _send_events(
        self, response: web.StreamResponse, room: str, visitor: Visitor, since: int | None, event: asyncio.Event
    ) -> None:
        person = visitor.person.id if visitor.person else None
        await self._send(response, self._clock_event())
        first, people_seen = True, self._log.people_changed
        while not self._closing:
            event.clear()
            if people_seen != self._log.people_changed:
                people_seen = self._log.people_changed
                if await self._log.person(visitor.ext) != person:
                    return  # somebody else now: the browser comes back and is asked who
            page = await self._log.after(room, since, person)
            if page.messages or first:
                await self._send(response, self._page_event(page, person))
            since, first = page.seq, False
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await event.wait()
            except TimeoutError:
                await self._send(response, self._clock_event())

    async def _send(self, response: web.StreamResponse, text: str) -> None:
        async with asyncio.timeout(STALLED_S):
            await response.write(text.encode())

    def _clock_event(self) -> str:
        return _event("clock", self._clock_data())

    def _clock_data(self) -> dict[str, object]:
        return {"now_ms": self._clock(), "speed": self._speed(), "here": self.people}

    def _page_event(self, page: MessagePage, person: int | None) -> str:
        shown = [visible_to(message, person) for message in page.messages]
        return _event("page", {**self._clock_data(), "messages": shown}, page.seq)


def _event(kind: str, data: object, seq: int | None = None) -> str:
    ident = "" if seq is None else f"id: {seq}\n"
    return f"{ident}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
