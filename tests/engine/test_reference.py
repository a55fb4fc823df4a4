"""The exact reference against real numbers at 50 digits, and the engine's quadratic against both."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from mpmath import mp, mpf

from tests.deep import DEEP
from tests.engine.closed_forms import quadratic_buy, quadratic_sell
from tests.engine.markets import logarithmic
from tests.engine.reference import pool as exact
from tests.engine.reference import real_numbers
from tests.engine.reference.rounds import filled
from tests.engine.reference.rules import MICRO, RATE

CASES = 3_000 if DEEP else 60
HAIR = mpf(10) ** -30
"""What 50 digits leave for rounding noise, in micro-dollars."""


@pytest.fixture(autouse=True)
def _fifty_digits() -> Iterator[None]:
    with mp.workdps(real_numbers.DIGITS):
        yield


def some_path(rng: Random) -> exact.Path:
    """A pool anywhere on the subsidy's three pieces, corners included."""
    l0 = logarithmic(rng, 10**4, 10**13)
    gamma = Fraction(rng.choice((0, RATE // 10_000, RATE // 1000, rng.randint(1, RATE // 1000))), RATE)
    end = l0 / gamma if gamma else Fraction(100 * l0)
    v = rng.choice((0, -rng.randint(0, 9 * l0 // 10), rng.randint(0, 2 * l0), int(end), rng.randint(0, 2 * int(end))))
    depth = exact.Depth(l0=l0, gamma=gamma)
    q = rng.randint(1, max(1, depth.level(v) * 99 // 100))
    return exact.Path(depth=depth, v=v, q=q, phi=Fraction(rng.choice((RATE, rng.randint(RATE // 1000, RATE))), RATE))


def as_real(path: exact.Path) -> real_numbers.Pool:
    """The same pool in dollars; V such that its depth is the whole micro-dollars the subsidy was rounded to."""
    level, gamma, l0 = path.level, path.depth.gamma, path.depth.l0
    inside = gamma and 0 < path.v < l0 / gamma
    v = (level - l0) / (1 - gamma) if inside else Fraction(path.v)
    top = number(l0 / gamma) if gamma else mp.inf
    numbers = {"v": number(v), "q": number(path.q), "l0": number(l0), "top": top}
    return real_numbers.Pool(**numbers, gamma=rational(gamma), phi=rational(path.phi))


def rational(value: Fraction | int) -> mpf:
    return mpf(value.numerator) / mpf(value.denominator)


def number(micro: Fraction | int) -> mpf:
    return rational(micro) / MICRO


def rounds_up(whole: int, value: mpf) -> bool:
    """`whole` micro is the ceiling of `value` dollars, but for the noise of the last digits."""
    micro = value * MICRO
    return bool(whole - 1 < micro + HAIR * (1 + abs(micro)) and micro - HAIR * (1 + abs(micro)) <= whole)


def rounds_down(whole: int, value: mpf) -> bool:
    return rounds_up(-whole, -value)


@pytest.mark.parametrize("seed", range(CASES))
def test_exact_and_real_agree(seed: int) -> None:
    rng = Random(seed)
    path = some_path(rng)
    pool = as_real(path)
    a = Fraction(rng.randint(1, 100), 101)
    kappa = Fraction(rng.choice((0, 10**7, rng.randint(0, 10**10))), RATE)
    weights = exact.Weights(mu=a, nu=1 - a, kappa=kappa)
    before = rng.choice((0, logarithmic(rng, 1, 10**9)))
    up = logarithmic(rng, 1, 10**13)
    down = rng.randint(1, path.q)
    dollars = (rational(a), rational(kappa), number(before))
    assert rounds_up(exact.curve_buy(path, up), real_numbers.curve(pool, number(up)))
    assert rounds_down(exact.curve_sell(path, down), -real_numbers.curve(pool, -number(down)))
    assert rounds_up(
        exact.quadratic_buy(path, up, weights, before), real_numbers.quadratic_buy(pool, number(up), *dollars)
    )
    sold = real_numbers.quadratic_sell(pool, number(down), *dollars)
    assert rounds_down(exact.quadratic_sell(path, down, weights, before), sold)
    t = Fraction(rng.randint(1, 999), 1000)
    if t < path.price:
        assert rounds_down(
            exact.sellable_to(path, t), real_numbers.marginal(pool, rational(t), number(path.q), buy=False)
        )


@pytest.mark.parametrize("seed", range(CASES * 3))
def test_the_quadratic_is_the_exact_one(seed: int) -> None:
    rng = Random(seed)
    l0 = logarithmic(rng, 1, 10**14)
    depth = exact.Depth(l0=l0, gamma=Fraction(0))
    share = Fraction(rng.choice((RATE, RATE * 8 // 10, rng.randint(1, RATE))), RATE)
    path = exact.Path(depth=depth, v=0, q=rng.randint(1, l0), phi=share)
    mu, nu = (Fraction(rng.randint(1, 100), 10) for _ in "ab")
    kappa = Fraction(rng.choice((0, 10**7, rng.randint(0, 10**10))), RATE)
    weights = exact.Weights(mu=mu, nu=nu, kappa=kappa)
    up, down = logarithmic(rng, 1, 10**14), rng.randint(1, path.q)
    given = {"q": path.q, "l": l0}
    bought = quadratic_buy(up, **given, share=share, mu=mu, nu=nu, kappa=kappa)
    assert bought == exact.quadratic_buy(path, up, weights)
    for d in (down, path.q, 1):
        sold = quadratic_sell(d, **given, share=share, mu=mu, nu=nu, kappa=kappa)
        assert sold == exact.quadratic_sell(path, d, weights)


def test_pools_of_a_few_micro_dollars_are_rounded_once() -> None:
    """Every pool up to ten micro-dollars deep, every size: where roots are whole numbers, a careless root shows."""
    even, kappa = Fraction(1), Fraction(0)
    for l0, share, nu in product(range(1, 11), (even, Fraction(1, 2), Fraction(3, 4)), (even, Fraction(1, 3))):
        depth, weights = exact.Depth(l0=l0, gamma=kappa), exact.Weights(mu=even, nu=nu, kappa=kappa)
        for q, d in product(range(1, l0 + 1), range(1, 11)):
            path = exact.Path(depth=depth, v=0, q=q, phi=share)
            bought = quadratic_buy(d, q=q, l=l0, share=share, mu=even, nu=nu, kappa=kappa)
            assert bought == exact.quadratic_buy(path, d, weights)
            if d <= q:
                sold = quadratic_sell(d, q=q, l=l0, share=share, mu=even, nu=nu, kappa=kappa)
                assert sold == exact.quadratic_sell(path, d, weights)


def test_the_smaller_root_is_taken_on_sells() -> None:
    """At half price, equal weights, a sale of all that was seeded: the larger root would pay more than the pool has."""
    got = quadratic_sell(
        5 * MICRO, q=5 * MICRO, l=10 * MICRO, share=Fraction(1), mu=Fraction(1), nu=Fraction(1), kappa=Fraction(0)
    )
    assert got == 1_250_000


@pytest.mark.parametrize("seed", range(CASES))
def test_water_filling_agrees(seed: int) -> None:
    rng = Random(seed)
    cap = Fraction(rng.randint(500, 979), 1000)
    wanted = {j: Fraction(rng.randint(1, 10**6), 10**6) for j in range(rng.randint(2, 9))}
    whole = Fraction(rng.randint(1, 4 * 10**6), 10**6)
    poured = filled(wanted, whole, cap)
    expected = real_numbers.filled([rational(t) for t in wanted.values()], rational(whole), rational(cap))
    assert all(abs(rational(poured[j]) - expected[j]) < HAIR for j in wanted)
    assert sum(poured.values()) == min(whole, len(wanted) * cap)
