"""Prices of a market and how they moved: what a program asks for most, each answer made once for all who ask.

Nobody's own figures are in them.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.adapters.room.api.queries import moment, outcome_of, side_of
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.page_events import to_json
from bot.adapters.room.visitors import MARKET, Visitors, seen_market
from bot.charts.price_history import PriceHistory
from bot.market.candles import SPANS, candles
from bot.market.live_markets import LiveMarkets
from bot.market.market_facts import MarketFacts
from bot.words import room as words
from storage.database import Database
from storage.records import Json

MOST_KEPT = 64  # markets whose prices were written last


class PriceRoutes:
    """`history` is kept with whoever else draws from it."""

    def __init__(self, db: Database, visitors: Visitors, live: LiveMarkets, history: PriceHistory) -> None:
        self._db = db
        self._visitors = visitors
        self._live = live
        self._history = history
        self._written: dict[int, tuple[MarketFacts, bytes]] = {}

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        market = f"{base}api/v1/markets/{MARKET}"
        return [web.get(f"{market}/prices", self._prices), web.get(f"{market}/candles", self._candles)]

    async def _prices(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        async with self._db.reading() as uow:
            market = (await seen_market(uow, room, visitor, request)).id
        facts = await self._live.facts(market)
        if facts is None:
            raise web.HTTPNotFound
        return web.Response(body=self._write(facts), content_type="application/json", charset="utf-8")

    def _write(self, facts: MarketFacts) -> bytes:
        kept = self._written.pop(facts.market, None)
        if kept is None or kept[0] is not facts:
            kept = facts, to_json(prices_to_json(facts))
        self._written[facts.market] = kept
        if len(self._written) > MOST_KEPT:
            del self._written[next(iter(self._written))]
        return kept[1]

    async def _candles(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        side, span = side_of(request), request.query.get("span", "5m")
        since_ms, until_ms = moment(request, "from"), moment(request, "to")
        if span not in SPANS:
            raise RefusalError(400, words.wrong_span(SPANS))
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            outcome = outcome_of(request, market)
            history = await self._history.of(uow, market)
        made, go_on = candles(history, market.tick, outcome, side, SPANS[span], since_ms, until_ms)
        rows: list[Json] = [
            {
                "at": candle.at_ms,
                "open": candle.open,
                "high": candle.high,
                "low": candle.low,
                "close": candle.close,
                "volume": candle.volume,
            }
            for candle in made
        ]
        shown: Mapping[str, Json] = {
            "market": market.id,
            "tick": market.tick,
            "outcome": outcome,
            "side": side.value,
            "span": span,
            "span_ms": SPANS[span],
            "candles": rows,
            "next": go_on,
        }
        return web.Response(body=to_json(shown), content_type="application/json", charset="utf-8")


def prices_to_json(facts: MarketFacts) -> dict[str, Json]:
    """As of the last tick; in the order of the outcomes."""
    rows = sorted(facts.board.rows, key=lambda row: row.outcome)
    return {
        "market": facts.market,
        "tick": facts.tick,
        "at": facts.tick_at_ms,
        "state": facts.status.value.lower(),
        "halted": facts.halted,
        "prices": [
            {"outcome": row.outcome, "name": row.name, "active": row.active, "yes": row.yes, "no": row.no}
            for row in rows
        ],
    }
