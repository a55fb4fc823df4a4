"""Orders of a page and of a program: sent, looked up, taken back.

All of them go through the dispatcher, as a line in the chat does. A page sends what its sheet showed, with a `request`
in the body, and is answered by the message that stands in the conversation. A program sends an `Idempotency-Key` and is
answered by the order itself; it may leave out the price it was shown, and then is given one at that moment, within its
slippage. The same key is the same order, however often, at whichever process: another body under it is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping

from aiohttp import web

from bot.adapters.room import NAME, bearer, request_body
from bot.adapters.room.api import queries
from bot.adapters.room.api.order_json import fills_to_json, order_to_json
from bot.adapters.room.handlers import Handlers
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.page_events import PageEvents, to_json
from bot.adapters.room.quotes import buys, has_outcome, order_of, shown_of, typed_of
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, Visitors, seen_market
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from bot.dispatcher import Dispatcher
from bot.market.context import request_id
from bot.market.live_quotes import LiveQuote, LiveQuotes
from bot.market.receipts import receipt
from bot.words import room as words
from bot.words.shown_orders import only_loses
from storage.database import Database
from storage.keys import Scope
from storage.records import Json, Market, Member, OrderRow, OrderStatus
from storage.unit_of_work import UnitOfWork

ORDER = "{order:[0-9]{1,15}}"
NAMED = re.compile(r"[A-Za-z0-9._~:-]{1,64}")  # what an idempotency key may be
MOST = 50  # of one answer
MOST_OPEN = 200
RETRY_S = 1
STATUS: Mapping[str, int] = {
    "not_found": 404,
    "other_order": 409,
    "not_open": 409,
    "key_scope": 403,
    "keys_off": 403,
    "only_admins": 403,
    "unknown_key": 401,
    "too_often": 429,
    "our_fault": 500,
    "cannot_ask": 503,
    "not_now": 503,
    "unsettled": 503,
}
"""Of refusals by their code; all others are the market's: 422."""


class OrderRoutes:
    """The addresses of orders; whatever is refused has changed nothing and has a code."""

    def __init__(
        self,
        db: Database,
        quotes: LiveQuotes,
        handlers: Handlers,
        dispatcher: Dispatcher,
        limits: Limits,
        visitors: Visitors,
        events: PageEvents,
    ) -> None:
        self._db = db
        self._quotes = quotes
        self._handlers = handlers
        self._dispatcher = dispatcher
        self._limits = limits
        self._visitors = visitors
        self._events = events

    def routes(self, base: str) -> list[web.RouteDef]:
        """Below `/` or `/r/<name>/`."""
        market = f"{base}api/v1/markets/{MARKET}"
        return [
            web.post(f"{market}/orders", self._send),
            web.delete(f"{market}/orders", self._cancel_all),
            web.delete(f"{market}/orders/{ORDER}", self._cancel),
            web.get(f"{market}/account/orders", self._list),
            web.get(f"{market}/account/orders/{ORDER}", self._one),
        ]

    # -- sent

    async def _send(self, request: web.Request) -> web.Response:
        room, visitor, _ = await self._visitors.named(request)
        bearer.check(visitor, Scope.TRADE)
        body = await request_body.read(request)
        if visitor.key is not None or "Idempotency-Key" in request.headers:
            return await self._send_of_program(request, room, visitor, body)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
        has_outcome(market, typed_of(body))
        return await self._send_of_page(room, visitor, market.id, body)

    async def _send_of_page(self, room: str, visitor: Visitor, market: int, body: Mapping[str, object]) -> web.Response:
        typed, buy = typed_of(body), buys(body)
        asked_line = await self._quotes.line(market, typed, buy=buy)
        if asked_line is None or visitor.person is None:
            raise web.HTTPNotFound
        named = request_body.request_id(body)
        answer = await self._handlers.handle_order(
            room,
            visitor,
            market,
            f"ticket {'buy' if buy else 'sell'}",
            {**typed, **shown_of(body)},
            named,
            asked_line,
            is_retry=request_body.is_retry(body),
        )
        self._quotes.forget(market, visitor.person.id)
        order = await self._order_json(f"{NAME}:{NAME}:{visitor.ext[:16]}:{named}")
        message = self._events.answer(answer.message, answer.form, visitor.person.id)
        return _json(b'{"order":%s,"message":%s}' % (to_json(order), message))

    async def _send_of_program(
        self, request: web.Request, room: str, visitor: Visitor, body: Mapping[str, object]
    ) -> web.Response:
        named = request.headers.get("Idempotency-Key", "")
        if not NAMED.fullmatch(named):
            raise RefusalError(400, words.no_idempotency_key(), code="no_idempotency_key")
        self._count(visitor)
        typed, buy = typed_of(body), buys(body)
        args = {**typed, **shown_of(body), "body": _hash(body)}
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
        has_outcome(market, typed)
        command = f"ticket {'buy' if buy else 'sell'}"
        invocation = _invocation(room, visitor, market.id, f"{market.id}:{named}", command, args)
        if "limit" not in args and "worst" not in args and await self._order_json(request_id(invocation)) is None:
            args |= await self._priced_now(market.id, visitor, typed, buy=buy)
            invocation = _invocation(room, visitor, market.id, f"{market.id}:{named}", command, args)
        reply = await self._dispatcher.run(invocation)
        if visitor.person is not None:
            self._quotes.forget(market.id, visitor.person.id)
        order = None if reply.code == "other_order" else await self._order_json(request_id(invocation))
        if order is None:
            raise refusal_of(reply)
        return _json(to_json({"order": order, "message": None}))

    async def _priced_now(
        self, market: int, visitor: Visitor, typed: Mapping[str, str], *, buy: bool
    ) -> Mapping[str, str]:
        """The worst price of an order that was sent without one, and how many it is for; RefusalError 422 where there
        is none, or where it could only lose."""
        person = visitor.person.id if visitor.person else None
        quoted = await self._quotes.quote(market, person, typed, buy=buy)
        if quoted is None:
            raise web.HTTPNotFound
        if not isinstance(quoted, LiveQuote):
            raise refusal_of(quoted.reply)
        if quoted.priced.only_loses:
            raise refusal_of(only_loses(quoted.priced))
        return {name: text for name, text in shown_of(order_of(quoted)).items() if name in {"worst", "most"}}

    async def _order_json(self, named: str) -> dict[str, Json] | None:
        """What became of the order of this request, by its full name."""
        async with self._db.reading() as uow:
            ticket = await uow.tickets.by_request(named)
            order = None if ticket is None else await uow.orders.by_request(ticket.request_id)
            market = None if order is None else await uow.markets.get(order.market)
            return None if order is None or market is None else await _told(uow, order, market)

    # -- taken back

    async def _cancel(self, request: web.Request) -> web.Response:
        room, visitor, market, member = await self._trader(request)
        number = int(request.match_info["order"])
        reply = await self._run_cancel(room, visitor, market.id, str(number))
        if not reply.ok:
            raise refusal_of(reply)
        async with self._db.reading() as uow:
            order = await uow.orders.get(market.id, number)
            if order is None or order.person != member.person:
                raise web.HTTPNotFound
            return _json(to_json({"order": await _told(uow, order, market), "sentence": plain_text.sentences(reply)}))

    async def _cancel_all(self, request: web.Request) -> web.Response:
        room, visitor, market, member = await self._trader(request)
        async with self._db.reading() as uow:
            every = await uow.orders.of(market.id, member.person, open_only=True, n=MOST_OPEN)
        waiting = [order for order in every if visitor.key is None or order.key == visitor.key.id]
        if not waiting:
            return _json(to_json({"cancelled": [], "leaving": [], "sentence": words.nothing_to_cancel()}))
        reply = await self._run_cancel(room, visitor, market.id, "all")
        if not reply.ok and reply.code != "nothing_waits":
            raise refusal_of(reply)
        async with self._db.reading() as uow:
            after = await uow.orders.many(market.id, [order.number for order in waiting])
        shown: Mapping[str, Json] = {
            "cancelled": [order.number for order in after if order.status is OrderStatus.CANCELLED],
            "leaving": [order.number for order in after if order.status is OrderStatus.RESTING],
            "sentence": plain_text.sentences(reply),
        }
        return _json(to_json(shown))

    async def _run_cancel(self, room: str, visitor: Visitor, market: int, which: str) -> Reply:
        args = {"market": str(market), "order": which}
        named = f"{market}:cancel:{secrets.token_hex(8)}"  # twice is as once anyway
        return await self._dispatcher.run(_invocation(room, visitor, market, named, "order cancel", args))

    async def _trader(self, request: web.Request) -> tuple[str, Visitor, Market, Member]:
        """Who wants to take something back, and their account: 404 without one."""
        room, visitor, person = await self._visitors.named(request)
        bearer.check(visitor, Scope.TRADE)
        self._count(visitor)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, person.id)
        if member is None:
            raise web.HTTPNotFound
        return room, visitor, market, member

    def _count(self, visitor: Visitor) -> None:
        self._limits.count(Counted.LINE if visitor.key is None else Counted.KEY_ORDER, visitor.whose)

    # -- looked up

    async def _list(self, request: web.Request) -> web.Response:
        room, visitor, person = await self._visitors.named(request)
        open_only, before = queries.flag(request, "open"), queries.number(request, "before")
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, person.id)
            rows = (
                []
                if member is None
                else await uow.orders.of(market.id, member.person, open_only=open_only, before=before, n=MOST)
            )
        return _json(to_json([order_to_json(order, market.params) for order in rows]))

    async def _one(self, request: web.Request) -> web.Response:
        room, visitor, person = await self._visitors.named(request)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
            member = await uow.members.get(market.id, person.id)
            order = await uow.orders.get(market.id, int(request.match_info["order"]))
            if member is None or order is None or order.person != member.person:
                raise web.HTTPNotFound
            fills = fills_to_json(await uow.trades.of_order(market.id, order.number), order)
            return _json(to_json({**await _told(uow, order, market), "fills": fills}))


def refusal_of(reply: Reply) -> RefusalError:
    """What the dispatcher refused, for a program."""
    status = STATUS.get(reply.code, 422)
    retry_s = RETRY_S if status in {429, 503} else None
    return RefusalError(status, plain_text.sentences(reply), retry_s, code=reply.code)


async def _told(uow: UnitOfWork, order: OrderRow, market: Market) -> dict[str, Json]:
    """With what its owner is told of it."""
    return {**order_to_json(order, market.params), "sentence": plain_text.sentences(await receipt(uow, order, market))}


def _invocation(
    room: str, visitor: Visitor, market: int, named: str, command: str, args: Mapping[str, str]
) -> Invocation:
    """`named`: what it is called among all that they have asked for."""
    return Invocation(
        command=command,
        args=dict(args),
        platform=NAME,
        person_ext=visitor.ext,
        person_name=visitor.person.name if visitor.person else "",
        chat_ext=room,
        chat_kind=ChatKind.ROOM,
        is_admin=visitor.admin,
        market=market,
        key=None if visitor.key is None else visitor.key.id,
        came_as=visitor.came_as,
        request_id=f"{NAME}:{visitor.ext[:16]}:{named}",
    )


def _hash(body: Mapping[str, object]) -> str:
    """Equal for equal JSON."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")
