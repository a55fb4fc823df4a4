"""A ticket as a sheet: its quote while somebody drags the amount, and how an order that is sent is read.

A quote and an order (`api/orders.py`) take `{"outcome", "side", "action", "amount", "limit", "slippage", "autofill"}`,
the texts as they are typed in a line. A quote brings the `order` to send back as it stands: that trades within what was
shown or not at all. Money and tokens are in millionths, prices in millionths of a dollar.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.adapters.room import bearer, request_body
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.page_events import to_json
from bot.adapters.room.render import block_to_json, line_to_json
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, Visitors, seen_market
from bot.chat import plain_text
from bot.market.live_quotes import LiveQuote, LiveQuotes, Offer, Unpriced
from bot.market.order_bounds import Largest
from bot.text.numbers import RATE, percent, rate_of_price, typed_limit
from bot.words import room as words
from bot.words import tickets as words_tickets
from bot.words import wording as words_wording
from bot.words.refusals import average_before_fee, ticket_line
from storage.database import Database
from storage.keys import Scope
from storage.records import Json, Market

LONGEST = 200  # a text of an order
TEXTS = ("side", "amount", "limit", "slippage")
ACTIONS = {"buy": True, "sell": False}


class QuoteRoutes:
    def __init__(
        self,
        db: Database,
        quotes: LiveQuotes,
        limits: Limits,
        visitors: Visitors,
    ) -> None:
        self._db = db
        self._quotes = quotes
        self._limits = limits
        self._visitors = visitors

    def routes(self, base: str) -> list[web.RouteDef]:
        market = f"{base}api/v1/markets/{MARKET}"
        return [web.post(f"{market}/quote", self._quote)]

    async def _quote(self, request: web.Request) -> web.Response:
        room, visitor = await self._visitors.asks(request)
        bearer.check(visitor, Scope.TRADE)
        body = await request_body.read(request)
        self._limits.count(Counted.QUOTE if visitor.person else Counted.STRANGERS_QUOTE, visitor.whose)
        typed, buy = typed_of(body), buys(body)
        market = await self._seen(room, visitor, request, typed)
        person = visitor.person.id if visitor.person else None
        quoted = await self._quotes.quote(market, person, typed, buy=buy)
        if quoted is None:
            raise web.HTTPNotFound
        shown = self._unpriced(quoted) if isinstance(quoted, Unpriced) else self._priced(quoted)
        return _json(to_json(shown))

    async def _seen(self, room: str, visitor: Visitor, request: web.Request, typed: Mapping[str, str]) -> int:
        """The market's number, where they may see it; else 404. 400 where it has no such outcome."""
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
        has_outcome(market, typed)
        return market.id

    def _unpriced(self, quoted: Unpriced) -> dict[str, Json]:
        reply = quoted.reply
        return {
            "ok": False,
            "sentence": line_to_json(reply.head),
            "text": plain_text.sentences(reply),
            "code": reply.code or "refused",
            "notes": [block_to_json(block) for block in reply.blocks],
            "offers": [_offer(offer) for offer in self._quotes.offers(quoted.view, reply.actions)],
            "largest": None if quoted.largest is None else _largest(quoted.largest),
            **_have(quoted),
        }

    def _priced(self, quoted: LiveQuote) -> dict[str, Json]:
        priced = quoted.priced
        quote, draft = priced.quote, priced.draft
        head, notes = words_tickets.shown(priced)
        fewest = draft.size if draft.spend is None else min(draft.size, quote.amount * RATE // (draft.worst_price or 1))
        return {
            "ok": True,
            "tick": quoted.view.record.tick,
            "spend" if draft.buy else "get": priced.total,
            "if_right": (draft.size if draft.limit is not None else quote.payout_if_right) if draft.buy else None,
            "size": quote.size,
            "rests": quote.rests,
            "escrow": quote.escrow,
            "unsold": quote.unsold,
            "average": average_before_fee(quote, buy=draft.buy),
            "now": rate_of_price(quote.price_before),
            "after": rate_of_price(quote.price_after),
            "fee": quote.fee,
            "gas": quote.gas,
            "worst": priced.most,
            "fewest": None if draft.spend is None else fewest,
            "limit": None if draft.limit is None else typed_limit(draft.limit),
            "slippage": percent(priced.slippage) if draft.limit is None else None,
            "autofill": draft.autofill,
            "may_autofill": priced.params.af_enabled,
            "moves": [
                {
                    "outcome": move.outcome,
                    "yes": [move.yes_before, move.yes_after],
                    "no": [move.no_before, move.no_after],
                }
                for move in quote.moves
            ],
            "only_loses": priced.only_loses,
            "head": line_to_json(head),
            "notes": [block_to_json(row) for row in notes],
            "unread": [block_to_json(row) for row in words_wording.on_ticket(quoted.unread)] if quoted.unread else [],
            "offers": [_offer(offer) for offer in self._quotes.offers(quoted.view, words_tickets.instead(priced))],
            "largest": _largest(quoted.largest),
            **_have(quoted),
            "line": ticket_line(priced),
            "order": order_of(quoted),
        }


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json", charset="utf-8")


def order_of(quoted: LiveQuote) -> dict[str, Json]:
    """What Confirm sends."""
    priced, draft = quoted.priced, quoted.priced.draft
    return {
        "outcome": draft.outcome,
        "side": draft.side.value,
        "action": "buy" if draft.buy else "sell",
        "amount": quoted.exact.typed(),
        "limit": None if draft.limit is None else typed_limit(draft.limit),
        "slippage": percent(priced.slippage) if priced.own_slippage else None,
        "autofill": draft.autofill if draft.limit is not None else None,
        "worst": {"price": draft.worst_price, "size": draft.size} if draft.limit is None else None,
        "read": max((text.ts_ms for text in quoted.unread), default=0),
        "loses": priced.only_loses,
    }


def _have(quoted: LiveQuote | Unpriced) -> dict[str, Json]:
    """What they can spend, and hold of the token that is asked for; null for nobody in particular."""
    member = quoted.view.member
    if member is None:
        return {"cash": None, "free": None}
    return {"cash": max(0, member.available), "free": quoted.free}


def _largest(most: Largest) -> dict[str, Json]:
    return {"tokens": most.tokens, "spend": most.spend}


def _offer(offer: Offer) -> dict[str, Json]:
    """A button that changes the sheet."""
    typed = {name: text for name, text in offer.typed.items() if name != "outcome"}
    return {"label": offer.label, "action": "buy" if offer.buy else "sell", "outcome": offer.outcome, **typed}


def buys(body: Mapping[str, object]) -> bool:
    action = body.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise RefusalError(400, words.not_an_order())
    return ACTIONS[action]


def typed_of(body: Mapping[str, object]) -> dict[str, str]:
    """The arguments of the order, as its command reads them; what is left out or null is not said."""
    outcome, autofill = body.get("outcome"), body.get("autofill")
    if not isinstance(outcome, int) or isinstance(outcome, bool) or not 0 <= outcome < 10**4:
        raise RefusalError(400, words.not_an_order())
    typed = {"outcome": f"#{outcome + 1}"}
    for name in TEXTS:
        text = body.get(name)
        if not (text is None or isinstance(text, str)) or len(text or "") > LONGEST:
            raise RefusalError(400, words.not_an_order())
        if text and text.strip():
            typed[name] = request_body.well_formed(text.strip())
    if not (autofill is None or isinstance(autofill, bool)):
        raise RefusalError(400, words.not_an_order())
    return typed if autofill is None else {**typed, "autofill": "yes" if autofill else "no"}


def has_outcome(market: Market, typed: Mapping[str, str]) -> None:
    """RefusalError 400 where it has not: a program counts from 0, and the command's own refusal from 1."""
    if int(typed["outcome"].removeprefix("#")) > market.params.n_outcomes:
        raise RefusalError(400, words.wrong_outcome(market.params.n_outcomes - 1))


def shown_of(body: Mapping[str, object]) -> dict[str, str]:
    """What of it was shown, as its command reads it."""
    worst, read = body.get("worst"), body.get("read")
    numbers = {"read": read}
    if isinstance(worst, Mapping):
        numbers |= {"worst": worst.get("price"), "most": worst.get("size")}
    elif worst is not None:
        raise RefusalError(400, words.not_an_order())
    seen = {}
    for name, value in numbers.items():
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**15:
            raise RefusalError(400, words.not_an_order())
        seen[name] = str(value)
    return {**seen, "loses": "yes"} if body.get("loses") is True else seen
