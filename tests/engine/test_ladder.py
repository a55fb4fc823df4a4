"""The picture of depth says what trades do: a quote of as many tokens ends at the price the ladder names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.ladder import Ladder, ladder
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import MarketState, Side, price_micro
from engine.units import MICRO, RATE
from tests.engine.builders import funded, order, params, run_one

TENTH_OF_A_CENT = 1_000
CENT = RATE // 100
P = params(n_outcomes=4, gas_fee="0.01", odds=["0.4", "0.3", "0.2", "0.1"])
RESTING = (
    ("bob sells 40 yes of 1", 52),
    ("bob sells 60 yes of 1", 60),
    ("bob buys 80 yes of 1", 35),
    ("cy buys 50 no of 1", 44),
    ("cy sells 30 no of 1", 72),
)


def state_with_a_book(p: MarketParams) -> MarketState:
    state = funded(p, ann=10_000, bob=10_000, cy=10_000)
    for text in ("bob buys 200 yes of 1", "cy buys 200 no of 1", "ann buys 300 yes of 1", "ann buys 300 no of 1"):
        state = run_one(state, p, order(text))[1]
    waiting = [
        replace(order(text, at=1, id=f"r{number}"), limit=cents * CENT) for number, (text, cents) in enumerate(RESTING)
    ]
    return apply_orders(state, waiting, p, 1)[1]


def asked(state: MarketState, p: MarketParams, side: Side, buy: bool, size: int) -> Quote:
    ticket = quote(state, p, now_ms=1, user=None, outcome=0, side=side, buy=buy, size=size)
    assert isinstance(ticket, Quote), ticket
    return ticket


def of_book(shown: Ladder, price: int, buy: bool) -> int:
    return sum(size for at, size in shown.book if (at <= price if buy else at >= price))


@pytest.mark.parametrize("match_fee", ["0", "0.02"])
@pytest.mark.parametrize("buy", [True, False])
@pytest.mark.parametrize("side", [Side.YES, Side.NO])
def test_as_many_tokens_take_the_price_where_the_ladder_says(side: Side, buy: bool, match_fee: str) -> None:
    p = replace(P, match_fee=int(float(match_fee) * RATE))
    state = state_with_a_book(p)
    shown = ladder(state, p, 1, 0, side, buy=buy)
    assert shown.now == price_micro(state, p, 0, side)
    assert shown.book, "a book that no order would meet proves nothing"
    for price, house in shown.house[1::3]:
        size = house + of_book(shown, price, buy)
        ticket = asked(state, p, side, buy, size)
        assert abs(ticket.price_after // (RATE // MICRO) - price) <= TENTH_OF_A_CENT, (price, size)
        assert abs(ticket.sizes.get("maker", 0) - house) <= max(size // 200, 10_000), (price, ticket.sizes)


@pytest.mark.parametrize("buy", [True, False])
def test_house_and_book_only_grow_away_from_the_price_now(buy: bool) -> None:
    shown = ladder(state_with_a_book(P), P, 1, 0, Side.YES, buy=buy)
    outwards = [price if buy else -price for price, _ in shown.house]
    assert outwards == sorted(outwards)
    assert [size for _, size in shown.house] == sorted(size for _, size in shown.house)
    assert [at for at, _ in shown.book] == sorted((at for at, _ in shown.book), reverse=not buy)
    assert all(size > 0 for _, size in shown.book)


def test_without_crossing_orders_of_the_other_token_are_no_depth() -> None:
    alone = replace(P, cm_enabled=False)
    state = state_with_a_book(alone)
    assert of_book(ladder(state, alone, 1, 0, Side.YES, buy=True), MICRO, buy=True) == 100 * MICRO
    assert of_book(ladder(state_with_a_book(P), P, 1, 0, Side.YES, buy=True), MICRO, buy=True) == 150 * MICRO
