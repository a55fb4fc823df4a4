"""Public markets, for whoever has the link: a page, an overlay for a stream, what both are drawn from, a link's card.

No cookie is read or set here, so nobody sees more for being somebody. A market that may not be watched is 404, as if it
were not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from aiohttp import web

from bot.adapters.room import security
from bot.adapters.room.limits import CLOCK, Counted, Limits, RefusalError
from bot.adapters.room.market_charts import MarketCharts, span_of
from bot.adapters.room.routes import DrawThemed
from bot.adapters.room.visitors import MARKET
from bot.adapters.room.watch_pages import WatchPages
from bot.adapters.room.watch_streams import WatchStreams
from bot.chat.reply import Picture
from bot.market.live_markets import LiveMarkets
from bot.market.market_facts import MarketFacts
from bot.market.watched import is_watchable
from bot.settings import Network
from bot.words import room as words
from storage.database import Database
from storage.records import Market
from storage.unit_of_work import UnitOfWork

CARD_RETRY_S = 4
MOST_KEPT = 64  # markets of which something is kept
FRESH_MS = 1_000  # where nobody is woken by what another process commits, it is read so often at most
CARD_MS = 15_000  # it is drawn anew so long after the last time at the earliest, unless the market's status changed
POLICY = security.HEADERS["Content-Security-Policy"]
FRAMED = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")  # nothing in it is anybody's own or pressed


class WatchRoutes:
    """What whoever has a public market's link gets; 404 for any other market. No cookie is read or set."""

    def __init__(
        self,
        db: Database,
        live: LiveMarkets,
        streams: WatchStreams,
        charts: MarketCharts,
        pages: WatchPages,
        draw: DrawThemed,
        limits: Limits,
        trusted_proxies: Sequence[Network],
    ) -> None:
        self._db = db
        self._live = live
        self._streams = streams
        self._charts = charts
        self._pages = pages
        self._draw = draw
        self._limits = limits
        self._trusted_proxies = trusted_proxies
        self._fresh_ms = 0 if db.alone else FRESH_MS
        self._read: dict[int, tuple[int, MarketFacts | None]] = {}  # by market: when, and as it was then
        self._pictures: dict[int, tuple[int, Picture]] = {}  # by market: drawn when, by a clock that only passes

    def routes(self) -> list[web.RouteDef]:
        watch = f"/watch/{MARKET}"
        return [
            web.get(watch, self._watch),
            web.get(f"/overlay/{MARKET}", self._overlay),
            web.get(f"{watch}/state", self._state),
            web.get(f"{watch}/stream", self._stream, allow_head=False),
            web.get(f"{watch}/card.png", self._card),
            web.get(f"/watch/api/v1/markets/{MARKET}/chart", self._chart),  # where the page's chart asks for it
        ]

    def _whose(self, request: web.Request) -> str:
        """Who asks is their network and nobody else; counted."""
        whose = security.network(request, self._trusted_proxies)
        self._limits.count(Counted.WATCH, whose)
        return whose

    async def _market(self, uow: UnitOfWork, request: web.Request) -> Market:
        """Asked before anything else is read: nobody has markets read that are none of theirs."""
        market = await uow.markets.get(int(request.match_info["market"]))
        if market is None or not is_watchable(market):
            raise RefusalError(404, words.nothing_to_watch())
        return market

    async def _facts(self, request: web.Request) -> MarketFacts:
        async with self._db.reading() as uow:
            market = await self._market(uow, request)
        now_ms = CLOCK.monotonic_ms()
        read_ms, facts = self._read.get(market.id, (0, None))
        if facts is None or now_ms - read_ms >= self._fresh_ms:
            facts = await self._live.facts(market.id)
            self._read.pop(market.id, None)
            self._read[market.id] = now_ms, facts
            if len(self._read) > MOST_KEPT:
                del self._read[next(iter(self._read))]
        if facts is None or facts.watched is None:
            raise RefusalError(404, words.nothing_to_watch())
        return facts

    async def _watch(self, request: web.Request) -> web.Response:
        self._whose(request)
        return self._pages.watch(request, await self._facts(request))

    async def _overlay(self, request: web.Request) -> web.Response:
        self._whose(request)
        page = self._pages.overlay(await self._facts(request))
        page.headers["Content-Security-Policy"] = FRAMED
        return page

    async def _state(self, request: web.Request) -> web.Response:
        self._whose(request)
        state = self._streams.state(await self._facts(request))
        return web.Response(body=state, content_type="application/json", charset="utf-8")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        whose = self._whose(request)
        async with self._db.reading() as uow:
            market = await self._market(uow, request)
        return await self._streams.serve(request, market.id, whose)

    async def _chart(self, request: web.Request) -> web.Response:
        self._whose(request)
        span = span_of(request)
        async with self._db.reading() as uow:
            return await self._charts.chart(request, uow, await self._market(uow, request), span)

    async def _card(self, request: web.Request) -> web.Response:
        """The picture of a link's preview: drawn at most once for some ticks, however many ask."""
        whose = self._whose(request)
        self._limits.count(Counted.CHART, whose)
        async with self._db.reading() as uow:
            market = await self._market(uow, request)
        data = await self._draw(self._picture(market), request.query.get("theme", "dark"))
        if data is None:
            raise RefusalError(503, words.chart_late(), CARD_RETRY_S)
        etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
        headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache", "ETag": etag}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=data, content_type="image/png", headers=headers)

    def _picture(self, market: Market) -> Picture:
        """Of the market as it stands, or stood a moment ago."""
        version = f"{market.status.value} {market.title} {market.halted is None}"
        drawn_ms, picture = self._pictures.pop(market.id, (0, None))
        now_ms = CLOCK.monotonic_ms()
        if picture is None or picture.version != version or now_ms - drawn_ms >= CARD_MS:
            drawn_ms = now_ms
            picture = Picture(kind="preview", market=market.id, tick=market.tick, version=version)
        self._pictures[market.id] = drawn_ms, picture
        if len(self._pictures) > MOST_KEPT:
            del self._pictures[next(iter(self._pictures))]
        return picture
