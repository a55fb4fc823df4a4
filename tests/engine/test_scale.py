"""A market is the same in any unit: all money and sizes times c give all prices alike and all amounts times c (ENGINE
section 2, kappa)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from engine.events import OrderDone
from engine.intents import Control, Intent, Join, Order
from engine.orders import apply_orders
from engine.params import MarketParams
from engine.state import MarketState, Side, open_market, price
from engine.units import MICRO, RATE
from tests.engine.builders import params

ROUNDING = 40
"""Micro-dollars that each order and round may be off, in either unit."""

MARKETS: tuple[dict[str, object], ...] = (
    {},
    {"preset": "fair"},
    {"preset": "classic", "n_outcomes": 5},
    {"n_outcomes": 2},
    {"n_outcomes": 10, "mu": 3, "nu": "0.5", "eta": "1.7"},
    {"n_outcomes": 4, "odds": "0.1 0.2 0.3 0.4", "vc_enabled": True, "floor_allowance": 20},
)
MONEY = ("z", "l0", "gas_fee", "floor_allowance", "starting_balance")


def in_unit(p: MarketParams, c: int) -> MarketParams:
    """The same market where a dollar is c of the new ones; kappa is kept times z and stays."""
    return replace(p, **{name: getattr(p, name) * c for name in MONEY})


def times(intent: Intent, c: int) -> Intent:
    if isinstance(intent, Join):
        return replace(intent, cash=intent.cash * c)
    return replace(intent, size=intent.size * c) if isinstance(intent, Order) else intent


def life(rng: Random, p: MarketParams) -> list[Intent]:
    """People join, buy, sell, wait with limits and meet each other; one outcome may leave, another wins."""
    intents: list[Intent] = [Join(id=f"j{user}", accepted_ms=0, user=user, cash=5_000 * MICRO) for user in (1, 2, 3)]
    for i in range(24):
        buy = rng.random() < 0.65
        limit = None if rng.random() < 0.6 else rng.randint(2, 97) * RATE // 100
        intents.append(
            Order(
                id=f"o{i:02}",
                accepted_ms=i + 1,
                user=rng.randint(1, 3),
                outcome=rng.randrange(p.n_outcomes),
                side=rng.choice(tuple(Side)),
                buy=buy,
                size=rng.randint(1, 200) * MICRO,
                limit=limit,
                autofill=rng.random() < 0.5,
            )
        )
    if p.n_outcomes > 2:
        intents.append(Control(id="out", accepted_ms=15, kind="eliminate", outcomes=(p.n_outcomes - 1,)))
    return intents


def lived(p: MarketParams, intents: Sequence[Intent]) -> tuple[MarketState, list[OrderDone]]:
    """A tick for each intent."""
    state, endings = open_market(p), list[OrderDone]()
    for intent in intents:
        _, state, events = apply_orders(state, [intent], p, intent.accepted_ms)
        endings += [event for event in events if isinstance(event, OrderDone)]
    return state, endings


@pytest.mark.parametrize("values", MARKETS)
@pytest.mark.parametrize("c", [3, 100, 12_345])
def test_a_market_is_the_same_in_any_unit(values: dict[str, object], c: int) -> None:
    p = params(**{"gas_fee": "0.01", **values})
    for seed in range(6):
        intents = life(Random(seed), p)
        (small, ones), (large, many) = lived(p, intents), lived(in_unit(p, c), [times(intent, c) for intent in intents])
        slack = ROUNDING * (c + 1)
        for one, other in zip(ones, many, strict=True):
            assert (one.status, one.reason) == (other.status, other.reason)
            for name in ("amount", "filled", "rests", "fee", "gas"):
                assert abs(getattr(one, name) * c - getattr(other, name)) <= slack, (name, one, other)
        for user, account in small.accounts.items():
            assert abs(account.cash * c - large.accounts[user].cash) <= slack * len(intents)
        for j in small.active:
            for side in Side:
                now, then = (price(s.binaries[j], side, q) for s, q in ((small, p), (large, in_unit(p, c))))
                assert abs(now - then) < Fraction(1, 10**7)


@pytest.mark.parametrize("c", [2, 10, 100])
def test_a_million_dollar_market_written_by_people_quotes_like_a_thousand_dollar_one(c: int) -> None:
    """Only the stake and the balances are written: the convexity follows."""
    p = params(z=10_000)
    large = params(z=10_000 * c, starting_balance=1_000 * c)
    assert 0 <= large.l0 - p.l0 * c < c
    assert replace(large, l0=p.l0 * c) == in_unit(p, c)
    assert params(z=10_000 * c, starting_balance=1_000 * c, kappa=Decimal("1e-5") / c) == large
