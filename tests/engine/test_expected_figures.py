"""The figures the rules themselves promise for a fresh market (section 10), held against the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.params import MarketParams, build_params
from engine.quote import Quote, quote
from engine.resolution import trigger_resolution
from engine.state import Binary, MarketState, Side, open_market, price
from engine.units import MICRO, RATE


def fresh(n: int, *, at_half: bool) -> tuple[MarketParams, MarketState]:
    """n equal outcomes with z = 10,000 and every default, at 1/n or, with the same depth, all at a half."""
    rounds = [{"freeze_at": 900, "decide_at": 1000, "winner": "ask"}]
    params = build_params({"outcome_names": [f"team {i}" for i in range(n)], "z": 10_000, "rounds": rounds})
    assert isinstance(params, MarketParams)
    state = open_market(params)
    half = -(-params.l0 // 2)
    seeded = Binary(v=0, q_yes=half, q_no=half, s_yes=half, s_no=half)
    return params, replace(state, binaries=(seeded,) * n) if at_half else state


def ticket(params: MarketParams, state: MarketState, *, size: int | None = None, spend: int | None = None) -> Quote:
    answer = quote(state, params, now_ms=0, user=None, outcome=0, side=Side.YES, buy=True, size=size, spend=spend)
    assert isinstance(answer, Quote)
    return answer


@pytest.mark.parametrize(("n", "dollars"), [(3, "51.1"), (5, "51.2"), (10, "51.3")])
def test_a_hundred_at_a_half_cost_about_51(n: int, dollars: str) -> None:
    params, state = fresh(n, at_half=True)
    assert f"{ticket(params, state, size=100 * MICRO).amount / MICRO:.1f}" == dollars


@pytest.mark.parametrize(
    ("n", "at_half", "points"),
    [
        (3, True, "8.9"),
        (5, True, "10.4"),
        (10, True, "11.4"),
        (3, False, "13.6"),
        (5, False, "21.8"),
        (10, False, "30.3"),
    ],
)
def test_what_500_dollars_move(n: int, at_half: bool, points: str) -> None:
    params, state = fresh(n, at_half=at_half)
    answer = ticket(params, state, spend=500 * MICRO)
    assert 499 * MICRO < answer.amount <= 500 * MICRO
    assert f"{(answer.price_after - answer.price_before) * 100 / RATE:.1f}" == points


@pytest.mark.parametrize(("n", "points"), [(3, "-0.3"), (5, "-0.2"), (10, "-0.1")])
def test_what_500_dollars_move_elsewhere(n: int, points: str) -> None:
    params, state = fresh(n, at_half=True)
    other = ticket(params, state, spend=500 * MICRO).moves[1]
    assert f"{(other.yes_after - other.yes_before) * 100 / MICRO:.1f}" == points


def test_ten_at_a_half_down_to_five_are_every_one_at_the_cap() -> None:
    values = {"outcome_names": [f"team {i}" for i in range(10)], "preset": "classic", "z": 10_000}
    params = build_params({**values, "rounds": [{"freeze_at": 900, "decide_at": 1000, "winner": "ask"}]})
    assert isinstance(params, MarketParams)
    _, after, _ = trigger_resolution(open_market(params), params, elim_outcomes=(0, 1, 2, 3, 4))
    caps = [float(price(after.binaries[j], Side.YES, params)) for j in after.active]
    assert caps == pytest.approx([params.set_cap / RATE] * 5)
