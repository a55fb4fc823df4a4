"""Looking at the market, for anybody, spectators too: prices, the book, charts, standings, trades, the proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Audience, Picture, Reply, Tone
from bot.grammar.command import command
from bot.grammar.members import Who
from bot.grammar.outcomes import AnyOutcomeArg, OutcomeArg
from bot.grammar.times import SpanArg
from bot.grammar.types import Choice, PageArg
from bot.market import whom, wording
from bot.market.context import Context, MarketView, Snapshot
from bot.market.depth import depth_steps, token_book
from bot.market.heads import head_now
from bot.market.leaderboard import leaderboard_reply, standing_of
from bot.market.quotes import closed, closed_for_trading
from bot.market.standings import board_of, season_table
from bot.market.tape import tape as latest_trades
from bot.words import audit as words_audit
from bot.words import book as words_book
from bot.words import rules as words_rules
from bot.words import seasons as words_seasons
from bot.words import usage as words_usage
from bot.words import views as words
from bot.words import wording as words_wording
from engine.state import Side, Status
from storage.unit_of_work import UnitOfWork

_SHOWN = 15
_SEASONS = 12  # as many as the hall of fame shows
OneArg = Annotated[str, Who("member", 80, about="only this one: a name, its beginning, or #12", words=1, named=True)]
ScopeArg = Annotated[str, Choice("scope", lambda: {"market": "this market", "season": "several markets together"})]
_BOTH = (Side.YES, Side.NO)


@command("board", role=Role.ANYONE, any_rules=True, for_all=True, examples=("/board",))
async def board(ctx: Context, *, market: MarketView, snapshot: Snapshot) -> Reply:
    """See every outcome's prices, who leads, the next step and what the house risks."""
    return words.board(await board_of(snapshot.uow, market.record, ctx.now_ms), _audience(ctx))


def _no_book(view: MarketView) -> Reply | None:
    """Before the start and after the end nobody can wait."""
    live = view.status in {Status.RUNNING, Status.FROZEN, Status.PAUSED}
    return None if live else closed(view.record, view.state)


@command("book", role=Role.ANYONE, any_rules=True, for_all=True, ready=_no_book, examples=("/book germany", "/book 2"))
async def book(ctx: Context, *, market: MarketView, outcome: OutcomeArg) -> Reply:
    """See which orders wait for an outcome, by price, and the house's price between them.

    Where orders of yours are among them, they are marked and only you see the answer.
    """
    yes, no = (token_book(market, outcome, side) for side in _BOTH)
    own = any(order.outcome == outcome for order in market.resting())
    return words_book.book(market.record.params, outcome, yes, no, Audience.PRIVATE if own else _audience(ctx))


@command("depth", role=Role.ANYONE, for_all=True, ready=closed_for_trading, examples=("/depth germany",))
async def depth(ctx: Context, *, market: MarketView, outcome: OutcomeArg) -> Reply:
    """See what buying and selling $10 to $1,000 of an outcome would do to its price."""
    sides = [(side, market.price(outcome, side), depth_steps(market, outcome, side)) for side in _BOTH]
    return words_book.depth(market.record.params, outcome, sides, _audience(ctx))


@command(
    "chart", role=Role.ANYONE, any_rules=True, for_all=True, examples=("/chart", "/chart germany", "/chart brazil 6h")
)
async def chart(
    ctx: Context, *, market: MarketView, outcome: AnyOutcomeArg | None = None, span: SpanArg | None = None
) -> Reply:
    """See how the prices moved, of all outcomes or of one.

    outcome: the one to draw, all if left out
    span: how far back, such as 30m, 6h or 1d, all of it if left out
    """
    if market.record.start_ms is None:
        return words.no_chart_yet()
    yes, no = ({number: market.price(number, side) for number in market.active()} for side in _BOTH)
    title = words.chart_title(market.record, outcome, yes, market.state.winners)
    figures = words.chart_figures(market.record, outcome, yes, no)
    kind = "prices" if outcome is None else "outcome"
    picture = Picture(kind=kind, market=market.id, tick=market.record.tick, outcome=outcome, span_ms=span)
    out = [] if outcome is not None else [market.names[number] for number in market.state.out]
    return words.chart(picture, title, figures, _audience(ctx), out)


@command(
    "leaderboard",
    role=Role.ANYONE,
    any_rules=True,
    for_all=True,
    examples=("/leaderboard", "/leaderboard season", "/leaderboard member ada"),
)
async def leaderboard(
    ctx: Context,
    *,
    market: MarketView | None,
    snapshot: Snapshot,
    scope: ScopeArg | None = None,
    member: OneArg | None = None,
) -> Reply:
    """See who is ahead, tokens counted at what selling them would bring now, or over the whole season.

    scope: season for several markets together, this market if left out
    """
    if scope == "season":
        return await _season(ctx, snapshot.uow, market)
    if market is None:
        return words_usage.no_market(ctx.invocation)
    if member is not None:
        return await _one(ctx, snapshot.uow, market, member)
    return await leaderboard_reply(snapshot.uow, market.record, _audience(ctx))


async def _one(ctx: Context, uow: UnitOfWork, market: MarketView, typed: str) -> Reply:
    """What the leaderboard shows of one member, to who asks."""
    standing = await standing_of(uow, market.record)
    found = await whom.fitting(uow, ctx.invocation.platform, list(standing.members.values()), typed)
    if len(found) != 1:
        return whom.not_one(typed, found, to_admin=False)
    [member] = found
    row, place = standing.ranked_of[member.person], standing.places.get(member.person)
    return words.one_standing(row, place, standing.of, market.record)


async def _season(ctx: Context, uow: UnitOfWork, market: MarketView | None) -> Reply:
    """The season that is on, else the last one, and those before it: of this chat; in private, of their market's."""
    private = ctx.invocation.chat_kind is ChatKind.PRIVATE
    here = ctx.chat.id if ctx.chat and not private else market.record.chat_id if market else 0
    seasons = (await uow.seasons.of_chat(here))[:_SEASONS]
    tables = [(season, *await season_table(uow, season)) for season in seasons]
    if not tables:
        return words_seasons.no_season(admin=ctx.invocation.is_admin)
    current, markets, rows = tables[0]
    past = [(season, ranked) for season, _, ranked in tables if season.end_ms is not None]
    fame = words_seasons.hall_of_fame(past)
    if current.end_ms is not None:
        shown = replace(words_seasons.ended(current, markets, rows), audience=_audience(ctx), tone=Tone.NEUTRAL)
    else:
        shown = words_seasons.standings(current, markets, rows, _audience(ctx))
    return replace(shown, blocks=(*shown.blocks, *fame))


@command("tape", role=Role.ANYONE, any_rules=True, for_all=True, examples=("/tape", "/tape germany"))
async def tape(ctx: Context, *, market: MarketView, snapshot: Snapshot, outcome: AnyOutcomeArg | None = None) -> Reply:
    """See the last trades of the whole market; what one order did at once is one of them.

    outcome: only trades of this one
    """
    recent = await latest_trades(snapshot.uow, market.record, outcome, n=_SHOWN)
    return words.tape(market.record.params, recent, outcome, _audience(ctx))


@command("verify", role=Role.ANYONE, any_rules=True, heavy=True, for_all=True, examples=("/verify",))
async def verify(ctx: Context, *, market: MarketView) -> Reply:
    """Have the market run again from its first tick and every balance, price and payout compared.

    Every tick ends in a signed head that seals all before it. Heads are posted with each elimination: a history that
    was changed afterwards cannot have them, and `outcry check` holds one against another without the database.
    """
    record = market.record
    if record.start_ms is None:
        return words_audit.not_begun()
    audience = _audience(ctx)
    async with ctx.db.reading() as uow:
        head = await head_now(uow, record)
    checked, running = await ctx.auditor.ask(market.id, record.tick, ctx.asker(market.id))
    if running and (checked is None or checked.found is None):
        return words_audit.checking(market.id)
    at_ms = checked.at_ms if checked else ctx.now_ms
    return words_audit.checked(checked.found if checked else None, at_ms, head, audience, running=running)


@command("rules", role=Role.ANYONE, any_rules=True, examples=("/rules",))
async def rules(ctx: Context, *, market: MarketView | None, snapshot: Snapshot, page: PageArg | None = None) -> Reply:
    """Read what decides this market, what this is and how it works."""
    if market is None:
        return words_rules.rules(None)
    wordings = await snapshot.uow.wordings.of(market.id)
    decides = words_wording.on_rules(wordings, await wording.read_names(snapshot.uow, wordings))
    return words_rules.rules(market.record.params, decides, page or 1, ctx.person_id)


def _audience(ctx: Context) -> Audience:
    """What everybody may see goes to the chat it was asked in."""
    return Audience.PRIVATE if ctx.invocation.chat_kind is ChatKind.PRIVATE else Audience.CHAT
