"""The invariants catch what they are there for, and say which one it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.risk import InvariantBroken, check, house_cash, payouts_by_winner, worst_loss
from engine.state import MarketState, open_market
from engine.units import MICRO
from tests.engine.builders import funded, order, params, run_one

P = params(n_outcomes=4, l0=4_000)


def sound() -> MarketState:
    return run_one(funded(P, ann=1000), P, order("ann buys 100 yes of 1"))[1]


def pool(state: MarketState, **changes: int) -> MarketState:
    first = state.binaries[0]
    moved = replace(first, **{name: getattr(first, name) + by for name, by in changes.items()})
    return replace(state, binaries=(moved, *state.binaries[1:]))


def account(state: MarketState, **changes: Any) -> MarketState:
    return replace(state, accounts={1: replace(state.accounts[1], **changes)})  # Any: fields of several types


@pytest.mark.parametrize(
    ("breach", "rule"),
    [
        (lambda s: pool(s, q_yes=10**12), "supply"),
        (lambda s: pool(s, q_no=-(10**12)), "supply"),
        (lambda s: pool(s, q_yes=-100 * MICRO - 1), "holdings"),
        (lambda s: pool(s, v=1), "house cash"),
        (lambda s: replace(s, stake=s.stake + 1), "house cash"),
        (lambda s: replace(s, profit={**s.profit, "fee": -1, "curve": s.profit["fee"] + 1}), "profit"),
        (lambda s: pool(replace(s, stake=s.stake - 4_001 * MICRO), v=4_001 * MICRO), "backing"),
        (lambda s: replace(s, pot=0, stake=s.stake - s.pot), "floor"),
        (lambda s: account(s, cash=-1), "cash"),
        (lambda s: account(s, net=0), "net stakes"),
        (lambda s: account(s, tokens=((100 * MICRO, -1), (0, 0), (0, 0), (0, 0))), "tokens"),
        (lambda s: account(s, tokens=((100 * MICRO, 1), (0, 0), (0, 0), (0, 0))), "tokens"),
    ],
)
def test_a_breach_is_named(breach: Callable[[MarketState], MarketState], rule: str) -> None:
    check(sound(), P)
    broken = breach(sound())
    with pytest.raises(InvariantBroken) as caught:
        check(broken, P)
    assert caught.value.rule == rule
    assert caught.value.detail


def test_the_worst_loss_is_over_the_winners_and_may_be_a_gain() -> None:
    state = sound()
    assert payouts_by_winner(state, P) == {0: 100 * MICRO, 1: 0, 2: 0, 3: 0}
    assert worst_loss(state, P) == 100 * MICRO - state.pot
    assert worst_loss(open_market(P), P) == 0
    assert house_cash(state) == P.z + state.pot
    state = run_one(funded(P, ann=10**5), P, order("ann buys 5000 no of 1"))[1]
    assert payouts_by_winner(state, P) == {0: 0, 1: 5000 * MICRO, 2: 5000 * MICRO, 3: 5000 * MICRO}


def test_a_crowd_that_is_right_costs_the_house_at_most_its_stake() -> None:
    """The theorem, leaned on: everybody buys the same side until it is at p_max."""
    for side in ("yes", "no"):
        state = funded(P, ann=10**9)
        for i in range(40):
            state = run_one(state, P, order(f"ann buys 1000 {side} of 2", at=i))[1]
            assert worst_loss(state, P) <= P.z
