"""Looking at the market: for anybody, spectators too."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from bot.chat.invocation import ChatKind
from bot.chat.reply import Audience, Picture, Reply, Tone
from bot.grammar.command import command
from bot.grammar.times import SpanArg
from bot.grammar.trading import AnyOutcomeArg
from bot.grammar.types import Choice
from bot.market.context import Ctx, MarketView
from bot.market.standings import board_of
from bot.seasons import season_table
from bot.words import seasons as words_seasons
from bot.words import usage as words_usage
from bot.words import views as words
from engine.state import Side, Status
from storage.export import standings
from storage.records import ENDED

_SHOWN = 15
_SEASONS = 12  # as many as the hall of fame shows
ScopeArg = Annotated[str, Choice("scope", lambda: {"market": "this market", "season": "several markets together"})]


@command("board", examples=("/board",))
async def board(ctx: Ctx, *, market: MarketView) -> Reply:
    """See every outcome's prices, who leads, the next step and what the house risks."""
    async with ctx.db.reading() as uow:
        shown = await board_of(uow, market.record, ctx.now_ms)
    return words.board(shown, _audience(ctx))


@command("chart", examples=("/chart", "/chart germany", "/chart brazil 6h"))
async def chart(
    ctx: Ctx, *, market: MarketView, outcome: AnyOutcomeArg | None = None, span: SpanArg | None = None
) -> Reply:
    """See how the prices moved, of all outcomes or of one.

    outcome: the one to draw, all if left out
    span: how far back, such as 30m, 6h or 1d, all of it if left out
    """
    if market.record.start_ms is None:
        return words.no_chart_yet()
    prices = {number: market.price(number, Side.YES) for number in market.active()}
    title = words.chart_title(market.record, outcome, prices, market.state.winner)
    kind = "prices" if outcome is None else "outcome"
    picture = Picture(kind=kind, market=market.id, tick=market.record.tick, outcome=outcome, span_ms=span, alt=title)
    return words.chart(picture, title, _audience(ctx))


@command("leaderboard", examples=("/leaderboard", "/leaderboard season"))
async def leaderboard(ctx: Ctx, *, market: MarketView | None, scope: ScopeArg | None = None) -> Reply:
    """See who is ahead, tokens counted at what they are worth now, or over the whole season.

    scope: season for several markets together, this market if left out
    """
    if scope == "season":
        return await _season(ctx, market)
    if market is None:
        return words_usage.no_market(admin=ctx.invocation.is_admin)
    async with ctx.db.reading() as uow:
        members = await uow.members.of(market.id)
        latest = None if market.record.over else await uow.ticks.latest(market.id)
    found = standings(members, latest)
    called_off = market.status is Status.VOIDED
    return words.leaderboard(found, _SHOWN, over=market.status in ENDED, audience=_audience(ctx), called_off=called_off)


async def _season(ctx: Ctx, market: MarketView | None) -> Reply:
    """The season that is on, else the last one, and those before it: of this chat; in private, of her market's."""
    private = ctx.invocation.chat_kind is ChatKind.PRIVATE
    here = ctx.chat.id if ctx.chat and not private else market.record.chat_id if market else 0
    async with ctx.db.reading() as uow:
        every = await uow.seasons.of_chat(here)
        tables = [(one, *await season_table(uow, one)) for one in every[:_SEASONS]]
    if not tables:
        return words_seasons.no_season(admin=ctx.invocation.is_admin)
    current, markets, rows = tables[0]
    fame = words_seasons.hall_of_fame([(one, found) for one, _, found in tables if one.end_ms is not None])
    if current.end_ms is not None:
        shown = replace(words_seasons.ended(current, markets, rows), audience=_audience(ctx), tone=Tone.NEUTRAL)
    else:
        shown = words_seasons.standings(current, markets, rows, _audience(ctx))
    return replace(shown, blocks=(*shown.blocks, *fame))


@command("tape", examples=("/tape", "/tape germany"))
async def tape(ctx: Ctx, *, market: MarketView, outcome: AnyOutcomeArg | None = None) -> Reply:
    """See the last trades of the whole market.

    outcome: only trades of this one
    """
    async with ctx.db.reading() as uow:
        found = await uow.trades.recent(market.id, outcome, n=_SHOWN)
    return words.tape(market.record.params, found, outcome, _audience(ctx))


@command("rules", examples=("/rules",))
async def rules(ctx: Ctx, *, market: MarketView | None) -> Reply:
    """Read what this is and how it works."""
    return words.rules(market.record if market else None)


def _audience(ctx: Ctx) -> Audience:
    """What everybody may see goes to the chat it was asked in."""
    return Audience.PRIVATE if ctx.invocation.chat_kind is ChatKind.PRIVATE else Audience.CHAT
