"""The sizes a ticket offers instead of what was asked for, held against the quotes of their neighbours."""

from __future__ import annotations

from random import Random

import pytest

from engine.params import MarketParams
from engine.quote import Quote, quote
from engine.state import MarketState, Side
from engine.suggest import largest_winning, largest_within_slippage
from engine.units import MICRO, RATE
from tests.deep import DEEP
from tests.engine.builders import funded, order, params, run_one
from tests.engine.markets import logarithmic
from tests.engine.test_budget import some_states

MARKETS = 100 if DEEP else 4
"""Random markets a block."""


def gain(state: MarketState, p: MarketParams, now: int, outcome: int, side: Side, size: int) -> int:
    """What a buy for nobody in particular wins if it is right, gas in."""
    ticket = quote(state, p, now_ms=now, user=None, outcome=outcome, side=side, buy=True, size=size)
    assert isinstance(ticket, Quote), ticket
    return size - ticket.amount - ticket.gas


def test_the_largest_size_that_can_still_win() -> None:
    """A hundredth more than it costs what it pays; the gas alone makes a tiny one lose."""
    p = params(gas_fee=1)
    state = funded(p, ann=10**6)
    size = largest_winning(state, p, now_ms=0, user=1, outcome=0, side=Side.YES)
    assert gain(state, p, 0, 0, Side.YES, size) > 0 >= gain(state, p, 0, 0, Side.YES, size + 1)
    assert gain(state, p, 0, 0, Side.YES, MICRO) < 0


def test_nothing_can_win_where_the_price_has_reached_the_dollar() -> None:
    p = params(fee="0.05", p_max="0.98")
    state = funded(p, ann=10**9)
    state = run_one(state, p, order("ann buys 100000 yes of 1"))[1]
    assert largest_winning(state, p, now_ms=0, user=None, outcome=0, side=Side.YES) == 0
    assert largest_winning(state, p, now_ms=0, user=None, outcome=0, side=Side.NO) > 0
    assert largest_winning(state, p, now_ms=0, user=None, outcome=9, side=Side.NO) == 0


@pytest.mark.parametrize("block", range(4))
def test_both_sizes_are_the_largest(block: int) -> None:
    for seed in range(block * MARKETS, (block + 1) * MARKETS):
        rng = Random(seed)
        for state, p, now in some_states(rng):
            outcome, side = rng.choice(state.active), rng.choice(tuple(Side))
            size = largest_winning(state, p, now_ms=now, user=None, outcome=outcome, side=side)
            if size:
                assert gain(state, p, now, outcome, side, size) > 0, seed
            for larger in (size + 1, size + logarithmic(rng, 1, 10**10)):
                assert gain(state, p, now, outcome, side, larger) <= 0, (seed, size, larger)
            _check_slippage(rng, state, p, now, outcome, side)


def _check_slippage(rng: Random, state: MarketState, p: MarketParams, now: int, outcome: int, side: Side) -> None:
    slippage, buy = rng.choice((RATE // 4, RATE // 20, RATE // 100)), rng.random() < 0.5
    asked = logarithmic(rng, 1, 10**11)
    part = largest_within_slippage(
        state, p, now_ms=now, user=None, outcome=outcome, side=side, buy=buy, size=asked, slippage=slippage
    )
    assert 0 <= part <= asked
    for size, inside in ((part, True), (part + 1, False)):
        if 0 < size <= asked:
            ticket = quote(
                state, p, now_ms=now, user=None, outcome=outcome, side=side, buy=buy, size=size, slippage=slippage
            )
            assert isinstance(ticket, Quote) is inside, (size, asked, ticket)


def test_a_slippage_chosen_for_somebody_never_lets_a_token_cost_what_it_pays() -> None:
    """One they chose themselves does."""
    p = params(odds="0.9 0.05 0.05")
    state = funded(p, ann=10**6)

    def worst(automatic: bool) -> int | None:
        ticket = quote(
            state,
            p,
            now_ms=0,
            user=1,
            outcome=0,
            side=Side.YES,
            buy=True,
            size=MICRO,
            slippage=RATE // 4,
            automatic=automatic,
        )
        assert isinstance(ticket, Quote)
        return ticket.worst_price

    assert worst(automatic=True) == RATE - 1
    assert (worst(automatic=False) or 0) > RATE
