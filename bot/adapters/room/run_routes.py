"""What the page of a market's admins asks beside its commands: its facts, and what is wrong with a form meanwhile.

Each address is for whoever may say the command it stands beside, in the dispatcher's own words; what is done is done by
the commands (`api/fill`, `api/press`).
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.adapters.room import request_body, run_json
from bot.adapters.room.handlers import Handlers
from bot.adapters.room.limits import RefusalError
from bot.adapters.room.page_events import to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, Visitors, market_number, seen_market
from bot.chat import plain_text
from bot.chat.reply import cut
from bot.market.context import MarketView
from bot.market.monitor import member_rows
from bot.market.run_check import MOST_PARTS, Checked, check_setting, check_terms, check_timetable
from bot.market.run_facts import run_facts
from bot.market.settings_table import SETTINGS
from bot.text.names import folded
from bot.words.usage import CANNOT_ASK
from storage.database import Database
from storage.records import Json
from storage.unit_of_work import UnitOfWork

MEMBERS = 50  # a page
LONGEST_PART = 200
FOR_TERMS = ("outcome_names", "preset", "z", "starting_balance", "odds", "batch_interval_ms")


class RunRoutes:
    """`clock` gives epoch milliseconds of market time."""

    def __init__(self, db: Database, clock: Callable[[], int], visitors: Visitors, handlers: Handlers) -> None:
        self._db = db
        self._clock = clock
        self._visitors = visitors
        self._handlers = handlers

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        market = f"{base}api/v1/markets/{MARKET}"
        return [
            web.get(f"{market}/run", self._run),
            web.get(f"{market}/run/members", self._members),
            web.post(f"{market}/run/check", self._check),
            web.post(f"{base}api/v1/run/check", self._check_new),
        ]

    async def _run(self, request: web.Request) -> web.Response:
        visitor = await self._may(request, "admin monitor", request.match_info["market"])
        async with self._db.reading() as uow:
            market = await self._view(uow, request, visitor)
            facts = await run_facts(uow, market)
        return _answer(run_json.run_to_json(facts))

    async def _members(self, request: web.Request) -> web.Response:
        """`?name=` part of a name, `?page=` from 1; best first."""
        name, page = folded(request.query.get("name", "")), market_number(request.query.get("page", "1")) or 1
        visitor = await self._may(request, "admin users", request.match_info["market"])
        async with self._db.reading() as uow:
            market = await self._view(uow, request, visitor)
            members = await uow.members.of(market.id)
        rows = [row for row in member_rows(market, members) if name in folded(row.name)]
        return _answer(run_json.members_to_json(cut(rows, page, MEMBERS)))

    async def _check(self, request: web.Request) -> web.Response:
        """`{"parts": [..]}` of a timetable, or `{"setting": name, "value": text}`."""
        body = await request_body.read(request)
        parts, setting = body.get("parts"), request_body.text(body, "setting")
        command = "admin schedule" if isinstance(parts, list) else "admin set"
        visitor = await self._may(request, command, request.match_info["market"])
        async with self._db.reading() as uow:
            market = await self._view(uow, request, visitor)
        if isinstance(parts, list):
            texts = [request_body.well_formed(str(part))[:LONGEST_PART] for part in parts[:MOST_PARTS]]
            return _checked(check_timetable(market, texts))
        if setting not in SETTINGS:
            raise web.HTTPNotFound
        return _checked(check_setting(market, setting, request_body.text(body, "value")))

    async def _check_new(self, request: web.Request) -> web.Response:
        """`{"values": {..}}` of a market that is still to be made, by name as in `FOR_TERMS`; nothing but the presets
        where nothing is given."""
        await self._may(request, "admin create", None)
        body = await request_body.read(request)
        given = body.get("values")
        values = {name: str(given[name]) for name in FOR_TERMS if name in given} if isinstance(given, dict) else {}
        texts = {name: request_body.well_formed(text)[:2_000] for name, text in values.items()}
        checked = run_json.checked_to_json(check_terms(texts, self._clock())) if texts else {}
        return _answer({**checked, "presets": run_json.presets_to_json()})

    async def _may(self, request: web.Request, command: str, market: str | None) -> Visitor:
        """Who asks, where they may say that command of the market now; RefusalError 401, 403, and 503 where that cannot
        be asked now. Before a unit of work is open: a platform may be waited for."""
        room, visitor, _ = await self._visitors.named(request)
        refusal = await self._handlers.refusal(room, visitor, command, None if market is None else int(market))
        if refusal is not None:
            status = 503 if refusal.code == CANNOT_ASK else 403
            raise RefusalError(status, plain_text.line_text(refusal.head), code=refusal.code)
        return visitor

    async def _view(self, uow: UnitOfWork, request: web.Request, visitor: Visitor) -> MarketView:
        """The market the address names, as a command would be given it, for nobody in particular; 404 where they may
        not see it."""
        record = await seen_market(uow, self._visitors.room(request), visitor, request)
        state = await uow.markets.state(record.id)
        return MarketView(record=record, state=state, member=None, now_ms=self._clock())


def _checked(checked: Checked) -> web.Response:
    return _answer(run_json.checked_to_json(checked))


def _answer(body: dict[str, Json]) -> web.Response:
    return web.Response(body=to_json(body), content_type="application/json", charset="utf-8")
