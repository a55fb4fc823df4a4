"""Alone in a fresh market nobody can be sure of a profit; after a round, of no more than its allowance (section 4)."""

from __future__ import annotations

from random import Random

import pytest

from engine.lint import lint
from engine.params import MarketParams, build_params
from tests.deep import DEEP
from tests.engine.adversary import RING, Result, after_round, fresh, gains_of_the_ring, search, sure_through_rounds

TRIES = 60_000 if DEEP else 1_200
PLANS = 200 if DEEP else 4


def market(**values: object) -> MarketParams:
    rounds = [{"freeze_at": 900, "decide_at": 1000, "winner": "ask"}]
    built = build_params({"rounds": rounds, **values})
    assert isinstance(built, MarketParams), built
    return built


THREE: dict[str, object] = {"outcome_names": "A, B, C"}
SLANTED: dict[str, object] = {"outcome_names": "A, B, C, D", "odds": "0.1 0.2 0.3 0.4"}
TEN: dict[str, object] = {"outcome_names": [f"team {i}" for i in range(10)]}
FREE: dict[str, object] = {"fee": 0, "kappa": 0}
LOPSIDED: dict[str, object] = {"mu": "0.1", "nu": 10, **FREE}


@pytest.mark.parametrize(
    "values",
    [THREE, SLANTED, TEN, THREE | FREE, SLANTED | LOPSIDED, THREE | {"band": "0.1"} | FREE],
    ids=["defaults", "slanted", "ten", "free", "lopsided", "band"],
)
def test_no_sure_profit_before_the_first_round(values: dict[str, object]) -> None:
    params = market(**values)
    start = fresh(params)
    attacks = list(search(Random(7), start, params, TRIES if values is THREE else TRIES // 3))
    assert max(result.gain for result in attacks) <= 0
    assert max(result.turnover for result in attacks) > params.z / 2, "the search never put up real money"


@pytest.mark.parametrize(
    "values",
    [THREE, SLANTED, SLANTED | FREE, THREE | FREE | {"renormalise": "clamp"}, THREE | FREE | {"vc_enabled": True}],
    ids=["defaults", "slanted", "free", "clamp", "vc"],
)
def test_no_more_than_the_allowance_after_a_round(values: dict[str, object]) -> None:
    """Whatever is bought before, some loser leaves no more than the allowance to be had after it; none more than G."""
    params, rng = market(**values), Random(11)
    start = fresh(params)
    for _ in range(PLANS):
        plan = _best(list(search(rng, start, params, 40)))
        sure = []
        for loser in start.active:
            later = after_round(plan.state, params, loser)
            sure.append(max(result.gain for result in search(rng, later, params, 40)))
            assert sure[-1] <= later.allowance
        assert min(sure) <= params.floor_allowance


LOOSE: dict[str, object] = {"fee": "0.05", "match_fee": 0, "kappa": 0, "zeta": "0.3", "tick_size": "0.001"}
GENEROUS: dict[str, object] = {"af_cap_frac": "0.2", "af_max_surplus": 1, "af_max_pools": 5, "sigma": 0}
"""Every cap of auto-fills as wide as is legal, and all of their surplus for the ring."""


@pytest.mark.parametrize(
    "values",
    [THREE, SLANTED, SLANTED | FREE | GENEROUS, SLANTED | LOOSE | GENEROUS, TEN],
    ids=["defaults", "slanted", "free", "loose", "ten"],
)
def test_a_ring_with_a_book_has_no_sure_profit_either(values: dict[str, object]) -> None:
    """Several accounts of one attacker rest, cross, swap, fill beside and take back: still nothing is certain."""
    params = market(**values)
    attacks = list(search(Random(7), fresh(params), params, TRIES // 2, book=True))
    assert max(result.gain for result in attacks) <= 0
    assert max(result.turnover for result in attacks) > params.z / 2, "the search never put up real money"
    kinds = {kind for result in attacks for kind in result.kinds}
    assert kinds >= {"maker", "direct", "mint", "autofill", "sweep"}, "the search never used the book"


@pytest.mark.parametrize(
    "values", [THREE, SLANTED | FREE | GENEROUS, THREE | LOOSE | GENEROUS], ids=["defaults", "free", "loose"]
)
def test_a_ring_with_a_book_gets_no_more_than_the_allowance_after_a_round(values: dict[str, object]) -> None:
    """With what it holds and what it has resting when the round comes, whoever it is that leaves."""
    params, rng = market(**values), Random(11)
    start = fresh(params)
    for _ in range(PLANS):
        plan = _best(list(search(rng, start, params, 40, book=True)))
        sure = []
        for loser in start.active:
            later = after_round(plan.state, params, loser)
            sure.append(max(result.gain for result in search(rng, later, params, 40, book=True)))
            assert sure[-1] <= later.allowance
        assert min(sure) <= params.floor_allowance


def test_the_search_finds_the_hole_in_the_classic_start() -> None:
    """Teeth: with every price at a half and no floor, a NO on every outcome is sold below value."""
    params = market(**THREE, preset="classic")
    best = max(result.gain for result in search(Random(1), fresh(params), params, 1_000, climb=250))
    assert best > 10_000_000


PRESETS: tuple[tuple[str, int], ...] = (("hype", 2), ("hype", 3), ("hype", 5), ("hype", 12), ("fair", 2), ("fair", 4))


@pytest.mark.parametrize(("preset", "n"), PRESETS)
@pytest.mark.parametrize("book", [False, True], ids=["market", "book"])
def test_no_preset_leaves_a_sure_profit_through_two_rounds(preset: str, n: int, book: bool) -> None:
    """Default terms, trades before, between and after: whoever leaves by chance, nothing is certain."""
    params, rng = market(n_outcomes=n, preset=preset), Random(n)
    assert params.floor_allowance == 0
    start = fresh(params)
    for _ in range(PLANS // 4):
        assert sure_through_rounds(rng, start, params, 2, 40, book=book) <= 0


@pytest.mark.parametrize("n", [2, 3, 6])
def test_a_ring_gains_nothing_by_a_void_and_the_mean_by_a_dead_heat(n: int) -> None:
    """At any moment: called off, all end with what they had; shared, with the mean of what they would have alone."""
    params, rng = market(n_outcomes=n, z=5_000), Random(n)
    start = fresh(params)
    for _ in range(PLANS):
        result = _best(list(search(rng, start, params, 20, book=True)))
        later = after_round(result.state, params, rng.choice(start.active)) if n > 2 else result.state
        for state in (result.state, later):
            assert gains_of_the_ring(state, params, ()) == 0
            winners = tuple(rng.sample(state.active, rng.randint(2, len(state.active))))
            alone = [gains_of_the_ring(state, params, (winner,)) for winner in winners]
            shared = gains_of_the_ring(state, params, winners)
            assert -len(RING) < shared - sum(alone) / len(alone) <= 0


def test_the_largest_sure_gain_of_a_classic_start_is_the_one_the_lint_tells() -> None:
    """The search does not find more than the best basket of NO, which the lint's numbers are."""
    params = market(**THREE, preset="classic")
    told = next(warning.numbers["gain"] for warning in lint(params) if warning.code == "classic_start")
    searches = (search(Random(seed), fresh(params), params, TRIES // 2, climb=300) for seed in (1, 2, 3))
    found = max(result.gain for attacks in searches for result in attacks)
    assert told / 2 < found <= told * 1.02


def _best(attacks: list[Result]) -> Result:
    return max(attacks, key=lambda result: result.merit)
