"""The maker's formulas: each held against its own definition, in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.amm import (
    convexity,
    curve_buy,
    curve_sell,
    marginal_buy,
    marginal_sell,
    quad_buy,
    quad_sell,
)
from engine.impact import price_buy
from engine.quote import Quote, quote
from engine.rates import Rates, Tariff, tariff
from engine.state import Side, depth, open_market
from engine.tick import Tick
from engine.units import MICRO, RATE
from tests.engine.builders import at_half, params
from tests.engine.closed_forms import quadratic_buy, quadratic_sell, weights

D = st.integers(1, 10**12)
L = st.integers(10**6, 10**13)
SHARE = st.fractions(Fraction(1, 100), 1, max_denominator=10**4)
WEIGHT = st.fractions(Fraction(1, 10), 10, max_denominator=1000)
KAPPA = st.fractions(0, Fraction(1, 100), max_denominator=10**6)
PART = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)


@given(d=D, l=L, part=PART, share=SHARE, mu=WEIGHT, nu=WEIGHT, kappa=KAPPA, before=st.integers(0, 10**9))
def test_a_buy_solves_its_equation_and_is_rounded_up(
    d: int,
    l: int,  # noqa: E741  # the name ENGINE uses
    part: Fraction,
    share: Fraction,
    mu: Fraction,
    nu: Fraction,
    kappa: Fraction,
    before: int,
) -> None:
    """X - (d(a p + b p') + conv) rises with X, so its sign just below and at the answer brackets the root."""
    q = max(1, int(l * part))
    a = mu / (mu + nu)
    conv = kappa * (2 * before + d) * d / MICRO

    def excess(x: int) -> Fraction:
        return x - d * (a * Fraction(q, l) + (1 - a) * (q + d) / (l + share * x)) - conv

    cost = quad_buy(d, before, q, l, share.numerator, share.denominator, weights(mu, nu, kappa))
    assert excess(cost) >= 0 > excess(cost - 1)
    if before == 0:
        assert cost == quadratic_buy(d, q=q, l=l, share=share, mu=mu, nu=nu, kappa=kappa)


@given(l=L, part=PART, sold=PART, share=SHARE, mu=WEIGHT, nu=WEIGHT, kappa=KAPPA)
def test_a_sale_takes_the_smaller_root_rounded_down(
    l: int,  # noqa: E741  # the name ENGINE uses
    part: Fraction,
    sold: Fraction,
    share: Fraction,
    mu: Fraction,
    nu: Fraction,
    kappa: Fraction,
) -> None:
    """The wrong root pays more than the pool holds; the right one lies below the parabola's vertex."""
    q = max(2, int(l * part))
    d = max(1, int(q * sold))
    a = mu / (mu + nu)
    c = d * (1 - a) * Fraction(q, l) - kappa * d * d / MICRO
    proceeds = quadratic_sell(d, q=q, l=l, share=share, mu=mu, nu=nu, kappa=kappa)

    def parabola(x: int) -> Fraction:
        return share * x * x - (l + share * c) * x + c * l + d * a * (q - d)

    vertex = (l + share * c) / (2 * share)
    assert proceeds == 0 or (parabola(proceeds) >= 0 and proceeds <= vertex)
    assert parabola(proceeds + 1) < 0 or proceeds + 1 > vertex or proceeds == 0
    assert proceeds <= d


def test_the_numbers_of_the_design_hold() -> None:
    """100 YES at a fresh 0.5, z = 10,000, all in: $51.1, $51.2, $51.3 for 3, 5 and 10 outcomes (ENGINE 10)."""
    for n, cost, move, cross in ((3, 51.1, 8.9, 0.3), (5, 51.2, 10.4, 0.1), (10, 51.3, 11.4, 0.1)):
        p = at_half(n, z=10_000)
        tick = Tick(open_market(p), p, 0)
        half = (depth(0, tick.params.l0, tick.params.gamma)) // 2
        tick.working.q[0][0] = tick.working.q[1][0] = half
        bought = price_buy(tick.working, 0, 0, 100 * MICRO, 0)
        assert f"{bought.total / MICRO:.1f}" == f"{cost}"
        sizes = [size * MICRO for size in range(850, 910)]
        size = max(size for size in sizes if price_buy(tick.working, 0, 0, size, 0).total <= 500 * MICRO)
        after = price_buy(tick.working, 0, 0, size, 0)
        assert after.supply / after.depth - 0.5 == pytest.approx(move / 100, abs=0.002)
        fall = 1 / n - (RATE // n) / RATE * tick.params.l0 / (tick.params.l0 + after.shares[1])
        assert fall * 100 < cross + 0.05


@pytest.mark.parametrize(("n", "move"), [(3, 13.6), (5, 22), (10, 30)])
def test_five_hundred_dollars_move_a_fresh_outcome_as_expected(n: int, move: float) -> None:
    p = params(n_outcomes=n, z=10_000)
    ticket = quote(open_market(p), p, now_ms=0, user=None, outcome=0, side=Side.YES, buy=True, spend=500 * MICRO)
    assert isinstance(ticket, Quote)
    assert (ticket.price_after - ticket.price_before) / RATE * 100 == pytest.approx(move, abs=0.3)


def fixed_tariff(l0: int, gamma: int, zeta: int = 0, n: int = 3) -> Tariff:
    p = params(gamma=str(gamma / RATE), l0=str(l0 / MICRO), z=str(3 * l0 / MICRO))
    return tariff(p, Rates(mu=RATE, nu=RATE, kappa=0, zeta=zeta), n)


L0 = 1_000 * MICRO
GAMMA = RATE // 1000
"""Phase-out fast enough that tests reach its end at V = 1000 L0."""


def pool_at(v: int, part: Fraction) -> tuple[int, int]:
    """(depth, supply) of a pool with collateral v at price `part`."""
    deep = depth(v, L0, GAMMA)
    return deep, max(2, int(deep * part))


V = st.one_of(st.integers(-9 * L0 // 10, L0), st.integers(-1000, 1000), st.integers(999 * L0, 1002 * L0))


@given(v=V, part=PART, d=st.integers(1, 3 * L0), cut=PART)
def test_the_curve_is_path_exact_across_every_corner(v: int, part: Fraction, d: int, cut: Fraction) -> None:
    """Buying in two steps costs what one step costs, up to a micro-dollar for each rounding and corner."""
    t = fixed_tariff(L0, GAMMA)
    deep, q = pool_at(v, part)
    whole = curve_buy(d, q, deep, t.buying(v))
    first = max(1, int(d * cut))
    x = curve_buy(first, q, deep, t.buying(v))
    if first < d:
        after = depth(v + x, L0, GAMMA)
        x += curve_buy(d - first, q + first, after, t.buying(v + x))
    assert abs(x - whole) <= 4


@given(v=V, part=PART, d=st.integers(1, 3 * L0))
def test_selling_back_brings_what_was_paid_to_the_rounding_of_the_subsidy(v: int, part: Fraction, d: int) -> None:
    """L is a whole number of micro-dollars, so a price is off by up to p/L, and a trade by up to its money over L."""
    t = fixed_tariff(L0, GAMMA)
    deep, q = pool_at(v, part)
    paid = curve_buy(d, q, deep, t.buying(v))
    got = curve_sell(d, q + d, depth(v + paid, L0, GAMMA), t.selling(v + paid))
    assert got <= paid + 1 + paid // deep
    assert got >= paid - 4 - paid // deep


@pytest.mark.parametrize("v", [-1, 0, 1, 1000 * L0 - 1, 1000 * L0, 1000 * L0 + 1])
def test_at_a_corner_the_slope_is_that_of_the_piece_the_trade_enters(v: int) -> None:
    t = fixed_tariff(L0, GAMMA)
    inner = Fraction(RATE - GAMMA, RATE)
    up = Fraction(t.buying(v)[0].g_n, t.buying(v)[0].g_d)
    down = Fraction(t.selling(v)[0].g_n, t.selling(v)[0].g_d)
    assert up == (inner if 0 <= v < 1000 * L0 else 1)
    assert down == (inner if 0 < v <= 1000 * L0 else 1)


@given(v=V, part=PART, t=st.integers(RATE // 1000, 999 * RATE // 1000))
def test_the_marginal_inverse_stops_at_the_price(v: int, part: Fraction, t: int) -> None:
    """After that size the price is within t; a little more and it is past it (a dollar's worth of rounding apart)."""
    rates = fixed_tariff(L0, GAMMA)
    deep, q = pool_at(v, part)
    if q * RATE <= t * deep:
        d = marginal_buy(t, q, deep, rates.buying(v))
        low = depth(v + (curve_buy(d, q, deep, rates.buying(v)) if d else 0), L0, GAMMA)
        high = depth(v + curve_buy(d + 1, q, deep, rates.buying(v)), L0, GAMMA)
        assert Fraction(q + d, low + 4) <= Fraction(t, RATE) < Fraction(q + d + 1, high - 4)
    else:
        d = marginal_sell(t, q, deep, rates.selling(v))
        low = depth(v - (curve_sell(d, q, deep, rates.selling(v)) if d else 0), L0, GAMMA)
        high = depth(v - curve_sell(min(d + 1, q), q, deep, rates.selling(v)), L0, GAMMA)
        assert Fraction(q - d, low - 4) >= Fraction(t, RATE) > Fraction(q - d - 2, high + 4)


def test_the_wrong_side_of_a_price_allows_nothing() -> None:
    t = fixed_tariff(L0, GAMMA)
    assert marginal_buy(RATE // 2, 6 * L0 // 10, L0, t.buying(0)) == 0
    assert marginal_sell(RATE // 2, 4 * L0 // 10, L0, t.selling(0)) == 0


@settings(max_examples=30)
@given(d=st.integers(1, 10**9), l=L, part=PART, share=SHARE)
def test_a_fair_trade_costs_at_least_the_old_price(
    d: int,
    l: int,  # noqa: E741  # the name ENGINE uses
    part: Fraction,
    share: Fraction,
) -> None:
    """Nothing is free: even one micro-token costs a micro-dollar."""
    q = max(1, int(l * part))
    even = Fraction(1)
    x = quadratic_buy(d, q=q, l=l, share=share, mu=even, nu=even, kappa=Fraction(0))
    assert x >= 1
    assert x * l >= q * d


def test_convexity_counts_what_was_traded_before() -> None:
    w = weights(Fraction(1), Fraction(1), Fraction(1, 10**5))
    whole = convexity(300 * MICRO, 0, w)
    assert convexity(100 * MICRO, 0, w) + convexity(200 * MICRO, 100 * MICRO, w) == whole == 900_000


def test_a_convexity_beyond_the_proceeds_leaves_nothing_and_never_less() -> None:
    w = weights(Fraction(1), Fraction(1), Fraction(1, 100))
    assert quad_sell(400 * MICRO, 10**6 * MICRO, 500 * MICRO, 1000 * MICRO, 1, 1, w) == 0
