"""Parameters: defaults, bounds, refusals that name their field, schedules, live changes, exact JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from engine.bounds import BOUNDS, in_human_units
from engine.params import (
    FIXED,
    PRESETS,
    MarketParams,
    Problem,
    Round,
    build_params,
    params_from_json,
    params_to_json,
    retune,
)
from engine.state import open_market
from engine.units import MICRO, RATE
from tests.engine.builders import params


def problems(**values: object) -> tuple[Problem, ...]:
    built = build_params({"n_outcomes": 3, **values})
    assert not isinstance(built, MarketParams)
    return built


def codes(**values: object) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems(**values)]


def test_the_defaults_are_those_of_the_table() -> None:
    p = params(n_outcomes=5)
    assert (p.z, p.l0, p.odds) == (10_000 * MICRO, 6_250 * MICRO, (RATE // 5,) * 5)
    assert (p.zeta_start, p.zeta_end) == (RATE // 20, RATE // 200)
    assert (p.gamma, p.kappa_start, p.kappa_end, p.eta, p.fee) == (10**8, RATE // 10, RATE // 10, 2 * RATE, RATE // 100)
    assert (p.p_min, p.p_max, p.set_cap) == (RATE // 100, RATE * 99 // 100, RATE * 95 // 100)
    assert (p.floor_allowance, p.starting_balance, p.batch_interval_ms) == (0, 1_000 * MICRO, 2_000)
    assert (p.band, p.renormalise, p.interpolation, p.mr_enabled) == (None, "keep", "continue", False)
    assert p.rounds == (Round(freeze_at=86_400_000, decide_at=86_400_000, count=4, winner="ask"),)


@pytest.mark.parametrize("n", range(2, 26))
def test_every_preset_opens_for_every_number_of_outcomes(n: int) -> None:
    for preset in PRESETS:
        p = params(n_outcomes=n, preset=preset)
        assert len(open_market(p).binaries) == n
        assert p.z == max(10_000, 170 * n * n) * MICRO
    assert params(n_outcomes=n, preset="classic").l0 == p.z // n
    assert params(n_outcomes=n, preset="fair").band == RATE // 10


def test_a_market_without_a_subsidy_is_refused_by_name() -> None:
    assert codes(z=0) == [("z", "zero_subsidy")]


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_each_field_holds_its_bounds(name: str) -> None:
    bound = BOUNDS[name]
    for value in (bound.low - 1, bound.high + 1):
        text = in_human_units(bound.unit, value, 10_000 * MICRO)
        refused = build_params({"n_outcomes": 3, name: text})
        assert not isinstance(refused, MarketParams)
        assert name in {problem.field for problem in refused}, (name, text, refused)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"outcome_names": "a"}, [("outcome_names", "outcome_count")]),
        ({"outcome_names": "a,b,A"}, [("outcome_names", "name_twice")]),
        ({"outcome_names": ["a", "b", " "]}, [("outcome_names", "name_empty")]),
        ({"n_outcomes": 26}, [("outcome_names", "outcome_count")]),
        ({"outcome_names": "a,b,c", "n_outcomes": 4}, [("outcome_names", "outcome_count")]),
        ({"n_outcomes": 1}, [("outcome_names", "outcome_count")]),
        ({"n_outcomes": None}, [("outcome_names", "missing")]),
        ({"odds": "0.5 0.3"}, [("odds", "odds_count")]),
        ({"odds": "0.5 0.3 0.3"}, [("odds", "odds_sum")]),
        ({"odds": "0.97 0.02 0.01"}, [("odds", "odds_out_of_bounds")] * 2),
        ({"l0": "7500.01"}, [("l0", "out_of_bounds")]),
        ({"l0": "0.00001"}, [("l0", "seeds_out_of_bounds")] * 0),
        ({"zeta": "0.5"}, [("zeta_start", "out_of_bounds"), ("zeta_end", "out_of_bounds")]),
        ({"set_cap": "0.98"}, [("set_cap", "out_of_bounds")] * 2),
        ({"tick_size": "0.03"}, [("tick_size", "not_a_divisor")]),
        ({"preset": "classic", "floor_enabled": True}, [("floor_enabled", "needs_fair_start")]),
        ({"n_outcomes": 2, "preset": "classic", "floor_enabled": True}, [("floor_enabled", "needs_fair_start")] * 0),
        ({"n_outcomes": 2, "zeta": "0.999999999999"}, [("zeta_start", "out_of_bounds")] * 0),
        ({"n_outcomes": 2, "zeta": 1}, [("zeta_start", "out_of_bounds"), ("zeta_end", "out_of_bounds")] * 2),
        ({"n_outcomes": 10, "p_min": "0.05"}, [("odds", "odds_do_not_fit")] * 0),
        ({"n_outcomes": 10, "p_min": "0.050000000001"}, [("odds", "odds_do_not_fit")]),
        ({"n_outcomes": 10, "p_max": "0.9"}, [("odds", "odds_do_not_fit")]),
        ({"z": 1_000, "kappa": "0.1"}, [("kappa_start", "out_of_bounds")] * 0),
        (
            {"z": 1_000, "kappa": "0.1000000000000000000001"},
            [("kappa_start", "out_of_bounds"), ("kappa_end", "out_of_bounds")],
        ),
        ({"kappa_end": "-1e-30"}, [("kappa_end", "out_of_bounds")]),
        ({"rounds": [{"decide_at": 9, "losers": "lowest_price"}]}, [("rounds", "price_decides")]),
        ({"rounds": [{"decide_at": 9, "losers": " Lowest Price"}]}, [("rounds", "price_decides")]),
        ({"rounds": [{"decide_at": 9, "losers": ["lowest-price"]}]}, [("rounds", "price_decides")]),
        ({"preset": "classic", "odds": "0.5 0.3 0.2"}, [("odds", "classic_odds")]),
        ({"preset": "wild"}, [("preset", "not_a_choice")]),
        ({"fee": "lots"}, [("fee", "not_a_number")]),
        ({"fee": float("nan")}, [("fee", "not_a_number")]),
        ({"fee": "9" * 100}, [("fee", "not_a_number")]),
        ({"af_max_pools": "2.5"}, [("af_max_pools", "not_whole")]),
        ({"cm_enabled": "maybe"}, [("cm_enabled", "not_on_or_off")]),
        ({"renormalise": "always"}, [("renormalise", "not_a_choice")]),
        ({"colour": "red"}, [("colour", "unknown")]),
        (
            {"fee": "9%", "gas_fee": 11, "colour": 1},
            [("colour", "unknown"), ("fee", "out_of_bounds"), ("gas_fee", "out_of_bounds")],
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named(values: dict[str, object], wanted: list[tuple[str, str]]) -> None:
    if wanted:
        assert codes(**values) == wanted
    else:
        assert isinstance(build_params({"n_outcomes": 3, **values}), MarketParams)


def test_odds_that_break_the_exposure_bound_are_refused() -> None:
    """l0 above floor(z/(2(1 - min odds))) would let the least likely winner cost more than Z (section 8, 4)."""
    deepest = int(Decimal(10_000) / (2 * (1 - Decimal("0.1"))) * MICRO)
    legal = params(odds="0.6 0.3 0.1", l0=Decimal(deepest) / MICRO)
    assert legal.l0 == deepest
    assert codes(odds="0.6 0.3 0.1", l0=Decimal(deepest + 1) / MICRO) == [("l0", "out_of_bounds")]


def test_tiny_seeds_that_round_past_p_max_are_refused() -> None:
    assert codes(z="0.000002", l0="0.000001") == [("l0", "seeds_out_of_bounds")] * 3


def test_values_may_be_written_as_people_write_them() -> None:
    p = params(
        z="$20,000",
        fee="2%",
        gas_fee="1c",
        zeta=Fraction(1, 10),
        mu=2,
        rounds=[{"decide_at": "1h30m", "winner": "ask"}],
    )
    assert (p.z, p.fee, p.gas_fee) == (20_000 * MICRO, RATE // 50, 10_000)
    assert (p.zeta_start, p.zeta_end, p.mu_start, p.mu_end) == (RATE // 10, RATE // 10, 2 * RATE, 2 * RATE)
    assert p.duration == p.rounds[-1].decide_at == 5_400_000


def test_a_schedule_reads_names_and_numbers_from_one() -> None:
    rounds = [
        {"freeze_at": "1h", "decide_at": "2h", "losers": "cy, 2"},
        {"freeze_at": "3h", "decide_at": "4h", "count": 1, "losers": "ask"},
        {"freeze_at": "5h", "decide_at": "6h", "winner": "ann"},
    ]
    p = params(outcome_names="ann,bob,cy,dee,eve", rounds=rounds)
    assert [step.losers for step in p.rounds] == [(2, 1), "ask", ()]
    assert [step.count for step in p.rounds] == [2, 1, 1]
    assert p.rounds[-1].winner == 0
    assert p.mr_enabled


FINAL: dict[str, object] = {"decide_at": 90, "winner": "ask"}


@pytest.mark.parametrize(
    ("rounds", "wanted"),
    [
        ([], ["no_final"]),
        ([{"decide_at": 10}], ["no_final"]),
        ([FINAL, {"decide_at": 95}], ["no_final", "final_not_last"]),
        ([{"decide_at": 10, "count": 2}, FINAL], ["round_count"]),
        ([{"decide_at": 10, "count": 0}, FINAL], ["round_count"]),
        ([{"decide_at": 10, "freeze_at": 11}, FINAL], ["round_order"]),
        ([{"decide_at": 91}, FINAL], ["round_order"]),
        ([{"decide_at": 10, "losers": [1], "count": 2}, FINAL], ["round_count", "round_named"]),
        ([{"decide_at": 10, "losers": [4]}, FINAL], ["no_such_outcome"]),
        ([Round(freeze_at=1, decide_at=2, count=1, losers=(7,)), FINAL], ["no_such_outcome"]),
        ([{"decide_at": 10, "losers": [1]}, {"decide_at": 90, "winner": 1}], ["winner_is_out"]),
        ([{"when": 3}], ["round_unreadable"]),
        ("soon", ["not_a_list"]),
    ],
)
def test_a_schedule_that_cannot_be_played_is_refused(rounds: object, wanted: list[str]) -> None:
    refused = problems(rounds=rounds)
    assert [problem.code for problem in refused] == wanted
    assert {problem.field for problem in refused} == {"rounds"}


def test_several_rounds_need_phased_resolution() -> None:
    assert codes(rounds=[{"decide_at": 10}, FINAL], mr_enabled=False) == [("rounds", "phased_off")]


def test_json_is_exact() -> None:
    p = params(n_outcomes=5, rounds=[{"decide_at": 10, "losers": [2]}, {"decide_at": 20, "losers": "ask"}, FINAL])
    assert params_from_json(json.loads(json.dumps(params_to_json(p)))) == p


def test_odds_that_cannot_fit_are_refused_with_both_numbers() -> None:
    (problem,) = problems(n_outcomes=25, p_min="0.03")
    assert problem.detail == {"outcomes": 25, "low": "0.06", "total": "1.5", "most": 16}
    assert isinstance(build_params({"n_outcomes": 16, "p_min": "0.03"}), MarketParams)


@pytest.mark.parametrize(("p_max", "cap"), [("0.99", "0.95"), ("0.97", "0.95"), ("0.969", "0.949"), ("0.9", "0.88")])
def test_the_highest_price_a_round_sets_follows_p_max(p_max: str, cap: str) -> None:
    assert params(p_max=p_max).set_cap == Decimal(cap) * RATE


# z; what is written; what is kept: floor(kappa * z * 10^12); how it is written back
KAPPAS: tuple[tuple[object, object, int, str], ...] = (
    (10_000, "1e-5", RATE // 10, "0.00001"),
    (10_000, "0.01", 100 * RATE, "0.01"),
    (3, "0.1", 3 * RATE // 10, "0.1"),
    (4, 25, 100 * RATE, "25"),
    (7, Fraction(1, 70), RATE // 10, "0.0142857142858"),
    (10**9, "1e-22", 0, "0"),
    (10**9, "1.9e-21", 1, "0.000000000000000000001"),
)


@pytest.mark.parametrize(("z", "written", "kept", "back"), KAPPAS)
def test_convexity_is_kept_times_z_and_written_per_token_squared(
    z: object, written: object, kept: int, back: str
) -> None:
    p = params(z=z, kappa=written)
    assert (p.kappa_start, p.kappa_end) == (kept, kept)
    assert in_human_units("per_z", kept, p.z) == back
    assert params(z=z, kappa=back).kappa_start == kept


def test_what_was_written_under_rules_1_is_read_as_it_was_meant() -> None:
    p = params(n_outcomes=4, z=20_000, rounds=[{"decide_at": 10, "count": 1}, FINAL])
    old = json.loads(json.dumps(params_to_json(p)))
    old["rounds"][0]["losers"] = "lowest_price"
    old["kappa_start"], old["kappa_end"] = 5 * 10**6, 0
    read = params_from_json(old, rules=1)
    assert read == replace(p, kappa_end=0)


class TestLiveChange:
    def test_it_changes_what_may_change(self) -> None:
        p = params()
        changed = retune(p, open_market(p), {"fee": "3%", "zeta": "0.2", "band": "10%"})
        assert isinstance(changed, MarketParams)
        assert (changed.fee, changed.zeta_start, changed.zeta_end, changed.band) == (
            3 * RATE // 100,
            RATE // 5,
            RATE // 5,
            RATE // 10,
        )
        assert changed.mu_start == p.mu_start

    @pytest.mark.parametrize("name", sorted(FIXED | {"preset", "n_outcomes"}))
    def test_it_never_touches_what_the_theorem_rests_on(self, name: str) -> None:
        p = params()
        assert retune(p, open_market(p), {name: 1}) == (Problem(field=name, code="fixed"),)

    def test_it_holds_the_bounds(self) -> None:
        p = params()
        refused = retune(p, open_market(p), {"fee": 1, "zeta_end": "0.5", "nonsense": 1})
        assert isinstance(refused, tuple)
        assert [problem.field for problem in refused] == ["nonsense", "fee", "zeta_end"]

    def test_an_empty_change_is_none(self) -> None:
        p = params()
        assert retune(p, open_market(p), {}) == (Problem(field="values", code="empty"),)

    def test_later_rounds_may_move_and_begun_ones_may_not(self) -> None:
        p = params(n_outcomes=4, rounds=[{"decide_at": 10, "losers": [2]}, FINAL])
        state = open_market(p)
        later = [{"decide_at": 10, "losers": [2]}, {"decide_at": 120, "winner": "ask"}]
        changed = retune(p, state, {"rounds": later})
        assert isinstance(changed, MarketParams)
        assert changed.duration == 120
        state = replace(state, frozen_for=0)
        moved = [{"decide_at": 11, "losers": [2]}, {"decide_at": 120, "winner": "ask"}]
        refused = retune(p, state, {"rounds": moved})
        assert refused == (Problem(field="rounds", code="round_begun", detail={"rounds": 1, "final": False}),)
