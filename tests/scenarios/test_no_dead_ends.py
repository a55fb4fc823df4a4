"""Where an answer says what to do it has the button that does it, in the market it speaks of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.buttons import takes_place
from bot.chat.invocation import ChatKind
from bot.chat.reply import Reply, lines_in_code
from tests.bot.harness import ADMIN, ChatHarness, button, chat_harness, running

OTHER = '/admin create Cup Germany, Peru odds "50 50"'


@asynccontextmanager
async def two_markets(folder: Path) -> AsyncIterator[ChatHarness]:
    """Ada is in both, which have one name; Bob in the first alone."""
    async with chat_harness(folder) as harness:
        await running(harness)
        for line in (OTHER, "/admin open"):
            assert (await harness.say("cleo", line, chat="two", admin=True)).ok
        assert (await harness.say("ada", "/join", chat="two")).ok
        preview = await harness.say("cleo", "/admin start", chat="two", admin=True)
        assert (await harness.say("cleo", button(preview, "Confirm"), chat="two", admin=True)).ok
        await harness.tick(market=2)
        yield harness


async def private(harness: ChatHarness, who: str, line: str) -> Reply:
    return await harness.say(who, line, chat=f"dm-{who}", kind=ChatKind.PRIVATE)


@pytest.mark.parametrize(
    ("line", "args"),
    [("/buy germany yes $20", {}), ("", {"outcome": "germany", "side": "yes", "amount": "$20"})],
    ids=["typed", "by name"],
)
async def test_a_stranger_who_buys_joins_by_a_press_and_has_the_ticket_they_wanted(
    tmp_path: Path, line: str, args: Mapping[str, str]
) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        before = harness.rows()
        refused = await harness.say("eve", line, command="buy" if args else "", args=args)
        assert "You have no account in this market yet." in plain_text.text(refused)
        assert harness.rows() == before
        ticket = await harness.press("eve", refused, "Join")
        text = plain_text.text(ticket)
        assert text.startswith("Buy Germany YES: spend about $20.00")
        assert "Welcome, Eve: $1,000.00 of play money is yours in Cup." in text
        assert (await harness.press("eve", ticket, "Confirm")).ok
        await harness.tick()
        assert harness.platform.texts("tell", "eve")[-1].startswith("Filled: ")


async def test_who_is_in_already_or_wanted_nothing_of_sense_is_in_all_the_same(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        again = plain_text.text(await harness.say("ada", "/begin /positions"))
        assert "You are in, as Ada" in again
        for wanted in ("/begin /begin /begin /board", "/begin nonsense", "/begin /nonsense"):
            harness.now += 5_000
            assert "You are in, as Ada" in plain_text.text(await harness.say("ada", wanted)), wanted


async def test_an_order_in_private_asks_for_which_market_and_goes_on_there(tmp_path: Path) -> None:
    async with two_markets(tmp_path) as harness:
        before = harness.rows()
        asked = await private(harness, "ada", "/buy germany yes $20")
        assert plain_text.text(asked).startswith("Which market is this for?")
        assert [action.label for action in asked.actions] == ["Cup (2)", "Cup (1)"]
        assert all(takes_place(action) for action in asked.actions)  # the ticket stands where the question stood
        assert harness.rows() == before
        for label, number in (("Cup (1)", 1), ("Cup (2)", 2)):
            ticket = await private(harness, "ada", button(asked, label))
            assert f"About Cup, number {number}, in a local room." in plain_text.text(ticket)
            sent = await private(harness, "ada", button(ticket, "Confirm"))
            assert sent.ok, plain_text.text(sent)
            await harness.tick(market=number)
            told = harness.platform.texts("tell", "ada")[-1]
            assert told.startswith("Filled: ")


@pytest.mark.parametrize(
    ("who", "line", "words"),
    [
        ("ada", "/buy peru yes $5", "Buy Peru YES"),  # in one of them alone there is such a name
        ("ada", "/sell brazil yes all", "You hold no Brazil YES"),
        ("ada", "/quote germany yes 5", "Which market is this for?"),
        ("ada", "/buy", "Which market is this for?"),
        ("bob", "/buy germany yes $5", "Buy Germany YES"),  # who is in one is not asked
    ],
)
async def test_names_that_two_markets_share_are_never_guessed(tmp_path: Path, who: str, line: str, words: str) -> None:
    async with two_markets(tmp_path) as harness:
        text = plain_text.text(await private(harness, who, line))
        assert words in text
        assert ("About Cup, number " in text) == (who == "ada" and not words.startswith("Which"))


async def test_a_private_line_says_which_market_it_is_about_and_its_buttons_stay_there(tmp_path: Path) -> None:
    async with two_markets(tmp_path) as harness:
        await harness.confirmed("ada", "/buy germany yes $50")
        await harness.tick()
        assert (await private(harness, "ada", "/markets 1")).ok
        for line in ("/positions", "/balance", "/orders", "/trades", "/board"):
            harness.now += 5_000
            reply = await private(harness, "ada", line)
            assert "About Cup, number 1, in a local room." in plain_text.text(reply), line
            spoken = [action.text for action in reply.actions if action.text and "/markets" not in action.text]
            assert all(text.startswith("/in 1 ") for text in spoken), (line, spoken)
        positions = await private(harness, "ada", "/positions")
        assert (await private(harness, "ada", "/markets 2")).ok
        sale = await private(harness, "ada", button(positions, "/sell germany yes half"))
        assert plain_text.text(sale).startswith("Sell Germany YES")
        assert "About Cup, number 1, in a local room." in plain_text.text(sale)


async def test_what_an_answer_tells_one_to_do_stands_below_it_as_a_button(tmp_path: Path) -> None:
    """Of every refusal and empty answer that names a command which is the speaker's."""
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        lines = (
            "/positions", "/orders", "/trades", "/balance", "/buy germany yes $99999", "/sell germany yes all",
            "/ticket confirm 99", "/markets 77", "/receipt 99", "/leaderboard season", "/settings slippage",
        )  # fmt: skip
        await harness.say(ADMIN, "/admin freeze")
        await harness.tick()
        for who in ("ada", "eve"):
            for line in (*lines, "/buy germany yes $5"):
                harness.now += 5_000
                reply = await harness.say(who, line)
                suggested = [text for text in lines_in_code(reply) if "<" not in text and not text.startswith("/admin")]
                assert not suggested or reply.actions or reply.form or reply.examples, (who, line, suggested)
