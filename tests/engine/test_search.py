"""Searches for the largest size, and the closed forms they start from."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.amm import curve_buy, curve_sell, quad_buy, quad_sell
from engine.rates import Rates, Tariff, tariff
from engine.search import Known, largest, largest_steady
from engine.state import depth
from engine.units import POWERS, RATE
from tests.engine.builders import params
from tests.engine.closed_forms import (
    curve_average,
    largest_average,
    largest_near,
    quadratic_average,
    quadratic_marginal,
)

P = params(n_outcomes=5, gamma="0.001", z=100)
SIZES = st.integers(1, 10**10)


def stage(v: int, share: int, kappa: int = 10**7) -> tuple[Tariff, int, int]:
    """(tariff, supply, depth) of a pool whose price is share/1000."""
    deep = depth(v, P.l0, P.gamma)
    rates = Rates(mu=2 * RATE, nu=RATE, kappa=kappa, zeta=RATE // 25)
    return tariff(P, rates, 5), max(deep * share // 1000, 2), deep


POOLS = st.builds(
    stage,
    st.integers(-P.l0 // 2, P.l0) | st.integers(-5, 5) | st.integers(999 * P.l0, 1001 * P.l0),
    st.integers(20, 900),
    st.sampled_from((0, 10**7, 10**9)),
)


@given(high=st.integers(0, 10**6), edge=st.integers(0, 10**6))
def test_every_search_finds_the_edge_of_what_fits(high: int, edge: int) -> None:
    asked: list[int] = []

    def fits(d: int) -> bool:
        asked.append(d)
        return d <= edge

    assert largest(fits, high) == min(high, edge)
    assert 0 not in asked
    assert largest_near(fits, edge // 2 + 7, high) == min(high, edge)
    if high * high // 7 > edge:
        root = int(Decimal(7 * edge + 6).sqrt())
        assert (
            largest_steady(lambda d: d * d // 7, edge, high, 0, fits=Known(0, 0), fails=Known(high, high * high // 7))
            == root
        )


@given(wobble=st.lists(st.integers(-3, 3), min_size=1, max_size=9), budget=st.integers(1, 10**7), high=SIZES)
def test_a_steady_search_ends_where_plain_halving_does(wobble: list[int], budget: int, high: int) -> None:
    """Both sides of a comparison round, so which sizes are looked at decides between neighbours."""

    def cost(d: int) -> int:
        return d * (10**9 + d) // 10**10 + wobble[d % len(wobble)]

    if cost(high) > budget:
        found = largest_steady(cost, budget, high, 6, fits=Known(0, 0), fails=Known(high, cost(high)))
        assert found == largest(lambda d: cost(d) <= budget, high)


def test_a_smooth_cost_takes_a_dozen_prices() -> None:
    t, q, deep = stage(0, 300)
    asked: list[int] = []

    def cost(d: int) -> int:
        asked.append(d)
        return curve_buy(d, q, deep, t.buying(0)) if d else 0

    size = largest_steady(cost, 10**7, 10**8, 0, fits=Known(0, 0), fails=Known(10**8, cost(10**8)))
    assert len(asked) <= 12
    assert cost(size) <= 10**7 < cost(size + 1)


@given(pool=POOLS, limit=st.integers(10**10, 98 * 10**10), before=st.sampled_from((0, 10**6)))
def test_an_average_limit_takes_the_smaller_of_quadratic_and_curve(
    pool: tuple[Tariff, int, int], limit: int, before: int
) -> None:
    t, q, deep = pool
    v = _collateral(deep)
    for buy in (True, False):
        pieces = t.buying(v) if buy else t.selling(v)
        high = 10**10 if buy else q - 1
        d = largest_average(limit, before, q, deep, pieces, t.weights, high, buy=buy)
        for size, inside in ((d, True), (d + 1, False)):
            if not 0 < size <= high:
                continue
            g_n, g_d = pieces[0][:2]
            if buy:
                money = max(curve_buy(size, q, deep, pieces), quad_buy(size, before, q, deep, g_n, g_d, t.weights))
                assert (money * RATE <= limit * size) is inside
            else:
                money = min(curve_sell(size, q, deep, pieces), quad_sell(size, before, q, deep, g_n, g_d, t.weights))
                assert (money * RATE >= limit * size) is inside


def _collateral(deep: int) -> int:
    """V of a depth: the inverse of `depth` up to rounding, enough to choose the pieces."""
    if deep <= P.l0:
        return deep - P.l0
    return min((deep - P.l0) * RATE // (RATE - P.gamma), deep)


@given(pool=POOLS, move=st.integers(1, 400))
def test_the_closed_forms_solve_their_equations(pool: tuple[Tariff, int, int], move: int) -> None:
    """At the d they give, the average or marginal price is the limit, to a thousandth of it."""
    t, q, deep = pool
    v = _collateral(deep)
    with localcontext(POWERS):
        for buy in (True, False):
            pieces = t.buying(v) if buy else t.selling(v)
            g_n, g_d = pieces[0][:2]
            g, sign = Decimal(g_n) / g_d, 1 if buy else -1
            limit = Decimal(q) / deep * (1 + sign * Decimal(move) / 1000)
            on_curve = curve_average(limit, q, deep, pieces, buy=buy)
            if on_curve is not None and 10**5 < on_curve < q:
                d = int(on_curve)
                money = curve_buy(d, q, deep, pieces) if buy else curve_sell(d, q, deep, pieces)
                assert abs(Decimal(money) / d - limit) < limit / 1000
            average = quadratic_average(limit, 10**6, q, deep, g, t.weights, buy=buy)
            if average is not None and 10**5 < average < q:
                d = int(average)
                price = quad_buy if buy else quad_sell
                money = price(d, 10**6, q, deep, g_n, g_d, t.weights)
                assert abs(Decimal(money) / d - limit) < limit / 1000
            marginal = quadratic_marginal(limit, q, deep, g, t.weights, buy=buy)
            if marginal is not None and 10**5 < marginal < q:
                d = int(marginal)
                money = (quad_buy if buy else quad_sell)(d, 0, q, deep, g_n, g_d, t.weights)
                if not money:
                    continue  # the formula would be below 0 here, and is cut there
                after = Fraction(q + sign * d) / (deep + Fraction(g_n, g_d) * sign * money)
                assert abs(Decimal(after.numerator) / after.denominator - limit) < limit / 1000


def test_a_limit_that_no_size_reaches_is_none() -> None:
    """At 1 and above the curve never averages that much; without convexity nor does the quadratic."""
    t, q, deep = stage(0, 300, kappa=0)
    with localcontext(POWERS):
        assert curve_average(Decimal(2), q, deep, t.buying(0), buy=True) is None
        assert quadratic_average(Decimal(9), 0, q, deep, Decimal(1), t.weights, buy=True) is None
        assert quadratic_marginal(Decimal(9), q, deep, Decimal(1), t.weights, buy=True) is None
