"""What everybody sees happen has the figures of what the chat was told, whatever happened to the market."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.charts import queries
from bot.chat import plain_text
from bot.chat.chart_data import CardData
from bot.chat.reply import Picture, Reply
from bot.grammar.times import span_ms
from bot.market import moments
from bot.market.moments import Moment
from bot.words.charts import gained
from tests.bot.harness import ADMIN, CREATE, ChatHarness, chat_harness, running
from tests.scenarios.rows import SET_UP, perform

FOUR = '/admin create Cup Germany, Brazil, "Costa Rica", Chile odds "40 30 20 10"'
TRADED: tuple[tuple[str, str], ...] = (
    ("ada", "/buy germany yes 100"),
    ("bob", "/buy brazil no 30"),
    ("bob", "/buy germany no 20"),
)


# what is done -> the kinds of moments, after `started`
COURSES: list[tuple[str, str, tuple[str, ...], list[str]]] = [
    ("paused and resumed", CREATE, ("/admin pause rain", "/admin resume"), ["paused", "resumed"]),
    ("frozen by hand", CREATE, ("/admin freeze a protest",), ["frozen"]),
    ("out by hand", FOUR, ("/admin eliminate brazil 7-1",), ["eliminated"]),
    (
        "two out, one after the other",
        FOUR,
        ("/admin eliminate chile", "/admin eliminate brazil"),
        ["eliminated", "eliminated"],
    ),
    ("several out at once", FOUR, ("/admin eliminate brazil, chile",), ["eliminated"]),
    ("won", CREATE, ("/admin resolve germany 1-0 after extra time",), ["resolved"]),
    ("shared", FOUR, ("/admin resolve germany, brazil",), ["resolved"]),
    ("called off", CREATE, ("/admin void wrong teams",), ["voided"]),
    (
        "named, corrected, paid",
        CREATE,
        (
            "/admin set dispute 10m",
            "/admin resolve brazil",
            "/admin correct germany the goal did not count",
            "+11m",
        ),
        ["claimed", "corrected", "resolved"],
    ),
    (
        "losers of a round named, corrected, paid",
        FOUR,
        (
            "/admin set round_window 10m",
            "/admin eliminate chile",
            "/admin correct brazil",
            "+11m",
        ),
        ["claimed", "corrected", "eliminated"],
    ),
]


async def decide(harness: ChatHarness, *lines: str) -> None:
    """The admin says each of them, and confirms what asks; `+11m`: so much time passes."""
    for line in lines:
        after_ms = span_ms(line.removeprefix("+")) if line.startswith("+") else None
        if after_ms is None:
            reply = await harness.say(ADMIN, line)
            assert reply.ok, plain_text.text(reply)
            if any(action.label.startswith("Confirm") for action in reply.actions):
                assert (await harness.press(ADMIN, reply, "Confirm")).ok
        await harness.tick(after_ms or 2_000)


async def latest(harness: ChatHarness) -> list[Moment]:
    async with harness.db.reading() as uow:
        return list(await moments.latest(uow, await uow.markets.get_one(1)))


def announced(harness: ChatHarness) -> dict[str, Reply]:
    """By its first sentence."""
    posts = [reply for how, _, _, reply in harness.platform.sent if how == "post"]
    return {plain_text.line_text(reply.head): reply for reply in posts}


@pytest.mark.parametrize(("create", "lines", "kinds"), [row[1:] for row in COURSES], ids=[row[0] for row in COURSES])
async def test_each_moment_says_what_was_announced(
    tmp_path: Path, create: str, lines: tuple[str, ...], kinds: list[str]
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=create)
        for who, order in TRADED:
            await harness.confirmed(who, order)
        await harness.tick()
        await decide(harness, *lines)
        shown = [moment for moment in await latest(harness) if moment.kind != "countdown"]
        posts = announced(harness)
        assert [moment.kind for moment in shown] == ["started", *kinds]
        assert [int(moment.id) for moment in shown] == sorted({int(moment.id) for moment in shown})
        for moment in shown:
            head = plain_text.line_text(moment.head)
            if moment.kind == "voided":  # who did it is told in the chat
                head = "Boss has called this market off."
            post = posts[head]
            told = plain_text.text(post)
            for said in moment.lines:
                assert plain_text.line_text(said) in told or "The house" in plain_text.line_text(said)
            _figures_are_those_announced(moment, told)


def _figures_are_those_announced(moment: Moment, told: str) -> None:
    facts: Any = moment.facts  # Any: JSON
    if moment.kind == "eliminated":
        names = ["Germany", "Brazil", "Costa Rica", "Chile"]
        sentence = told.partition("What ")[2].partition("\n")[0]
        for number, was, yes in facts["prices"]:
            assert f"{names[number]} {was / 10_000:.1f}¢ → {yes / 10_000:.1f}¢" in sentence
    if moment.kind == "resolved":
        for step in facts["podium"]:
            assert f"{step['name']} " in told
            assert f"{step['gain']} ({step['share']})" in told


async def test_who_was_paid_by_an_elimination_is_told_how_much_and_nobody_else_anything(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create=FOUR)
        for who, order in TRADED:
            await harness.confirmed(who, order)
        await harness.tick()
        await decide(harness, "/admin eliminate brazil", "/admin resolve germany")
        _, out, won = await latest(harness)
        async with harness.db.reading() as uow:
            market = await uow.markets.get_one(1)
            found = [await uow.people.find("room", who) for who in ("ada", "bob")]
            ada, bob = (person.id for person in found if person)
            paid = {
                (moment.kind, person): await moments.paid_to(uow, market, int(moment.id), person)
                for moment in (out, won)
                for person in (ada, bob)
            }
            house = (await uow.ledger.balances(1))["house"] - market.params.z
            none = [await moments.paid_to(uow, market, number, ada) for number in (1, 999)]
        dollar = 1_000_000
        assert paid == {
            ("eliminated", ada): 0,
            ("eliminated", bob): 30 * dollar,
            ("resolved", ada): 100 * dollar,
            ("resolved", bob): 0,
        }
        assert out.facts["paid"] == 30 * dollar
        assert won.facts["house"] == house
        assert none == [None, None]


async def test_the_timetable_tells_what_freezes_next_what_is_decided_and_until_when(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await perform(harness, SET_UP)
        [_, coming] = await latest(harness)
        assert (coming.kind, coming.id) == ("countdown", "countdown-0")
        freezes = coming.at_ms
        assert coming.facts["takes"] == 1
        await harness.tick(freezes - harness.now)
        [_, frozen] = await latest(harness)
        assert (frozen.kind, frozen.at_ms) == ("frozen", freezes)
        assert frozen.facts == {
            "round": 0,
            "final": False,
            "decide_ms": freezes + 10 * 60_000,
            "takes": 1,
        }
        assert plain_text.line_text(frozen.head) in announced(harness)


async def test_the_card_of_the_end_shows_the_winner_and_the_podium_that_were_announced(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for who, order in TRADED:
            await harness.confirmed(who, order)
        await harness.tick()
        early = Picture(kind="card", market=1, tick=2)
        async with harness.db.reading() as uow:
            assert await queries.load(uow, early) is None
        await decide(harness, "/admin resolve germany")
        post = announced(harness)["Germany wins Cup."]
        [picture] = [block for block in post.blocks if isinstance(block, Picture)]
        assert picture.kind == "card"
        async with harness.db.reading() as uow:
            card = await queries.load(uow, picture)
        assert isinstance(card, CardData)
        assert (card.prices.winners, card.people, card.more) == ((0,), 2, 0)
        for row in card.podium:
            assert f"{row.name} " in plain_text.text(post)
            assert f"({gained(row.worth, row.stake)})" in plain_text.text(post)
