"""Which of somebody's markets a private line is about: told where there are several, asked where an order could be
meant for more than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat.invocation import ChatKind, Invocation
from bot.grammar import parser
from bot.grammar.command import Command
from bot.market.context import MarketView, parse_context_of
from bot.market.lookup import chosen
from storage.records import Chat, Market
from storage.unit_of_work import UnitOfWork

ORDERS = frozenset({"buy", "sell", "quote"})
"""Commands whose market is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A market and its home, as far as that is known; its `number` where another of theirs has its name."""

    market: Market
    chat: Chat | None
    number: int | None = None


async def live_markets(uow: UnitOfWork, person: int) -> list[Market]:
    """Those they are in that are not over, newest first."""
    return [market for market in await uow.markets.of_person(person) if not market.over]


async def place_told(uow: UnitOfWork, person: int, market: Market) -> Place | None:
    """What tells them which market something is about; None for who is in no other."""
    others = [other for other in await live_markets(uow, person) if other.id != market.id]
    if not others:
        return None
    shared = any(other.title.casefold() == market.title.casefold() for other in others)
    return replace(await _place(uow, market), number=market.id if shared else None)


async def could_be_meant(
    uow: UnitOfWork, invocation: Invocation, person: int | None, command: Command, rest: str, now_ms: int
) -> Sequence[Place]:
    """Of a private order that names no market, for who is in several: those in which it reads as one; all of them where
    it reads in none."""
    if invocation.chat_kind is not ChatKind.PRIVATE or command.name not in ORDERS or chosen(invocation) is not None:
        return ()
    live = [] if person is None else await live_markets(uow, person)
    if len(live) < 2:
        return ()
    read = []
    for market in live:
        view = MarketView(record=market, state=await uow.markets.state(market.id), member=None, now_ms=now_ms)
        parsed = parser.parse(command, rest, parse_context_of(view, now_ms), invocation.args)
        if not parsed.problems or parsed.only_lacks:
            read.append(market)
    return [await _place(uow, market) for market in read or live]


async def _place(uow: UnitOfWork, market: Market) -> Place:
    chats = await uow.chats.of_market(market.id)
    return Place(market=market, chat=chats[0] if chats else None)
