"""Curves for charts say what the exact engine says, to display precision."""

from __future__ import annotations

import numpy as np
import pytest

from engine.curves import price_depth, what_if
from engine.impact import price_buy, price_sell
from engine.rates import rates_at, tariff
from engine.routing import maker_size_to
from engine.state import MarketState, Side
from engine.units import MICRO, RATE
from engine.working_copy import WorkingCopy
from tests.engine.builders import funded, order, params, run_one

P = params(n_outcomes=4, gamma="0.001", z=500, floor_enabled=False)
SIZES = (0.5, 3.0, 40.0, 150.0, 700.0, 3_000.0)


def traded() -> MarketState:
    state = funded(P, ann=100_000, bob=100_000)
    state = run_one(state, P, order("ann buys 200 yes of 1", id="a"))[1]
    return run_one(state, P, order("bob buys 150 no of 2", id="b"))[1]


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("outcome", [0, 1, 2])
def test_a_what_if_curve_is_the_exact_price_of_each_size(outcome: int, side: Side) -> None:
    state = traded()
    working = WorkingCopy(state, P, tariff(P, rates_at(P, state, 0), 4))
    no = int(side is Side.NO)
    for buy in (True, False):
        estimate = what_if(state, P, now_ms=0, outcome=outcome, side=side, buy=buy, sizes=np.array(SIZES))
        for at, size in enumerate(SIZES):
            d = int(size * MICRO)
            fill = price_buy(working, outcome, no, d, 0) if buy else price_sell(working, outcome, no, d, 0)
            if fill.pool > working.l[outcome] // 2:
                continue  # the waterfall runs short there, which charts leave out
            if not buy and fill.supply * RATE < P.p_min * fill.depth:
                continue  # a sale past p_min is worth at least its part above, which charts leave out
            assert estimate.money[at] == pytest.approx(fill.total / MICRO, rel=2e-5, abs=3e-6), (buy, size)
            assert estimate.price[at] == pytest.approx(fill.supply / fill.depth, rel=2e-5), (buy, size)


def test_depth_by_price_is_what_the_maker_and_the_book_would_trade() -> None:
    state = traded()
    working = WorkingCopy(state, P, tariff(P, rates_at(P, state, 0), 4))
    prices = np.linspace(0.02, 0.98, 97)
    for buy in (True, False):
        estimate = price_depth(state, P, now_ms=0, outcome=0, side=Side.YES, buy=buy, prices=prices)
        exact = [maker_size_to(working, 0, 0, round(float(p) * RATE), RATE, buy=buy) / MICRO for p in prices]
        assert estimate.maker == pytest.approx(exact, rel=1e-6, abs=1e-5)
        assert not estimate.book.any()
