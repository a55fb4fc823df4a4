"""What is offered while a limit, a number of a list or a setting's value is typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.invocation import ChatKind, Invocation, ParseContext
from bot.grammar.book import LimitType
from bot.text.numbers import RATE
from engine.state import Side
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, running

SCENE = ParseContext(
    now_ms=0,
    outcomes=("Ant", "Bee"),
    active=(True, True),
    prices=((403_000, 597_000), (597_000, 403_000)),
    values={"outcome": 0, "side": Side.YES},
)


def limits(partial: str, context: ParseContext) -> list[str]:
    return [hint.value for hint in LimitType().suggest(partial, context)]


def test_a_limit_is_offered_at_the_price_now_and_better() -> None:
    assert limits("", SCENE) == ["41c", "40c", "39c", "36c", "31c"]
    assert limits("", replace(SCENE, selling=True)) == ["40c", "41c", "42c", "45c", "50c"]
    assert limits("", replace(SCENE, tick=RATE // 1_000)) == ["40.3c", "39.3c", "38.3c", "35.3c", "30.3c"]
    assert limits("", replace(SCENE, values={})) == []
    assert limits("9", SCENE) == []


@pytest.mark.parametrize(
    ("typed", "selling", "about"),
    [
        ("45c", False, "trades at once from 40.3¢, never above 45¢"),
        ("35c", False, "waits until the price falls there from 40.3¢"),
        ("35c", True, "trades at once from 40.3¢, never below 35¢"),
        ("45c", True, "waits until the price rises there from 40.3¢"),
    ],
)
def test_a_limit_tells_what_it_would_do(typed: str, selling: bool, about: str) -> None:
    [hint] = LimitType().suggest(typed, replace(SCENE, selling=selling))
    assert (hint.value, hint.about) == (typed, about)
    [unknown] = LimitType().suggest(typed, replace(SCENE, selling=selling, values={}))
    assert unknown.about == "this price or better"


async def offered(harness: ChatHarness, who: str, command: str, focus: str, **typed: str) -> list[tuple[str, str]]:
    said = Invocation(
        command=command, args=typed, platform="room", person_ext=who, person_name=who, chat_ext="room",
        chat_kind=ChatKind.ROOM, is_admin=who == ADMIN, request_id="c",
    )  # fmt: skip
    return [(row.value, row.hint) for row in await harness.dispatcher.complete_argument(said, focus)]


async def test_numbers_are_those_of_what_there_is(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line in ("/buy germany yes 100 limit 20c", "/buy germany yes 10"):
            await harness.confirmed("ada", line)
        assert await offered(harness, "ada", "receipt", "order") == []  # neither has run yet
        await harness.tick()
        both = await offered(harness, "ada", "receipt", "order")
        assert [about for _, about in both] == ["buy Germany YES, filled", "buy Germany YES, in the book"]
        (filled, _), (waits, _) = both
        assert await offered(harness, "ada", "receipt", "order", order=filled) == both[:1]
        assert (await harness.say("ada", f"/receipt {filled}")).ok
        assert await offered(harness, "bob", "receipt", "order") == []
        assert await offered(harness, "ada", "markets", "number") == [("1", "Cup, Open")]
        assert await offered(harness, "ada", "cancel", "order") == [
            (waits, "buy 100 Germany YES at 20¢"), ("all", "everything that waits"),
        ]  # fmt: skip
        await harness.say(ADMIN, "/join")
        await harness.confirmed(ADMIN, "/buy germany yes 10")
        await harness.tick()
        await harness.say(ADMIN, "/admin set dispute 1h")
        assert await offered(harness, ADMIN, "admin approve", "number") == [("1", "dispute off → 1h")]


async def test_a_settings_values_are_its_own_and_admins_alone_see_them(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        asked = ("admin set", "value")
        now = "as it is now"
        assert await offered(harness, ADMIN, *asked, setting="autofill") == [("on", now), ("off", "")]
        assert await offered(harness, ADMIN, *asked, setting="fee") == [("1%", now)]
        assert await offered(harness, ADMIN, *asked, setting="keys", value="h") == [("hidden", "")]
        assert await offered(harness, ADMIN, *asked, setting="public") == [("off", now), ("on", "")]
        assert await offered(harness, ADMIN, *asked) == []
        assert await offered(harness, "ada", *asked, setting="fee") == []
