"""`/rules` claims, of a market's own terms, only what holds for them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.chat.plain_text import text
from bot.words import views
from engine.params import build_params
from engine.terms import MarketParams
from tests.storage.test_rankings import market

ROUNDS = [
    {"freeze_at": 3_600_000, "decide_at": 3_660_000, "count": 1, "losers": "ask"},
    {"freeze_at": 7_200_000, "decide_at": 7_260_000, "winner": "ask"},
]
NAMED = [ROUNDS[0] | {"losers": ["Ann"]}, ROUNDS[1]]
DECIDED = [ROUNDS[0], ROUNDS[1] | {"winner": "Cy"}]
ALONE = "Alone nobody can be sure of a profit"

TABLE: tuple[tuple[Mapping[str, object], tuple[str, ...], bool], ...] = (
    ({}, (ALONE,), True),
    ({"preset": "fair"}, (ALONE,), True),
    ({"preset": "classic"}, ("start at 50¢ here", "is sure of a profit"), False),
    ({"floor_enabled": False}, ("No pot floor",), False),
    ({"rounds": NAMED}, ("The timetable names who goes",), False),
    ({"rounds": DECIDED}, ("The timetable names the winner",), False),
    ({"rounds": ROUNDS, "floor_allowance": 50}, ("up to $50.00 can be taken for certain",), False),
)


def terms(values: Mapping[str, object]) -> MarketParams:
    built = build_params({"outcome_names": ["Ann", "Bo", "Cy"], **values})
    assert isinstance(built, MarketParams), built
    return built


@pytest.mark.parametrize(("values", "said", "alone"), TABLE)
def test_rules_claim_only_what_holds_for_the_markets_own_terms(
    values: Mapping[str, object], said: tuple[str, ...], alone: bool
) -> None:
    rules = text(views.rules(market(terms=terms(values))))
    assert all(words in rules for words in said), rules
    assert (ALONE in rules) is alone
    assert "Several can share the win" in rules


def test_rules_without_a_market_claim_nothing_of_terms() -> None:
    assert ALONE not in text(views.rules(None))
