"""What waits for an outcome and what trades would do to its price: for `/book`, `/depth` and the room's page."""

from __future__ import annotations

from bot.chat.facts import BookLevel, DepthStep, TokenBook
from bot.market.context import MarketView
from bot.text.numbers import MICRO
from engine.quote import Quote, quote
from engine.state import Side

SIZES = tuple(dollars * MICRO for dollars in (10, 25, 50, 100, 250, 500, 1_000))


def token_book(view: MarketView, outcome: int, side: Side) -> TokenBook:
    """One token's side of the book, the speaker's own orders marked."""
    own: dict[tuple[bool, int], int] = {}
    for order in view.resting():
        if (order.outcome, order.side) == (outcome, side):
            own[order.buy, order.limit] = own.get((order.buy, order.limit), 0) + order.rest
    sells, buys = (
        [
            BookLevel(limit=limit, size=size, own=own.get((buy, limit), 0))
            for limit, size in view.state.resting.sizes(outcome, side, buy=buy)
        ]
        for buy in (False, True)
    )
    return TokenBook(sells=sells, buys=buys, price=view.price(outcome, side))


def depth_steps(view: MarketView, outcome: int, side: Side) -> list[DepthStep]:
    """What buying and selling for each of `SIZES` would do, for nobody in particular, whatever they have."""
    return [_step(view, outcome, side, amount) for amount in SIZES]


def _step(view: MarketView, outcome: int, side: Side, amount: int) -> DepthStep:
    size = amount * MICRO // max(1, view.price(outcome, side))
    sell = _ask(view, outcome, side, buy=False, size=size) if size <= tokens_held(view, outcome, side) else None
    return DepthStep(amount=amount, buy=_ask(view, outcome, side, buy=True, spend=amount), sell=sell)


def _ask(
    view: MarketView, outcome: int, side: Side, *, buy: bool, size: int | None = None, spend: int | None = None
) -> tuple[int, int] | None:
    """(average with fees, price after), rates."""
    priced = quote(
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
    return (priced.average, priced.price_after) if isinstance(priced, Quote) and not priced.unsold else None


def tokens_held(view: MarketView, outcome: int, side: Side) -> int:
    """By people together: nobody can sell more."""
    binary = view.state.binaries[outcome]
    return (binary.q_yes - binary.s_yes if side is Side.YES else binary.q_no - binary.s_no) + binary.e
