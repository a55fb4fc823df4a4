"""What a browser can ask about markets: each address below `api/v1/`, for whoever may see the market it names."""

from __future__ import annotations

from aiohttp import web

from bot.adapters.room import market_json
from bot.adapters.room.live_events import LiveEvents
from bot.adapters.room.page_events import to_json
from bot.adapters.room.visitors import MARKET, Visitors, market_number, seen_market, viewer
from bot.chat.reply import Audience
from bot.market.leaderboard import leaderboard_reply, standing_of
from bot.market.live_markets import LiveMarkets
from bot.market.market_list import market_list
from bot.market.moments import paid_to
from bot.market.visibility import is_own
from storage.database import Database
from storage.records import Json

MOMENT = "{moment:[0-9]{1,15}}"
TRADES = 200  # of one's own


class MarketRoutes:
    def __init__(self, db: Database, visitors: Visitors, live: LiveMarkets, events: LiveEvents) -> None:
        self._db = db
        self._visitors = visitors
        self._live = live
        self._events = events

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        markets = f"{base}api/v1/markets"
        market = f"{markets}/{MARKET}"
        return [
            web.get(markets, self._list),
            web.get(market, self._market),
            web.get(f"{market}/account", self._account),
            web.get(f"{market}/moments/{MOMENT}/mine", self._mine),
            web.get(f"{market}/account/trades", self._trades),
            web.get(f"{market}/leaderboard", self._leaderboard),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        visitor = await self._visitors.vouched(visitor, None)
        async with self._db.reading() as uow:
            markets = await market_list(uow, await viewer(uow, room, visitor))
        return _json(market_json.list_to_json(markets))

    async def _market(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            own_room = await is_own(uow, market.id, (await viewer(uow, room, visitor)).chat)
        return _answer(self._events.market(await self._live.facts(market.id), own_room=own_room))

    async def _account(self, request: web.Request) -> web.Response:
        room, visitor, person = await self._visitors.named(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
        account = await self._live.account(market.id, person.id)
        return _answer(self._events.account(account, await self._live.facts(market.id)))

    async def _mine(self, request: web.Request) -> web.Response:
        """What a moment paid who asks, micro-dollars."""
        room, visitor, person = await self._visitors.named(request)
        moment = int(request.match_info["moment"])
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, person.id)
            paid = await paid_to(uow, market, moment, None if member is None else member.person)
        if paid is None:
            raise web.HTTPNotFound
        return _json({"moment": str(moment), "paid": paid})

    async def _trades(self, request: web.Request) -> web.Response:
        room, visitor, person = await self._visitors.named(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, person.id)
            if member is None:
                return _json([])
            trades = await uow.trades.of_person(market.id, member.person, n=TRADES)
        return _json(market_json.trades_to_json(trades, member.person))

    async def _leaderboard(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, visitor.person.id) if visitor.person else None
            standing, reply = await standing_of(uow, market), await leaderboard_reply(uow, market, Audience.CHAT)
        return _json(market_json.leaderboard_to_json(standing, reply, member.person if member else None))


def asked_market(request: web.Request) -> int | None:
    """The market of `?market=`; None: the one the room shows, also where it is no number."""
    return market_number(request.query.get("market", ""))


def _json(body: Json | list[Json] | dict[str, Json]) -> web.Response:
    return _answer(to_json(body))


def _answer(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
