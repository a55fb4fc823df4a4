"""`/rules` claims only what holds for a market's own terms."""

from __future__ import annotations

import pytest

from bot.chat import plain_text
from bot.words.rules import rules
from engine.lint import lint
from engine.params import build_params
from engine.terms import MarketParams
from tests.storage.worlds import MINUTE

NO_SURE_PROFIT = "Alone nobody can be sure of a profit"
PUMPED = "This market can be pumped"
NAMED = "The timetable names who is out or who wins"
ALLOWANCE = "The pot floor leaves an allowance of $25.00 after each round"
NO_FLOOR = "The pot floor is off here"
CLAIMS = (NO_SURE_PROFIT, PUMPED, NAMED, ALLOWANCE, NO_FLOOR)
FINAL = {"freeze_at": 30 * MINUTE, "decide_at": 40 * MINUTE, "winner": "ask"}
ASKED = {"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "count": 1, "losers": "ask"}


def terms(**values: object) -> MarketParams:
    built = build_params({"outcome_names": ["Ant", "Bee", "Cat"], "rounds": [ASKED, FINAL], **values})
    assert isinstance(built, MarketParams), built
    return built


def text(params: MarketParams | None) -> str:
    return plain_text.text(rules(params))


@pytest.mark.parametrize(
    ("values", "claims"),
    [
        ({}, {NO_SURE_PROFIT}),
        ({"preset": "fair"}, {NO_SURE_PROFIT}),
        ({"preset": "classic"}, {PUMPED}),
        ({"preset": "classic", "outcome_names": ["Ant", "Bee"], "rounds": [FINAL]}, {NO_FLOOR}),
        ({"floor_enabled": False}, {NO_FLOOR}),
        ({"floor_allowance": 25}, {ALLOWANCE}),
        ({"floor_allowance": 25, "rounds": [FINAL]}, {ALLOWANCE}),  # an admin may end a round by hand
        ({"floor_allowance": 25, "outcome_names": ["Ant", "Bee"], "rounds": [FINAL]}, {NO_SURE_PROFIT}),
        ({"rounds": [{**ASKED, "losers": [1]}, FINAL]}, {NAMED}),
        ({"rounds": [ASKED, {**FINAL, "winner": 2}]}, {NAMED}),
        ({"rounds": [{**ASKED, "losers": [1]}, FINAL], "floor_allowance": 25}, {NAMED, ALLOWANCE}),
        ({"preset": "classic", "rounds": [{**ASKED, "losers": [1]}, FINAL]}, {PUMPED, NAMED}),
    ],
)
def test_who_can_be_sure_of_a_profit_is_said_of_these_terms(values: dict[str, object], claims: set[str]) -> None:
    shown = text(terms(**values))
    assert {claim for claim in CLAIMS if claim in shown} == claims


@pytest.mark.parametrize("values", [{}, {"preset": "classic"}, {"floor_allowance": 25}])
def test_rules_and_lint_warn_of_the_same_sure_profits(values: dict[str, object]) -> None:
    params = terms(**values)
    warned = {warning.code for warning in lint(params)} & {"classic_start", "allowance", "named_timetable"}
    assert (NO_SURE_PROFIT in text(params)) == (not warned)


def test_a_classic_start_is_told_with_its_numbers() -> None:
    shown = text(terms(preset="classic"))
    assert "a NO of each outcome costs about $1.50 at first and pays $2.00 whoever wins" in shown


def test_without_a_market_nothing_is_claimed_that_a_market_could_break() -> None:
    shown = text(None)
    assert NO_SURE_PROFIT not in shown
    assert "depends on a market's own terms" in shown


@pytest.mark.parametrize("params", [None, terms(), terms(outcome_names=["Ant", "Bee"], rounds=[FINAL])])
def test_that_several_can_tie_and_what_a_void_does_is_always_said(params: MarketParams | None) -> None:
    shown = text(params)
    assert "Several can tie" in shown
    assert "as if it had never been" in shown
    assert "exactly one" not in shown.lower()


def test_rounds_diversion_and_rising_prices_are_told_only_where_there_are_any() -> None:
    duel = text(terms(outcome_names=["Ant", "Bee"], rounds=[FINAL]))
    assert "round" not in duel
    assert "so their prices rise" in text(terms())
    assert "so their prices rise" not in text(terms(renormalise="clamp"))
    assert "of the others a little too" in text(terms())
    assert "of the others a little too" not in text(terms(zeta_start=0, zeta_end=0))
