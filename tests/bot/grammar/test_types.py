"""Kinds of values: what they take, what they refuse and what they propose instead."""

from __future__ import annotations

import pytest

from bot.chat.facts import Amount
from bot.chat.invocation import HeldTokens, ParseContext
from bot.grammar.book import LimitType, OrderNumber, OrderNumberType
from bot.grammar.outcomes import OutcomesType, OutcomeType
from bot.grammar.trading import AmountType, YesNo
from bot.grammar.types import ArgumentType, Choice, Money, Rate, Text, WholeNumber, Wrong
from bot.text.numbers import MICRO, RATE
from engine.state import Side

NAMES = ("Germany", "Brazil", "Costa Rica", "Côte d'Ivoire", "Colombia", "2014")
SCENE = ParseContext(
    now_ms=0, outcomes=NAMES, active=(True, False, True, True, True, True), held={2: HeldTokens(yes=40 * MICRO)}
)
SELLING = ParseContext(now_ms=0, outcomes=NAMES, active=SCENE.active, held=SCENE.held, selling=True)


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        ("germany", 0),
        ("GER", 0),
        ("1", 0),
        ("#3", 2),
        ("costa rica", 2),
        ("cos", 2),
        ("rica", 2),
        ("cote", 3),
        ("col", 4),
        ("2014", 5),
        ("6", 5),
    ],
)
def test_an_outcome_goes_by_number_name_or_clear_beginning(typed: str, outcome: int) -> None:
    assert OutcomeType().parse(typed, SCENE) == outcome


@pytest.mark.parametrize(
    ("typed", "words", "instead"),
    [
        ("co", 'could be "Costa Rica", "Côte d\'Ivoire" or Colombia', None),
        ("germani", "the nearest is Germany", "Germany"),
        ("xyz", "there are 1 Germany, 2 Brazil", None),
        ("7", "There is no outcome “7”", None),
        ("0", "There is no outcome", None),
        ("brazil", "Brazil is out and no longer traded; still in: Germany", None),
        ("", "There is no outcome", None),
        ("٣", "There is no outcome", None),
    ],
)
def test_an_unclear_outcome_is_refused_with_what_there_is(typed: str, words: str, instead: str | None) -> None:
    found = OutcomeType().parse(typed, SCENE)
    assert isinstance(found, Wrong)
    assert words in found.sentence
    assert found.instead == instead


def test_who_is_out_can_still_be_looked_at() -> None:
    assert OutcomeType(active_only=False).parse("bra", SCENE) == 1


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("100", Amount(tokens=100 * MICRO)),
        ("2k", Amount(tokens=2_000 * MICRO)),
        ("1.5k", Amount(tokens=1_500 * MICRO)),
        ("1,240.50", Amount(tokens=1_240_500_000)),
        (".5", Amount(tokens=500_000)),
        ("$50", Amount(spend=50 * MICRO)),
        ("50$", Amount(spend=50 * MICRO)),
        ("$2k", Amount(spend=2_000 * MICRO)),
        ("all", Amount(share=RATE)),
        ("HALF", Amount(share=RATE // 2)),
        ("25%", Amount(share=RATE // 4)),
        ("100%", Amount(share=RATE)),
        ("１００", Amount(tokens=100 * MICRO)),
        ("0.000001", Amount(tokens=1)),
    ],
)
def test_amounts_are_tokens_money_or_a_share(typed: str, amount: Amount) -> None:
    assert AmountType().parse(typed, SCENE) == amount


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0", "too little"),
        ("0.0000001", "too little"),
        ("-5", "is not an amount"),
        ("1e9", "is not an amount"),
        ("nan", "is not an amount"),
        ("1,2,3", "is not an amount"),
        ("", "is not an amount"),
        ("$", "is not an amount"),
        ("9" * 31, "is not an amount"),
        ("9" * 30, "more than anybody can trade"),
        ("101%", "between 1% and 100%"),
        ("0%", "between 1% and 100%"),
        ("%", "between 1% and 100%"),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, words: str) -> None:
    found = AmountType().parse(typed, SCENE)
    assert isinstance(found, Wrong)
    assert words in found.sentence


def test_selling_takes_tokens_not_dollars() -> None:
    assert isinstance(AmountType().parse("$50", SELLING), Wrong)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (YesNo(), "Y", Side.YES),
        (YesNo(), "no", Side.NO),
        (Rate("slippage"), "5%", RATE // 20),
        (Rate("slippage"), "0.05", RATE // 20),
        (Rate("slippage"), "0", 0),
        (Money(), "$1,000", 1_000 * MICRO),
        (Money(), "2k", 2_000 * MICRO),
        (WholeNumber(), "#17", 17),
        (Text("name", 32), " Ada\u202e ", "Ada"),
        (Choice("pace", lambda: {"slow": "", "fast": ""}), "sl", "slow"),
        (OutcomesType(), "germany, costa rica", (0, 2)),
        (OutcomesType(), "3 and 1", (2, 0)),
    ],
)
def test_other_kinds_take_their_spellings(kind: ArgumentType[object], typed: str, value: object) -> None:
    assert kind.parse(typed, SCENE) == value


@pytest.mark.parametrize(
    ("kind", "typed", "words", "instead"),
    [
        (YesNo(), "maybe", "is not a side", None),
        (YesNo(), "yess", "is not a side", "yes"),
        (Rate("slippage"), "5", "did you mean 5%?", "5%"),
        (Rate("slippage"), "500%", "between 0% and 100%", None),
        (Rate("slippage"), "x", "as 5% or 0.05", None),
        (Money("stake", low=MICRO), "0", "between $1.00", None),
        (Money("stake"), "ten", "not a sum of money for the stake", None),
        (WholeNumber("ticket"), "0", "whole number of 1 or more", None),
        (WholeNumber("ticket"), "1.5", "will not do: the ticket is a whole number of 1 or more.", None),
        (WholeNumber("ticket"), "²", "will not do: the ticket", None),
        (Text("name", 3), "Adam", "stay within 3", "Ad…"),
        (Text("name", 3), "\u202e", "no letters", None),
        (Choice("pace", lambda: {"slow": "", "fast": ""}), "fst", "the nearest is fast", "fast"),
        (OutcomesType(), "germany, ger", "named twice", None),
        (OutcomesType(), ",", "at least one outcome", None),
    ],
)
def test_other_kinds_refuse_with_a_sentence(
    kind: ArgumentType[object], typed: str, words: str, instead: str | None
) -> None:
    found = kind.parse(typed, SCENE)
    assert isinstance(found, Wrong)
    assert words in found.sentence
    assert found.instead == instead


def test_suggestions_explain_themselves_and_own_holdings_come_first_when_selling() -> None:
    buying = [hint.value for hint in OutcomeType().suggest("", SCENE)]
    assert buying == ["Germany", '"Costa Rica"', '"Côte d\'Ivoire"', "Colombia", '"2014"']
    first = OutcomeType().suggest("", SELLING)[0]
    assert (first.value, first.about) == ('"Costa Rica"', "you hold 40 YES")
    assert next(iter(OutcomeType().suggest("co", SCENE))).value == '"Costa Rica"'
    assert [hint.value for hint in YesNo().suggest("n", SCENE)] == ["no"]
    assert all(hint.about for hint in AmountType().suggest("", SCENE))


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("0.55", 55), (".55", 55), ("$0.55", 55), ("0.550", 55), ("55c", 55), ("55¢", 55), ("55C", 55), ("1c", 1),
        ("99¢", 99), ("0.01", 1), ("５５c", 55),
    ],
)  # fmt: skip
def test_a_limit_is_a_price_on_the_steps_of_the_market(typed: str, cents: int) -> None:
    assert LimitType().parse(typed, SCENE) == cents * RATE // 100


@pytest.mark.parametrize(
    ("typed", "words", "instead"),
    [
        ("0.555", "the nearest are 55c and 56c", "55c"),
        ("55.000001c", "the nearest are 55c and 56c", "55c"),
        ("98.5c", "the nearest are 98c and 99c", "98c"),
        ("55", "did you mean 55c?", "55c"),
        ("0", "between 1c and 99c", None),
        ("0.001", "between 1c and 99c", None),
        ("$1", "between 1c and 99c", None),
        ("100c", "between 1c and 99c", None),
        ("100", "between 1c and 99c", None),
        ("55%", "say it as 0.55 or 55c", None),
        ("1k", "say it as 0.55 or 55c", None),
        ("-55c", "say it as 0.55 or 55c", None),
        ("c", "say it as 0.55 or 55c", None),
        ("", "say it as 0.55 or 55c", None),
        ("nan", "say it as 0.55 or 55c", None),
    ],
)
def test_what_is_no_limit_is_refused_with_the_nearest_that_are(typed: str, words: str, instead: str | None) -> None:
    found = LimitType().parse(typed, SCENE)
    assert isinstance(found, Wrong)
    assert words in found.sentence
    assert found.instead == instead


def test_the_careful_neighbour_of_a_limit_is_the_higher_one_when_selling() -> None:
    found = LimitType().parse("55.5c", SELLING)
    assert isinstance(found, Wrong)
    assert found.instead == "56c"


def test_finer_steps_take_finer_limits() -> None:
    fine = ParseContext(now_ms=0, tick=RATE // 1_000)
    assert LimitType().parse("55.5c", fine) == 555 * RATE // 1_000
    found = LimitType().parse("55.55c", fine)
    assert isinstance(found, Wrong)
    assert "steps of 0.1¢; the nearest are 55.5c and 55.6c" in found.sentence


@pytest.mark.parametrize(
    ("typed", "which"), [("7", OrderNumber(7)), ("#7", OrderNumber(7)), ("ALL", OrderNumber()), ("007", OrderNumber(7))]
)
def test_an_order_goes_by_its_number_or_all(typed: str, which: OrderNumber) -> None:
    assert OrderNumberType().parse(typed, SCENE) == which


@pytest.mark.parametrize("typed", ["0", "-1", "1.5", "²", "seven", "", "1" * 13])
def test_what_is_no_order_number_is_refused(typed: str) -> None:
    assert isinstance(OrderNumberType().parse(typed, SCENE), Wrong)
