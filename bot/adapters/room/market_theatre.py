"""A market that is over, tick by tick: its line of time once for all who look, and what the page shows of one tick.

Boards are those that `/board` showed. Posts are this room's own, as they stand now: who is forgotten is gone from them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial

from aiohttp import web

from bot.adapters.room import NAME
from bot.adapters.room.limits import Counted, Limits, RefusalError
from bot.adapters.room.market_charts import Asks, Written, answer, write
from bot.adapters.room.market_json import trade_to_json
from bot.adapters.room.message_log import NEWS, TALK
from bot.adapters.room.render import block_to_json, line_to_json, visible_to
from bot.adapters.room.security import Visitor
from bot.adapters.room.visitors import MARKET, seen_market
from bot.chat.past_facts import OwnThen
from bot.chat.reply import Audience, Board
from bot.market.background_theatre import BackgroundTheatres
from bot.market.tape import shown_after
from bot.market.theatre import Theatre
from bot.market.visibility import is_own
from bot.words import room as words_room
from bot.words import theatre as words
from bot.words import views as words_views
from bot.words.shared import name_of
from engine.state import Side, Status
from storage.database import Database
from storage.records import EventRow, Json, Market, Payload, RoomMessage
from storage.unit_of_work import UnitOfWork

RETRY_S = 1
TRADES, POSTS = 20, 30  # shown of those so far
MOST_POSTS = 5_000  # of a market's time, the latest
AFTERWARDS_MS = 120_000  # so long after its last tick what is said still belongs to it


class MarketTheatre:
    """`clock` gives epoch milliseconds; `asks` counts a request and gives its room and who asks."""

    def __init__(self, db: Database, clock: Callable[[], int], asks: Asks, limits: Limits) -> None:
        self._db, self._clock, self._asks, self._limits = db, clock, asks, limits
        self._theatres = BackgroundTheatres(db)

    def routes(self, base: str) -> list[web.RouteDef]:
        theatre = f"{base}api/v1/markets/{MARKET}/theatre"
        tick = f"{theatre}/{{tick:[0-9]{{1,15}}}}"
        return [
            web.get(theatre, self._line_of_time),
            web.get(tick, self._tick),
            web.get(f"{tick}/bought", self._bought),
        ]

    async def close(self) -> None:
        """End what is being run again."""
        await self._theatres.close()

    async def _enter(self, request: web.Request) -> tuple[Theatre, str, Visitor]:
        room, visitor = await self._asks(request)
        self._limits.count(Counted.THEATRE, visitor.whose)
        async with self._db.reading() as uow:
            market = await seen_market(uow, room, visitor, request)
        if not market.over or market.start_ms is None:
            raise RefusalError(409, words.NEVER_BEGAN if market.over else words.STILL_ON)
        theatre = await self._theatres.ask(market)
        if theatre is None:
            raise RefusalError(503, words.NOT_YET, RETRY_S)
        return theatre, room, visitor

    def _tick_of(self, request: web.Request, theatre: Theatre) -> int:
        """That of the address; one past the end is the last."""
        return min(int(request.match_info["tick"]), theatre.last)

    async def _line_of_time(self, request: web.Request) -> web.Response:
        theatre, _, _ = await self._enter(request)
        async with self._db.reading() as uow:
            make = partial(_write_all, theatre)
            written = await uow.figures.of(theatre.market, f"theatre {theatre.ready} {bool(theatre.why)}", make)
        return answer(request, written)

    async def _tick(self, request: web.Request) -> web.Response:
        theatre, room, visitor = await self._enter(request)
        tick, person = self._tick_of(request, theatre), visitor.person
        async with self._db.reading() as uow:
            authors = {wording.actor for wording in theatre.wordings}
            names = await uow.people.names(authors) if authors else {}
            last = theatre.last_trades[tick]
            hidden = shown_after(theatre.market, last)
            trades = await uow.trades.as_of(theatre.market.id, tick, last, n=TRADES, by_hand_after=hidden)
            member = await uow.members.get(theatre.market.id, person.id) if person is not None else None
            posts = await self._posts(uow, theatre, room, tick)
        own = theatre.own(tick, member) if member is not None else None
        shown: dict[str, Json] = {
            "tick": tick,
            "at": theatre.rows[tick].ts_ms,
            "ready": theatre.ready,
            "why": theatre.why,
            **(_said(theatre.board(tick, names)) if theatre.ready else {"board": None, "head": [], "lines": []}),
            "tape": [trade_to_json(trade) for trade in trades],
            "posts": posts,
            "account": None if own is None else own_json(theatre.market, own),
        }
        return web.json_response(shown)

    async def _bought(self, request: web.Request) -> web.Response:
        theatre, _, _ = await self._enter(request)
        outcome, side = request.query.get("outcome", ""), request.query.get("side", "")
        known = outcome.isascii() and outcome.isdigit() and len(outcome) < 4 and side in {"yes", "no"}
        params = theatre.market.params
        if not known or int(outcome) >= params.n_outcomes:
            raise RefusalError(400, words_room.wrong_number("outcome"))
        asked = theatre.bought(self._tick_of(request, theatre), int(outcome), Side(side))
        if asked is None:
            raise RefusalError(409 if theatre.ready else 503, theatre.why or words.NOT_YET, RETRY_S)
        return web.json_response({"says": line_to_json(words.bought(params, asked))})

    async def _posts(self, uow: UnitOfWork, theatre: Theatre, room: str, tick: int) -> list[Json] | None:
        """What everybody here could read until the next tick: talk and announcements, without buttons; None where the
        market was not this room's."""
        chat = await uow.chats.find(NAME, room)
        if chat is None or not await is_own(uow, theatre.market.id, chat.id):
            return None
        until_ms = theatre.until_ms(tick) or theatre.rows[tick].ts_ms + AFTERWARDS_MS
        said = theatre.said.get(room)
        if said is None:
            since_ms, end_ms = theatre.market.created_ms, theatre.rows[-1].ts_ms + AFTERWARDS_MS
            said = await uow.room.said(room, (NEWS, TALK), since_ms, end_ms, MOST_POSTS)
            if self._clock() > end_ms:  # nothing is added any more
                theatre.said[room] = said
        heard = said[: bisect_left(said, until_ms, key=lambda post: post.ts_ms)][-POSTS:]
        messages = await uow.room.many(post.id for post in heard)
        return [_post(messages[post.id], until_ms) for post in heard if post.id in messages]


async def _write_all(theatre: Theatre) -> Written:
    return await asyncio.to_thread(lambda: write(theatre_json(theatre)))


def theatre_json(theatre: Theatre) -> Payload:
    """All that scrubbing needs at once: prices at up to 1,500 ticks, what happened when, who won."""
    market, points = theatre.market, theatre.points()
    params, out = market.params, _out_since(theatre.told)
    return {
        "market": market.id,
        "title": market.title,
        "names": [name_of(params, number) for number in range(params.n_outcomes)],
        "last": theatre.last,
        "ticks": list[Json](points),
        "times": [theatre.rows[tick].ts_ms for tick in points],
        "yes": [
            [theatre.rows[tick].yes[number] if tick <= out.get(number, theatre.last) else None for tick in points]
            for number in range(params.n_outcomes)
        ],
        "marks": [_mark_json(event, market) for event in theatre.told],
        "winners": list(market.winners),
        "called_off": market.status is Status.VOIDED,
        "ready": theatre.ready,
        "why": theatre.why,
    }


def _said(board: Board) -> dict[str, Json]:
    """What `/board` says with it: its sentence, the block, and the lines below."""
    reply = words_views.board(board, Audience.CHAT)
    lines: list[Json] = [line_to_json(block) for block in reply.blocks if isinstance(block, tuple)]
    return {"head": line_to_json(reply.head), "board": block_to_json(board), "lines": lines}


def _out_since(told: Sequence[EventRow]) -> dict[int, int]:
    """The tick each went out in, by outcome: its line ends there."""
    gone: dict[int, int] = {}
    for event in told:
        if event.type == "Eliminated":
            facts: words.Facts = event.payload
            gone |= dict.fromkeys(facts["outcomes"], event.tick)
    return gone


def _mark_json(event: EventRow, market: Market) -> dict[str, Json]:
    facts: words.Facts = event.payload
    out = facts["outcomes"] if event.type == "Eliminated" else []
    text = words.moment(event, market.params)
    return {"tick": event.tick, "at": event.ts_ms, "kind": event.type.lower(), "out": list(out), "text": text}


def own_json(market: Market, own: OwnThen) -> dict[str, Json]:
    """What somebody had, and what that came to, in figures and in sentences."""
    return {
        "joined": own.joined,
        "cash": own.cash,
        "aside": own.aside,
        "worth": own.worth,
        "total": own.total,
        "stake": own.stake,
        "profit": own.total - own.stake,
        "final": own.final,
        "if_kept": own.if_kept,
        "holdings": [
            {
                "outcome": held.outcome,
                "name": name_of(market.params, held.outcome),
                "side": held.side.value,
                "tokens": held.tokens,
                "price": held.price,
                "worth": held.worth,
                "pays": held.pays,
                "active": held.active,
            }
            for held in own.held
        ],
        "says": [line_to_json(row) for row in words.own(market.params, own)],
    }


def _post(message: RoomMessage, until_ms: int) -> Json:
    """Without buttons, which belong to a market that is on. What was changed after that moment is not told: what it
    said before is kept nowhere."""
    shown = visible_to(message, None)
    if message.edited_ms is not None and message.edited_ms >= until_ms:
        return {"id": message.id, "at": message.ts_ms, "changed_later": True}
    reply = shown.get("reply")
    if isinstance(reply, dict):
        shown["reply"] = {name: value for name, value in reply.items() if name != "actions"}
    return shown
