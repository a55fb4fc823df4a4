"""What the page draws a market from: the steps of its prices, an outcome's depth and book, its trades.

The facts are those of `/chart`, `/depth`, `/book` and `/tape`. Nobody's own orders or names are in them, so each answer
is worked out and written once for a state of the market, kept in memory, and sent to all who ask.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from bot.adapters.room.assets import takes_gzip
from bot.adapters.room.chart_json import book_json, columns_json, depth_json, series_json
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.market_json import trade_to_json
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, seen_market
from bot.charts import queries
from bot.charts.price_history import PriceHistory
from bot.charts.queries import Span
from bot.market.context import MarketView
from bot.market.depth import token_book
from bot.market.tape import tape
from bot.words import room as words
from engine.state import Side
from storage.database import Database
from storage.records import Json, Market, Payload
from storage.unit_of_work import UnitOfWork

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SPANS: Mapping[str, Span] = {
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "6h": 6 * HOUR,
    "1d": DAY,
    "1w": 7 * DAY,
    "30d": 30 * DAY,
    "round": "round",
    "all": "all",
}
TRADES = 30  # a page of the tape
GZIP_FROM = 1_000  # bytes: less is not worth it

Asks = Callable[[web.Request], Awaitable[tuple[str, Visitor]]]


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as it goes out, plain or compressed, and what it is known by."""

    plain: bytes
    packed: bytes
    etag: str


class MarketCharts:
    """`asks` counts a request and gives its room and who asks; `history` is kept with whoever else draws from it."""

    def __init__(self, db: Database, asks: Asks, history: PriceHistory) -> None:
        self._db = db
        self._asks = asks
        self._history = history

    def routes(self, base: str) -> list[web.RouteDef]:
        market = f"{base}api/v1/markets/{MARKET}"
        return [
            web.get(f"{market}/chart", self._chart),
            web.get(f"{market}/outcomes/{{outcome:[0-9]{{1,3}}}}", self._outcome),
            web.get(f"{market}/tape", self._tape),
        ]

    async def _chart(self, request: web.Request) -> web.Response:
        (room, visitor), span = await self._asks(request), span_of(request)
        async with self._db.reading() as uow:
            return await self.chart(request, uow, await seen_market(uow, room, visitor, request), span)

    async def chart(self, request: web.Request, uow: UnitOfWork, market: Market, span: Span) -> web.Response:
        """The steps of its prices, for whoever may see it."""
        return answer(request, await uow.figures.of(market, f"chart {span}", partial(self._series, uow, market, span)))

    async def _outcome(self, request: web.Request) -> web.Response:
        (room, visitor), span = await self._asks(request), span_of(request)
        outcome = int(request.match_info["outcome"])
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            _check(market, outcome)
            make = partial(self._facts, uow, market, outcome, span)
            return answer(request, await uow.figures.of(market, f"outcome {outcome} {span}", make))

    async def _tape(self, request: web.Request) -> web.Response:
        room, visitor = await self._asks(request)
        outcome, before = _number(request, "outcome"), _number(request, "before")
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            if outcome is not None:
                _check(market, outcome)
            trades = await tape(uow, market, outcome, n=TRADES, before=before)
        return web.json_response([trade_to_json(trade) for trade in trades])

    async def _series(self, uow: UnitOfWork, market: Market, span: Span) -> Written:
        series = await queries.series(uow, market, self._history, span)
        return await asyncio.to_thread(write, series_json(market, series))

    async def _facts(self, uow: UnitOfWork, market: Market, outcome: int, span: Span) -> Written:
        series = await queries.outcome_series(uow, market, self._history, outcome, span)
        view = MarketView(
            record=market,
            state=await uow.markets.state(market),
            member=None,
            now_ms=market.tick_ms or 0,
        )
        facts: dict[str, Json] = {
            "market": market.id,
            "tick": market.tick,
            "outcome": outcome,
            "name": view.names[outcome],
            "active": view.state.binaries[outcome].active,
            "yes": view.price(outcome, Side.YES),
            "no": view.price(outcome, Side.NO),
            "series": columns_json(series) if series else None,
            "volume": series.total if series else 0,
            "book": {side.value: book_json(token_book(view, outcome, side)) for side in Side},
            "trades": [trade_to_json(trade) for trade in await tape(uow, market, outcome, n=TRADES)],
        }
        return await asyncio.to_thread(lambda: write({**facts, "depth": depth_json(view, outcome)}))


def write(data: Payload) -> Written:
    plain = to_json(data)
    return Written(plain, gzip.compress(plain, 1, mtime=0), hashlib.sha256(plain).hexdigest()[:24])


def answer(request: web.Request, written: Written) -> web.Response:
    headers = {"ETag": f'"{written.etag}"', "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    body = written.plain
    if len(body) >= GZIP_FROM and takes_gzip(request):
        body, headers["Content-Encoding"] = written.packed, "gzip"
    return web.Response(body=body, headers=headers, content_type="application/json", charset="utf-8")


def span_of(request: web.Request) -> Span:
    span = SPANS.get(request.query.get("span", "all"))
    if span is None:
        raise RefusalError(400, words.wrong_span(SPANS))
    return span


def _number(request: web.Request, name: str) -> int | None:
    given = request.query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise RefusalError(400, words.wrong_number(name))
    return int(given)


def _check(market: Market, outcome: int) -> None:
    if outcome >= market.params.n_outcomes:
        raise web.HTTPNotFound
