"""The band holds YES + NO near a dollar and never costs the house what it cannot show."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.repricing import pairs_to
from engine.state import MarketState, Side, price
from engine.units import MICRO, RATE
from tests.engine.builders import funded, order, params, run_one


def sums(state: MarketState, p_index: int = 0) -> Fraction:
    p = params(n_outcomes=3, band="0.1")
    return price(state.binaries[p_index], Side.YES, p) + price(state.binaries[p_index], Side.NO, p)


def test_buying_both_sides_leaves_their_sum_in_the_band() -> None:
    p = params(n_outcomes=3, band="0.1")
    state = funded(p, ann=10**6)
    for i in range(20):
        state = run_one(state, p, order(f"ann buys 400 {'yes' if i % 2 else 'no'} of 1", at=i))[1]
        assert sums(state) <= Fraction(11, 10) + Fraction(1, 10**6)
    assert state.binaries[0].e > 0
    assert state.profit["band"] > 0


def test_selling_back_brings_the_pairs_back() -> None:
    p = params(n_outcomes=3, band="0.1")
    state = funded(p, ann=10**6)
    for side in ("yes", "no"):
        state = run_one(state, p, order(f"ann buys 3000 {side} of 1"))[1]
    lifted = state.binaries[0].e
    for side in ("yes", "no"):
        state = run_one(state, p, order(f"ann sells 1500 {side} of 1", at=1))[1]
        assert sums(state) >= Fraction(9, 10) - Fraction(1, 10**6)
    assert state.binaries[0].e < lifted


def test_without_a_band_nothing_moves() -> None:
    p = params(n_outcomes=3)
    state = funded(p, ann=10**6)
    for side in ("yes", "no"):
        state = run_one(state, p, order(f"ann buys 3000 {side} of 1"))[1]
    assert sums(state) > Fraction(11, 10)
    assert state.binaries[0].e == 0


@given(
    deep=st.integers(10**6, 10**12),
    total=st.fractions(Fraction(1, 10), Fraction(14, 10), max_denominator=1000),
    band=st.integers(RATE // 50, 2 * RATE // 5),
    sign=st.sampled_from([1, -1]),
)
def test_the_pairs_bring_the_sum_to_the_edge(deep: int, total: Fraction, band: int, sign: int) -> None:
    """S - 2d = B sqrt(L^2 - 2Sd + 2d^2), and d is rounded towards 0."""
    s, edge = int(total * deep), RATE + sign * band
    d = pairs_to(edge, s, deep)

    def beyond(pairs: int) -> int:
        """Sign of (S - 2 pairs)^2 - B^2 L'^2: above the edge, on it, below it."""
        left, right = s - 2 * pairs, deep * deep - 2 * s * pairs + 2 * pairs * pairs
        gap = (left * abs(left) * RATE * RATE) - edge * edge * right
        return (gap > 0) - (gap < 0)

    if beyond(0) > 0:
        assert d >= 0
        assert beyond(d) >= 0 >= beyond(d + 1)
    else:
        assert d <= 0
        assert beyond(d) <= 0 <= beyond(d - 1)


def test_without_a_real_root_the_pool_is_left_alone() -> None:
    assert pairs_to(RATE + RATE // 10, 1_500, 1_000) == 0


@pytest.mark.parametrize("band", ["0.02", "0.1", "0.4"])
def test_nobody_holds_more_or_less_because_of_it(band: str) -> None:
    p = params(n_outcomes=3, band=band)
    state = funded(p, ann=10**6)
    bought = run_one(state, p, order("ann buys 3000 yes of 1"))[1]
    bought = run_one(bought, p, order("ann buys 3000 no of 1", at=1))[1]
    b = bought.binaries[0]
    assert (b.q_yes - b.s_yes + b.e, b.q_no - b.s_no + b.e) == (3000 * MICRO, 3000 * MICRO)
