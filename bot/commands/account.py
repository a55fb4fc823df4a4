"""One's own affairs, always answered in private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from bot.chat.facts import Holding
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Line, Reply
from bot.grammar.command import command
from bot.grammar.listed import OwnMarketArg
from bot.grammar.types import Text
from bot.market import membership
from bot.market.context import Context, MarketView, Participant, Snapshot, speaker
from bot.market.holdings import holdings_of
from bot.market.member_names import NameRefused, name_for
from bot.market.visibility import own_markets
from bot.text.names import LONGEST_NAME
from bot.words import account as words
from bot.words import members as words_members
from bot.words import views as words_views
from bot.words import watching as words_watching
from engine.state import Side
from storage.rankings import worth_of
from storage.records import Declined, Member

NameArg = Annotated[str, Text("name", LONGEST_NAME, about="the name others see, yours on this platform if left out")]
LineArg = Annotated[str, Text("line", 400, about="a line")]
_SHOWN = 15


@command("join", role=Role.ANYONE, help_under=Role.MEMBER, examples=("/join", "/join Ada"))
async def join(ctx: Context, *, market: MarketView, name: NameArg | None = None) -> Reply:
    """Take part in this chat's market, with a starting balance of play money."""
    return await _join(ctx, market, name)


@command("begin", role=Role.ANYONE, hidden=True)
async def begin(ctx: Context, *, market: MarketView, wanted: LineArg) -> Reply:
    """Take part, and go on with what was wanted.

    wanted: the line that is answered once they are in
    """
    joined = await _join(ctx, market, None)
    return replace(joined, then=wanted) if wanted.startswith("/") and not wanted.startswith("/begin") else joined


async def _join(ctx: Context, market: MarketView, name: str | None) -> Reply:
    async with ctx.db.writing() as uow:
        person = await speaker(uow, ctx.invocation, ctx.now_ms)
        before = await uow.members.get(market.id, person.id)
        if before is not None and before.barred is not None:
            return words_members.barred(before.barred)
        if before is not None and name is None:
            called: str | NameRefused = before.name
        else:
            wanted = name or ctx.invocation.person_name
            called = await name_for(uow, market.record, person.id, wanted, ctx.invocation.bot_names)
        if isinstance(called, NameRefused):
            return words_members.name_refused(called.code, wanted, called.like, called.instead)
        member = await membership.join(uow, market.id, person.id, called, ctx.now_ms)
        if isinstance(member, Declined):
            return words.cannot_join(member.code)
        named = (await uow.preferences.of(person.id)).named
        await uow.commit()
    reply = words.joined(member, market.record, market.active(), again=before is not None)
    if not market.record.public or market.record.over or before is not None:
        return reply
    return replace(reply, blocks=(*reply.blocks, words_watching.told_joining(named=named)))


@command("positions", role=Role.MEMBER, any_rules=True, examples=("/positions",))
async def positions(ctx: Context, *, market: MarketView, participant: Participant, snapshot: Snapshot) -> Reply:
    """See the tokens you hold: what they would sell for, what they pay if right, what they brought you."""
    member = participant.member
    paid = await snapshot.uow.trades.paid(market.id, member.person)
    return words.positions(market.record, _holdings(market, member, paid), member, try_line(market))


@command("balance", role=Role.MEMBER, any_rules=True, examples=("/balance",))
async def balance(ctx: Context, *, market: MarketView, participant: Participant) -> Reply:
    """See what you can spend and how you stand."""
    worth = sum(holding.worth for holding in _holdings(market, participant.member))
    return words.balance(participant.member, worth)


@command("trades", role=Role.MEMBER, any_rules=True, examples=("/trades",))
async def trades(ctx: Context, *, market: MarketView, participant: Participant, snapshot: Snapshot) -> Reply:
    """See your own last trades."""
    person = participant.member.person
    latest = await snapshot.uow.trades.of_person(market.id, person, n=_SHOWN)
    return words.trades(market.record.params, latest, person, try_line(market))


@command("markets", role=Role.ANYONE, help_under=Role.MEMBER, examples=("/markets", "/markets 3"))
async def markets(ctx: Context, *, number: OwnMarketArg | None = None) -> Reply:
    """See the markets you are in, and choose the one your private commands speak of.

    number: the market's number, to choose it
    """
    if ctx.person is None:
        return words_views.markets((), None)
    async with ctx.db.writing() as uow:
        private = ctx.invocation.chat_kind is ChatKind.PRIVATE
        own = await (own_markets(uow, ctx.person.id) if private else uow.markets.of_person(ctx.person.id))
        chosen = next((market for market in own if market.id == number), None)
        if chosen is not None:
            await uow.markets.use(ctx.person.id, chosen.id)
            await uow.commit()
            return words_views.market_chosen(chosen)
        current = await uow.markets.last_of_person(ctx.person.id)
    if number is not None:
        return words_views.not_your_market(number)
    return words_views.markets(own, current.id if current else None)


def try_line(view: MarketView) -> Line:
    """How to begin, for who has nothing to show yet."""
    return words.begin(view.record, view.active(), view.member.available if view.member else 0)


def _holdings(view: MarketView, member: Member, paid: Mapping[tuple[int, Side], int] | None = None) -> list[Holding]:
    return holdings_of(view.record, view.state, member, worth_of(view.record, view.state, member), paid or {})
