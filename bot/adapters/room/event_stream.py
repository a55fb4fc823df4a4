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

from bot.adapters.room.message_log import Log, MessagePage
from bot.adapters.room.render import shape
from bot.adapters.room.security import RefusalError, Visitor
from bot.words import room as words

HEARTBEAT_S = 10.0
STALLED_S = 20.0  # a browser that has not read for so long is let go; it resumes when it wakes
MOST_PER_VISITOR = 12
MOST = 500


class Streams:
    """`speed` is how many market milliseconds pass in one of the wall's (the demo's event time runs faster)."""

    def __init__(self, log: Log, clock: Callable[[], int], speed: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._speed = speed
        self._here: Counter[str] = Counter()
        self._closing = False

    def close(self) -> None:
        """End every stream soon."""
        self._closing = True
        self._log.wake()

    @property
    def people(self) -> int:
        """Browsers with a session that have the room open, each counted once."""
        return sum(1 for ext in self._here if ext)

    async def serve(self, request: web.Request, room: str, who: Visitor, since: int | None) -> web.StreamResponse:
        if self._closing:
            raise RefusalError(503, words.closing())
        if self._here.total() >= MOST or (who.ext and self._here[who.ext] >= MOST_PER_VISITOR):
            raise RefusalError(429, words.too_many_windows())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        event = self._log.listen(room, who.person.id if who.person else None)
        self._here[who.ext] += 1
        try:
            await self._pump(response, room, who, since, event)
        except ConnectionResetError:
            pass  # gone: she resumes from her last id
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()  # stalled: what is in its buffer would keep the connection for ever
        finally:
            self._log.leave(event)
            self._here[who.ext] -= 1
            self._here += Counter()  # forget who is at 0
        return response

    async def _pump(
        self, response: web.StreamResponse, room: str, who: Visitor, since: int | None, event: asyncio.Event
    ) -> None:
        person = who.person.id if who.person else None
        await self._send(response, self._tick())
        first, people = True, self._log.people_changed
        while not self._closing:
            event.clear()
            if people != self._log.people_changed:
                people = self._log.people_changed
                if await self._log.person(who.ext) != person:
                    return  # she is somebody else now: her browser comes back and is asked who
            page = await self._log.after(room, since, person)
            if page.messages or first:
                await self._send(response, self._page(page, person))
            since, first = page.seq, False
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await event.wait()
            except TimeoutError:
                await self._send(response, self._tick())

    async def _send(self, response: web.StreamResponse, text: str) -> None:
        async with asyncio.timeout(STALLED_S):
            await response.write(text.encode())

    def _tick(self) -> str:
        return _event("clock", self._time())

    def _time(self) -> dict[str, object]:
        return {"now_ms": self._clock(), "speed": self._speed(), "here": self.people}

    def _page(self, page: MessagePage, person: int | None) -> str:
        shown = [shape(message, person) for message in page.messages]
        return _event("page", {**self._time(), "messages": shown}, page.seq)


def _event(kind: str, data: object, seq: int | None = None) -> str:
    ident = "" if seq is None else f"id: {seq}\n"
    return f"{ident}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
