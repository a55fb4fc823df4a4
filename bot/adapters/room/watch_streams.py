"""Who watches public markets: one task a market, however many watch it, and each of its states written once.

Events: `market` (see `watch_json`), `clock` (the heartbeat: the server's time and how fast it runs), `gone` where the
market may not be watched any more, which ends the stream. A browser that falls behind is sent the newest state next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.adapters.room import NAME, limits
from bot.adapters.room.event_stream import HEARTBEAT_S, REOPEN_S, STALLED_S, Hold
from bot.adapters.room.limits import Place, Places, RefusalError
from bot.adapters.room.page_events import clock_event, to_json
from bot.adapters.room.watch_json import watched_to_json
from bot.market.live_markets import LiveMarkets, Watcher
from bot.market.market_facts import MarketFacts
from bot.words import room as words
from storage.quiet_log import QuietLog
from storage.trouble import TroubleError

GONE = b"event: gone\ndata: null\n\n"
MOST_KEPT = 32  # states as they were written last


@dataclass(slots=True, eq=False)
class _Stream:
    """One who watches. `sent`: the state they have; `writing_since` (None: it is not) a moment of the loop's clock."""

    request: web.Request
    response: web.StreamResponse
    place: Place
    sent: bytes = b""
    beats: int = 0
    writing_since: float | None = None

    async def send(self, data: bytes) -> None:
        self.writing_since = asyncio.get_running_loop().time()
        await self.response.write(data)
        self.writing_since = None


@dataclass(slots=True, eq=False)
class _Channel:
    """One market and all who watch it. `state`: the event they are to have, empty until it is known; `gone`: nobody may
    watch it any more."""

    market: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    streams: set[_Stream] = field(default_factory=set)
    state: bytes = b""
    beats: int = 0
    gone: bool = False
    task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        for stream in self.streams:
            stream.place.event.set()


class WatchStreams:
    """`clock` and `speed` as `EventStreams` has them, `hold` is told of each request that becomes a stream."""

    def __init__(self, live: LiveMarkets, clock: Callable[[], int], speed: Callable[[], float], hold: Hold) -> None:
        self._live = live
        self._clock = clock
        self._speed = speed
        self._hold = hold
        self._places = Places(limits.WATCHERS_PLACES, limits.WATCHERS_EACH, words.full_for_watchers)
        self._channels: dict[int, _Channel] = {}
        self._written: dict[int, tuple[MarketFacts, bytes]] = {}
        self._quiet = QuietLog(logging.getLogger(__name__))
        self._closing = False

    @property
    def open(self) -> int:
        return len(self._places)

    def keep_within(self, connections: int) -> None:
        """Fewer places where the system allows so few connections."""
        self._places.most = min(self._places.most, connections // 8)

    def close(self) -> None:
        """End every stream soon."""
        self._closing = True
        for channel in self._channels.values():
            channel.woken.set()
            channel.wake()

    def state(self, facts: MarketFacts | None) -> bytes | None:
        """The JSON of a market, the same bytes for all who watch it; None where it may not be watched."""
        if facts is None or facts.watched is None:
            return None
        kept = self._written.pop(facts.market, None)
        if kept is None or kept[0] is not facts:
            kept = facts, to_json(watched_to_json(facts, facts.watched))
        self._written[facts.market] = kept
        if len(self._written) > MOST_KEPT:
            del self._written[next(iter(self._written))]
        return kept[1]

    async def serve(self, request: web.Request, market: int, whose: str) -> web.StreamResponse:
        """Until it is over; of a market that may be watched."""
        if self._closing:
            raise RefusalError(503, words.closing(), REOPEN_S)
        place = Place(whose=whose, rank=0, event=asyncio.Event())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        stream = _Stream(request, response, place)
        channel: _Channel | None = None
        self._places.take(place)
        try:
            self._hold(request)
            await response.prepare(request)
            channel = self._join(market, stream)
            await stream.send(self._clock_event())
            await self._send_until_over(stream, channel)
        except ConnectionResetError:
            pass  # gone: the browser comes back
        finally:
            self._places.leave(place)
            if channel is not None:
                self._leave(channel, stream)
        return response

    def _join(self, market: int, stream: _Stream) -> _Channel:
        channel = self._channels.get(market)
        if channel is None or channel.gone:
            channel = self._channels[market] = _Channel(market)
            channel.task = asyncio.create_task(self._follow(channel))
        channel.streams.add(stream)
        stream.beats = channel.beats
        return channel

    def _leave(self, channel: _Channel, stream: _Stream) -> None:
        channel.streams.discard(stream)
        if not channel.streams:
            channel.woken.set()

    async def _send_until_over(self, stream: _Stream, channel: _Channel) -> None:
        event = stream.place.event
        while not (self._closing or stream.place.given_up):
            event.clear()
            if channel.gone:
                await stream.send(GONE)
                return
            if channel.state is not stream.sent:
                stream.sent, stream.beats = channel.state, channel.beats
                await stream.send(channel.state)
            elif channel.beats != stream.beats:
                stream.beats = channel.beats
                await stream.send(self._clock_event())
            else:
                await event.wait()

    def _clock_event(self) -> bytes:
        return clock_event(to_json({"now_ms": self._clock(), "speed": self._speed()}))

    async def _follow(self, channel: _Channel) -> None:
        """For as long as anybody watches: what has changed is written once and everybody woken."""
        watcher = Watcher(platform=NAME, chat_ext="", market=channel.market, person=None, admin=False)
        try:
            await self._live.watch(channel.woken, watcher)
            while channel.streams and not self._closing:
                channel.woken.clear()
                self._look(channel, self._live.known(watcher)[0])
                if channel.gone:
                    return
                await self._wait(channel)
        except TroubleError:
            self._let_go(channel)
        except Exception as error:
            self._quiet.error(f"watch {channel.market}", "who watches market %d is let go", channel.market, error=error)
            self._let_go(channel)
        finally:
            self._live.stop_watching(channel.woken)
            if self._channels.get(channel.market) is channel:
                del self._channels[channel.market]
            channel.wake()

    def _let_go(self, channel: _Channel) -> None:
        """They come back by themselves, and find out then whether it can be read again."""
        for stream in channel.streams:
            stream.place.given_up = True

    def _look(self, channel: _Channel, facts: MarketFacts | None) -> None:
        state = self.state(facts)
        if state is None:
            channel.gone = True
            return
        event = b"event: market\ndata: %s\n\n" % state
        if event != channel.state:
            channel.state = event
            channel.wake()

    async def _wait(self, channel: _Channel) -> None:
        """Until something has changed; at a heartbeat everybody is woken, and who does not read is let go."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await channel.woken.wait()
        except TimeoutError:
            channel.beats += 1
            now = asyncio.get_running_loop().time()
            for stream in list(channel.streams):
                stalled = stream.writing_since is not None and now - stream.writing_since > STALLED_S
                if stalled and stream.request.transport is not None:
                    stream.request.transport.abort()
            channel.wake()
