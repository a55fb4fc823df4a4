"""From lines to arguments: several words, names, all mistakes at once, and the line as it was meant."""

from __future__ import annotations

import pytest

from bot.chat.facts import Amount
from bot.chat.invocation import ParseContext
from bot.commands import COMMANDS
from bot.grammar.parser import LONGEST_LINE, Parsed, parse, split
from bot.text.numbers import MICRO, RATE
from engine.state import Side

BY_NAME = {command.name: command for command in COMMANDS}
NAMES = ("Germany", "Brazil", "Costa Rica", "Side", "Yes Men")
SCENE = ParseContext(now_ms=0, outcomes=NAMES, active=(True,) * 5)
HUNDRED = Amount(tokens=100 * MICRO)


def read(line: str, **given: str) -> Parsed:
    name, _, rest = line.lstrip("/").partition(" ")
    if name == "admin":
        second, _, rest = rest.partition(" ")
        name = f"admin {second}"
    return parse(BY_NAME[name], rest, SCENE, given)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("/buy germany yes 100", {"outcome": 0, "side": Side.YES, "amount": HUNDRED}),
        ("/buy costa rica yes 100", {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        ('/buy "Costa Rica" yes 100', {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        ("/buy “Costa Rica” yes 100", {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        ("/buy costa yes 100", {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        ("/buy yes men no 100", {"outcome": 4, "side": Side.NO, "amount": HUNDRED}),
        ("/buy side yes 100", {"outcome": 3, "side": Side.YES, "amount": HUNDRED}),
        ("/buy  germany\tyes\n100 ", {"outcome": 0, "side": Side.YES, "amount": HUNDRED}),
        ("/buy outcome germany side yes amount 100", {"outcome": 0, "side": Side.YES, "amount": HUNDRED}),
        ("/buy amount=100 side=yes outcome=germany", {"outcome": 0, "side": Side.YES, "amount": HUNDRED}),
        ('/buy outcome="costa rica" yes 100', {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        ("/buy yes 100 outcome costa rica", {"outcome": 2, "side": Side.YES, "amount": HUNDRED}),
        (
            "/buy germany yes 100 slippage 5%",
            {"outcome": 0, "side": Side.YES, "amount": HUNDRED, "slippage": RATE // 20},
        ),
        (
            "/buy slippage=0.05 germany yes 100",
            {"outcome": 0, "side": Side.YES, "amount": HUNDRED, "slippage": RATE // 20},
        ),
        ("/chart", {}),
        ("/chart costa rica", {"outcome": 2}),
        ("/chart 30m", {"span": 1_800_000}),
        ("/chart costa rica 30m", {"outcome": 2, "span": 1_800_000}),
        ("/join Conan O'Brien", {"name": "Conan O'Brien"}),
        ('/join "Ada"', {"name": "Ada"}),
        ('/join the "real" Ada', {"name": 'the "real" Ada'}),
        ("/help admin create", {"command": "admin create"}),
        ("/admin eliminate brazil, costa rica 7-1", {"outcomes": (1, 2), "reason": "7-1"}),
        ("/admin eliminate brazil and germany", {"outcomes": (1, 0)}),
        (
            "/admin create World Cup: Germany, Brazil, Costa Rica z $500",
            {"title": "World Cup: Germany"[:9], "outcomes": ("Germany", "Brazil", "Costa Rica"), "z": 500 * MICRO},
        ),
        ("/admin set fee 2%", {"setting": "fee", "value": "2%"}),
        ("/admin set", {}),
    ],
)
def test_a_line_is_read(line: str, values: dict[str, object]) -> None:
    found = read(line)
    assert found.problems == ()
    assert found.values == values


def test_a_form_gives_arguments_by_name() -> None:
    found = read("/buy", outcome="costa rica", side="yes", amount="100", slippage="")
    assert found.values == {"outcome": 2, "side": Side.YES, "amount": HUNDRED}
    assert read("/ticket", nonsense="1").problems if "ticket" in BY_NAME else True


@pytest.mark.parametrize(
    ("line", "problems", "corrected", "template"),
    [
        (
            "/buy",
            ["add the outcome", "add the side", "add the amount"],
            None,
            "/buy <outcome> <side> <amount>",
        ),
        ("/buy germani yes 100", ["nearest is Germany"], "/buy Germany yes 100", None),
        ("/buy germani yes", ["nearest is Germany", "add the amount"], None, "/buy Germany yes <amount>"),
        ("/buy germany 100", ["add the side"], None, "/buy germany <side> 100"),
        ("/buy germany maybe x", ["is not a side", "is not an amount"], None, "/buy germany <side> <amount>"),
        ("/buy germany yes 100 5%", ["did you mean “slippage 5%”"], "/buy germany yes 100 slippage 5%", None),
        ("/buy germany yes 100 slippage 5", ["did you mean 5%"], "/buy germany yes 100 slippage 5%", None),
        ("/buy germany yes 100 depth=0.5", ["“depth” is not part"], "/buy germany yes 100", None),
        ("/buy germany yes 100 please now", ["could not place “please now”"], "/buy germany yes 100", None),
        ("/buy xyz maybe -5", ["no outcome “xyz”", "is not a side", "is not an amount"], None, None),
        ("/admin create Cup A,", ["2 to 25 outcomes"], None, "/admin create Cup <outcomes>"),
        (
            "/admin create Cup A, B, a",
            ["“a” reads like one of the outcomes before it"],
            None,
            "/admin create Cup <outcomes>",
        ),
        ("/admin set nonsense 5", ["is not a known setting"], None, "/admin set <setting> 5"),
    ],
)
def test_all_mistakes_are_told_at_once_and_nothing_is_lost(
    line: str, problems: list[str], corrected: str | None, template: str | None
) -> None:
    found = read(line)
    assert len(found.problems) == len(problems), found.problems
    for sentence, words in zip(sorted(found.problems), sorted(problems, key=str), strict=True):
        assert any(word in sentence for word in problems), (sentence, words)
    assert found.corrected == corrected
    assert template is None or found.template == template
    if found.corrected:
        assert read(found.corrected).problems == ()


@pytest.mark.parametrize(
    ("tail", "autofill"),
    [
        ("autofill", True),
        ("autofill yes", True),
        ("autofill=on", True),
        ("autofill no", False),
        ("AUTOFILL limit 55c", True),
        ("autofill slippage 5%", True),
        ("limit 55c autofill", True),
    ],
)
def test_the_name_of_a_flag_alone_means_yes(tail: str, autofill: bool) -> None:
    found = read(f"/buy costa rica yes 100 {tail}")
    assert found.problems == ()
    assert (found.values["outcome"], found.values["autofill"]) == (2, autofill)


def test_a_price_without_its_name_is_taken_for_a_limit() -> None:
    found = read("/buy germany yes 100 55c")
    assert found.corrected == "/buy germany yes 100 limit 55c"


def test_a_line_of_any_length_is_answered_quickly() -> None:
    assert "please stay below" in read("/buy " + "x " * LONGEST_LINE).problems[0]
    assert read("/buy " + "germany " * 200).problems
    assert read("/admin create " + "a, b " * 100).problems


def test_a_quote_that_is_never_closed_is_a_sign_like_any_other() -> None:
    assert [word.text for word in split('a "b c')] == ["a", '"b', "c"]
    assert [word.text for word in split('"a b" c="d e" f=')] == ["a b", "d e", ""]
