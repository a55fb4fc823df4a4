"""The World Cup as it was: odds within the bounds, rounds at their times, no forecast from inside a freeze."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from importlib.resources import files

import pytest

from bot.market.draft import Draft, build
from bot.scenarios.worldcup import HIGHEST, LOWEST, clamped, world_cup
from engine.terms import MarketParams

CUP = world_cup()


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 1000


def test_odds_sum_to_exactly_one_and_stay_within_the_bounds() -> None:
    assert sum(CUP.odds) == 1
    assert all(Decimal(LOWEST).scaleb(-6) <= one <= Decimal(HIGHEST).scaleb(-6) for one in CUP.odds)
    assert dict(zip(CUP.names, CUP.odds, strict=True))["Costa Rica"] == Decimal("0.02")
    draft = Draft(values={"outcome_names": ", ".join(CUP.names), "odds": " ".join(map(str, CUP.odds))})
    params = build(draft, CUP.start_ms)
    assert isinstance(params, MarketParams)
    assert params.odds == tuple(int(one * 10**12) for one in CUP.odds)


@pytest.mark.parametrize(
    ("chances", "odds"),
    [
        ((500_000, 300_000, 200_000), ("0.500000", "0.300000", "0.200000")),
        ((1, 1, 1), ("0.333334", "0.333333", "0.333333")),
        ((990_000, 9_000, 1_000), ("0.950000", "0.030000", "0.020000")),
        ((1_000_000, 1, 1), ("0.950000", "0.025000", "0.025000")),
        ((500_000, 480_000, 1_000), ("0.500000", "0.480000", "0.020000")),
    ],
)
def test_chances_are_clamped_and_shared_out_exactly(chances: tuple[int, ...], odds: tuple[str, ...]) -> None:
    found = clamped(chances, LOWEST, HIGHEST)
    assert sum(found) == 1
    assert tuple(map(str, found)) == odds


def test_three_hundred_and_sixty_ticks_of_42_minutes_end_with_the_final() -> None:
    assert CUP.start_ms == at("2014-07-03 09:40")
    assert (CUP.ticks, CUP.tick_ms) == (360, 42 * 60_000)
    assert CUP.start_ms + CUP.ticks * CUP.tick_ms == CUP.steps[-1].decide_ms == at("2014-07-13 21:40")


def test_the_rounds_are_those_that_were_played() -> None:
    played = [
        (step.freeze_ms, step.decide_ms, {CUP.names[outcome] for outcome in step.out}, step.reason)
        for step in CUP.steps
    ]
    assert [(freeze, decide, out) for freeze, decide, out, _ in played] == [
        (at("2014-07-04 16:00"), at("2014-07-04 22:05"), {"France", "Colombia"}),
        (at("2014-07-05 16:00"), at("2014-07-05 22:55"), {"Belgium", "Costa Rica"}),
        (at("2014-07-08 20:00"), at("2014-07-08 21:56"), {"Brazil"}),
        (at("2014-07-09 20:00"), at("2014-07-09 23:17"), {"Netherlands"}),
        (at("2014-07-13 19:00"), at("2014-07-13 21:40"), {"Argentina"}),
    ]
    assert CUP.names[CUP.winner] == "Germany"
    assert ["0-1" in played[0][3], "1-7" in played[2][3], "1-0" in played[4][3]] == [True] * 3


def test_all_forecasts_are_there_and_belong_to_the_outcomes() -> None:
    assert len(CUP.forecasts) == 15
    opening = next(one for one in CUP.forecasts if one.at_ms == at("2014-07-03 09:40:53"))
    assert dict(zip(CUP.names, opening.chances, strict=True))["Brazil"] == 397_064
    assert all(abs(sum(one.chances) - 10**6) <= 2 for one in CUP.forecasts)


def test_no_forecast_from_inside_a_freeze_is_ever_known() -> None:
    inside = {one.chances for one in CUP.forecasts if CUP.frozen(one.at_ms)}
    assert len(inside) == 5
    for tick in range(CUP.ticks + 1):
        assert CUP.usable_forecast(CUP.start_ms + tick * CUP.tick_ms) not in inside


def test_nothing_is_known_before_it_was_published() -> None:
    for one in CUP.forecasts:
        before = CUP.usable_forecast(one.at_ms - 1)
        assert before != one.chances
        if not CUP.frozen(one.at_ms):
            assert CUP.usable_forecast(one.at_ms) == one.chances


def test_the_data_carries_its_licence() -> None:
    about = files("bot.scenarios").joinpath("worldcup2014/README.md").read_text(encoding="utf-8")
    assert "FiveThirtyEight" in about
    assert "CC BY 4.0" in about
