"""A market followed tick by tick: server-sent events that resume after the last tick somebody saw.

Events: `tick`, whose `id:` is its number, and `reset` for who has missed more than can be told one by one: they read
the market anew and go on from its id. Comments keep the connection open while nothing happens. A stream ends with the
rights it was opened by, when its place is given to another, when nobody reads it, and when the room closes.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from aiohttp import web

from bot.adapters.room import NAME
from bot.adapters.room.api import queries
from bot.adapters.room.api.ticks import MOST, Ticks
from bot.adapters.room.event_stream import HEARTBEAT_S, REOPEN_S, STALLED_S, Hold
from bot.adapters.room.limits import Counted, Limits, Place, Places, RefusalError
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, Visitors, seen_market
from bot.market.live_markets import LiveMarkets, Watcher
from bot.words import room as words
from storage.clock import SystemClock
from storage.database import Database
from storage.quiet_log import QuietLog
from storage.records import Market
from storage.trouble import TroubleError

PLACES = 200
MOST_EACH = 4  # of one key, member, or of strangers at one address
CHECK_MS = 5_000  # rights end without a word to us: so late they are asked anew
CLOCK = SystemClock()
_STILL_HERE = b": still here\n\n"


@dataclass(slots=True, eq=False)
class _Stream:
    """What one follower has been told: `tick` is the last, `account` theirs in the market; `checked_ms` is when it was
    asked last whether they may see it."""

    request: web.Request
    response: web.StreamResponse
    place: Place
    visitor: Visitor
    market: int
    tick: int
    account: int | None
    checked_ms: int
    people: int  # see `storage.database.Cache.people_changed`: as of then

    async def send(self, data: bytes) -> None:
        """ConnectionResetError where nobody reads it."""
        try:
            async with asyncio.timeout(STALLED_S):
                await self.response.write(data)
        except TimeoutError:
            if self.request.transport is not None:
                self.request.transport.abort()  # what is in its buffer would keep the connection for ever
            raise ConnectionResetError from None


class TickStreams:
    """`hold` is told of each request that becomes a stream."""

    def __init__(self, db: Database, live: LiveMarkets, limits: Limits, visitors: Visitors, hold: Hold) -> None:
        self._db = db
        self._live = live
        self._limits = limits
        self._visitors = visitors
        self._hold = hold
        self._ticks = Ticks(db)
        self._places = Places(PLACES, MOST_EACH, words.full_house)
        self._open: set[_Stream] = set()
        self._closing = False
        self._quiet = QuietLog(logging.getLogger(__name__))

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        return [web.get(f"{base}api/v1/markets/{MARKET}/stream", self._serve, allow_head=False)]

    def keep_within(self, connections: int) -> None:
        """Fewer places where the system allows so few connections."""
        self._places.most = min(self._places.most, connections // 8)

    def close(self) -> None:
        """End every stream soon."""
        self._closing = True
        for stream in self._open:
            stream.place.event.set()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        room, visitor = await self._visitors.asks(request)
        self._limits.count(Counted.STREAM, visitor.whose)
        since = _since(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, visitor.person.id) if visitor.person else None
        if self._closing:
            raise RefusalError(503, words.closing(), REOPEN_S)
        event = asyncio.Event()
        stream = _Stream(
            request=request,
            response=web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"}),
            place=Place(whose=visitor.whose, rank=visitor.person.id if visitor.person else 0, event=event),
            visitor=visitor,
            market=market.id,
            tick=market.tick - 1 if since is None else since,
            account=None if member is None else member.person,
            checked_ms=CLOCK.monotonic_ms(),
            people=self._db.cache.people_changed,
        )
        try:
            self._places.take(stream.place)
            self._open.add(stream)
            self._hold(request)
            await stream.response.prepare(request)
            watcher = Watcher(platform=NAME, chat_ext=room, market=market.id, person=None, admin=False)
            await self._live.watch(event, watcher)
            await self._follow(stream, market, watcher)
        except (ConnectionResetError, TroubleError):
            pass  # gone, or nothing can be read for it now: it resumes from its last id
        except Exception as error:
            if not stream.response.prepared:
                raise
            self._quiet.error("tick stream", "a stream of ticks has failed", error=error)
        finally:
            self._open.discard(stream)
            self._live.stop_watching(event)
            self._places.leave(stream.place)
        return stream.response

    async def _follow(self, stream: _Stream, market: Market, watcher: Watcher) -> None:
        if not market.tick - MOST <= stream.tick <= market.tick:
            stream.tick = market.tick
            await stream.send(_reset(market))
        await stream.send(_STILL_HERE)
        while not (self._closing or stream.place.given_up):
            stream.place.event.clear()
            if not await self._may_go_on(stream):
                return
            facts, _ = self._live.known(watcher)
            if facts is None or facts.tick > stream.tick:
                ticks = await self._ticks.after(stream.market, stream.tick)
                for tick in ticks:
                    await stream.send(tick.event(stream.account))
                    stream.tick = tick.number
                if ticks:
                    continue  # there may be more
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await stream.place.event.wait()
            except TimeoutError:
                await stream.send(_STILL_HERE)

    async def _may_go_on(self, stream: _Stream) -> bool:
        """Asked anew from time to time, and when somebody may have become somebody else."""
        people, now_ms = self._db.cache.people_changed, CLOCK.monotonic_ms()
        if people == stream.people and now_ms - stream.checked_ms < CHECK_MS:
            return True
        stream.people, stream.checked_ms = people, now_ms
        try:
            room, visitor = self._visitors.room(stream.request), await self._visitors.look(stream.request)
            async with self._db.reading() as uow:
                await seen_market(uow, room, visitor, stream.request)
                member = await uow.members.get(stream.market, visitor.person.id) if visitor.person else None
        except (RefusalError, web.HTTPNotFound):
            return False
        stream.account = None if member is None else member.person
        return visitor.ext == stream.visitor.ext and visitor.person == stream.visitor.person


def _since(request: web.Request) -> int | None:
    """The last tick they saw: a header that is none of ours is as none."""
    given = request.headers.get("Last-Event-ID", "")
    if given.isascii() and given.isdigit() and len(given) <= queries.LONGEST_NUMBER:
        return int(given)
    return queries.number(request, "since")


def _reset(market: Market) -> bytes:
    return b"id: %d\nevent: reset\ndata: %s\n\n" % (
        market.tick,
        to_json({"market": market.id, "tick": market.tick, "at": market.tick_ms}),
    )
