"""Looking into the book of an outcome, and how deep its prices are."""

from __future__ import annotations

from bot.chat.invocation import ChatKind
from bot.chat.reply import Audience, Reply
from bot.grammar.command import command
from bot.grammar.trading import OutcomeArg
from bot.market.context import Ctx, MarketView
from bot.market.quotes import closed, closed_for_trading
from bot.text.numbers import MICRO
from bot.words import book as words
from engine.quote import Quote, quote
from engine.state import Side, Status

SIZES = tuple(dollars * MICRO for dollars in (10, 25, 50, 100, 250, 500, 1_000))
_BOTH = (Side.YES, Side.NO)


def _no_book(view: MarketView) -> Reply | None:
    """Before the start and after the end nobody can wait."""
    live = view.status in {Status.RUNNING, Status.FROZEN, Status.PAUSED}
    return None if live else closed(view.record, view.state)


@command("book", ready=_no_book, examples=("/book germany", "/book 2"))
async def book(ctx: Ctx, *, market: MarketView, outcome: OutcomeArg) -> Reply:
    """See which orders wait for an outcome, by price, and the house's price between them.

    Where orders of yours are among them, they are marked and only you see the answer.
    """
    yes, no = (_shelf(market, outcome, side) for side in _BOTH)
    own = any(one.outcome == outcome for one in market.resting())
    return words.book(market.record.params, outcome, yes, no, Audience.PRIVATE if own else _audience(ctx))


def _shelf(view: MarketView, outcome: int, side: Side) -> words.Shelf:
    own: dict[tuple[bool, int], int] = {}
    for one in view.resting():
        if (one.outcome, one.side) == (outcome, side):
            own[one.buy, one.limit] = own.get((one.buy, one.limit), 0) + one.rest
    sells, buys = (
        [
            words.Level(limit=limit, size=size, own=own.get((buy, limit), 0))
            for limit, size in view.state.resting.sizes(outcome, side, buy=buy)
        ]
        for buy in (False, True)
    )
    return words.Shelf(sells=sells, buys=buys, price=view.price(outcome, side))


@command("depth", ready=closed_for_trading, examples=("/depth germany",))
async def depth(ctx: Ctx, *, market: MarketView, outcome: OutcomeArg) -> Reply:
    """See what buying and selling $10 to $1,000 of an outcome would do to its price."""
    sides = [
        (side, market.price(outcome, side), [_step(market, outcome, side, amount) for amount in SIZES])
        for side in _BOTH
    ]
    return words.depth(market.record.params, outcome, sides, _audience(ctx))


def _step(view: MarketView, outcome: int, side: Side, amount: int) -> words.Step:
    """For nobody in particular: whatever she has."""
    size = amount * MICRO // max(1, view.price(outcome, side))
    sell = _ask(view, outcome, side, buy=False, size=size) if size <= _held(view, outcome, side) else None
    return words.Step(amount=amount, buy=_ask(view, outcome, side, buy=True, spend=amount), sell=sell)


def _ask(
    view: MarketView, outcome: int, side: Side, *, buy: bool, size: int | None = None, spend: int | None = None
) -> tuple[int, int] | None:
    """(average with fees, price after), rates."""
    found = quote(
        view.state,
        view.record.params,
        now_ms=view.engine_ms,
        user=None,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size,
        spend=spend,
    )
    return (found.average, found.price_after) if isinstance(found, Quote) and not found.unsold else None


def _held(view: MarketView, outcome: int, side: Side) -> int:
    """Tokens people hold: nobody can sell more."""
    one = view.state.binaries[outcome]
    return (one.q_yes - one.s_yes if side is Side.YES else one.q_no - one.s_no) + one.e


def _audience(ctx: Ctx) -> Audience:
    return Audience.PRIVATE if ctx.invocation.chat_kind is ChatKind.PRIVATE else Audience.CHAT
