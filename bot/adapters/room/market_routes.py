"""What a browser can ask about markets: each address below `api/v1/`, for whoever may see the market it names."""

from __future__ import annotations

from aiohttp import web

from bot.adapters.room.live_events import LiveEvents
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import Visitors, viewer
from bot.market.live_markets import LiveMarkets
from bot.market.market_facts import MarketFacts
from bot.market.moments import paid_to
from bot.market.visibility import is_own, visible
from storage.database import Database

MARKET = "{market:[0-9]{1,15}}"  # in an address; no number is longer
MOMENT = "{moment:[0-9]{1,15}}"


class MarketAccess:
    """The market an address names, where its visitor may see it: else it is as if it were not there."""

    def __init__(self, db: Database, visitors: Visitors) -> None:
        self._db = db
        self._visitors = visitors

    async def own_room(self, request: web.Request, visitor: Visitor) -> bool:
        """Whether the market is one of the room's own; 404 where they may not see it."""
        market = number(request)
        async with self._db.reading() as uow:
            whom = await viewer(uow, self._visitors.room(request), visitor)
            if await visible(uow, market, whom) is None:
                raise web.HTTPNotFound
            return await is_own(uow, market, whom.chat)

    async def check(self, request: web.Request, visitor: Visitor) -> int:
        """Its number; 404 where they may not see it."""
        await self.own_room(request, visitor)
        return number(request)


class MarketRoutes:
    def __init__(
        self, db: Database, visitors: Visitors, access: MarketAccess, live: LiveMarkets, events: LiveEvents
    ) -> None:
        self._db = db
        self._visitors = visitors
        self._access = access
        self._live = live
        self._events = events

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        market = f"{base}api/v1/markets/{MARKET}"
        return [
            web.get(market, self._market),
            web.get(f"{market}/account", self._account),
            web.get(f"{market}/moments/{MOMENT}/mine", self._mine),
        ]

    async def _market(self, request: web.Request) -> web.Response:
        visitor = await self._visitors.visitor(request)
        own_room = await self._access.own_room(request, visitor)
        return _json(self._events.market(await self._facts(request), own_room=own_room))

    async def _account(self, request: web.Request) -> web.Response:
        visitor = await self._visitors.person(request)
        market = await self._access.check(request, visitor)
        account = await self._live.account(market, visitor.person.id) if visitor.person else None
        return _json(self._events.account(account, await self._facts(request)))

    async def _mine(self, request: web.Request) -> web.Response:
        """What a moment paid who asks, micro-dollars."""
        visitor = await self._visitors.person(request)
        market, moment = await self._access.check(request, visitor), int(request.match_info["moment"])
        member = await self._live.member(market, visitor.person.id) if visitor.person else None
        async with self._db.reading() as uow:
            record, person = await uow.markets.get_one(market), None if member is None else member.person
            paid = await paid_to(uow, record, moment, person)
        if paid is None:
            raise web.HTTPNotFound
        return _json(to_json({"moment": str(moment), "paid": paid}))

    async def _facts(self, request: web.Request) -> MarketFacts:
        facts = await self._live.facts(number(request))
        if facts is None:
            raise web.HTTPNotFound
        return facts


def number(request: web.Request) -> int:
    """The market's, as the address has it."""
    return int(request.match_info["market"])


def asked_market(request: web.Request) -> int | None:
    """The market of `?market=`; None: the one the room shows, also where it is no number."""
    given = request.query.get("market", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
