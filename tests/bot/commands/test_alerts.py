"""`/alert`: what can be typed, what is answered, what is told once a price is passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, read_market
from bot.chat.platform import Unreachable, UnreachableError
from bot.chat.reply import Reply
from bot.notifications.announcer import Announcer
from tests.bot.harness import ADMIN, ChatHarness, RecordingPlatform, button, chat_harness, running

LINES = [
    # what is typed, how the answer begins, and the line of its first button
    ("/alert", "You are not waiting for any price.", ""),
    ("/alert germany 55c", "You are told once, in private, when Germany rises to 55¢.", "/alert cancel "),
    ("/alert germany 55.5 cents", "You are told once, in private, when Germany rises to 55.5¢.", "/alert cancel "),
    ("/alert 1 0.45", "You are told once, in private, when Germany falls to 45¢.", "/alert cancel "),
    ("/alert costa rica 1", "You are told once, in private, when Costa Rica falls to 1¢.", "/alert cancel "),
    ("/alert germany no 40¢", "You are told once, in private, when Germany NO falls to 40¢.", "/alert cancel "),
    ("/alert germany NO at 99.9c", "You are told once, in private, when Germany NO rises to 99.9¢.", "/alert cancel "),
    ("/alert germany 50c", "Germany is at 50.0¢ now: nothing to wait for.", ""),
    ("/alert germany 55.55c", "“55.55c” is finer than prices are shown", ""),
    ("/alert germany $55", "“$55” is not a price to wait for: between 0.1c and 99.9c.", ""),
    ("/alert germany 0c", "“0c” is not a price to wait for", ""),
    ("/alert germany 50%", "“50%” is not a price; say it in cents", ""),
    ("/alert germany soon", "“soon” is not a price; say it in cents", ""),
    ("/alert atlantis 50c", "There is no outcome “atlantis” here", ""),
    ("/alert 55c", "Which outcome's price?", ""),
    ("/alert germany", "Germany is at 50.0¢. Which price shall I tell you of?", "/alert germany 55c"),
    ("/alert germany off", "You are not waiting for any price of Germany.", ""),
    ("/alert cancel 7", "You are not waiting for that price (any more).", ""),
]


@pytest.mark.parametrize("told_in", ["the room", "private"])
async def test_every_way_to_ask_is_answered_in_private_and_a_refusal_keeps_nothing(
    tmp_path: Path, told_in: str
) -> None:
    kind, chat = (ChatKind.ROOM, "room") if told_in == "the room" else (ChatKind.PRIVATE, "ada")
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        for line, begins, first in LINES:
            harness.now += 5_000
            before = harness.rows()
            reply = await harness.say("ada", line, kind=kind, chat=chat)
            text = plain_text.text(reply)
            assert text.startswith(begins), (line, text)
            assert reply.audience.value == "private"
            assert "".join(read_market(action.text)[1] for action in reply.actions[:1]).startswith(first)
            if first.startswith("/alert cancel"):
                assert plain_text.text(await harness.press("ada", reply, "Cancel")).startswith("Cancelled: ")
                reply = await harness.say("ada", "/alert")
                assert plain_text.text(reply).startswith("You are not waiting for any price.")
            elif not reply.ok:
                assert harness.rows() == before, line


def told(harness: ChatHarness, who: str) -> list[str]:
    """What somebody was told of alerts, first lines alone."""
    texts = [text.split("\n")[0] for text in harness.platform.texts("tell", who)]
    return [text for text in texts if "¢: it " in text or "gone." in text]


async def said(harness: ChatHarness, who: str, *lines: str) -> Reply:
    """The answer to the last of them."""
    for line in lines:
        harness.now += 5_000
        reply = await harness.say(who, line)
        assert reply.ok, plain_text.text(reply)
    return reply


async def bought(harness: ChatHarness, who: str, line: str) -> None:
    harness.now += 5_000
    assert (await harness.confirmed(who, line)).ok
    await harness.tick()


async def test_each_is_told_once_of_their_own_prices_with_lines_to_trade_on(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada", "bob", "cy"))
        await said(harness, "ada", "/alert germany 50.5c", "/alert germany 50.6c", "/alert brazil 5c")
        await said(harness, "bob", "/alert germany 50.5c")
        await bought(harness, "bob", "/buy germany yes $5")
        await bought(harness, "cy", "/buy germany yes $200")
        [ada], [bob] = told(harness, "ada"), told(harness, "bob")
        assert ada.startswith("Germany passed 50.5¢ and 50.6¢: it is at 5")
        assert bob.startswith("Germany passed 50.5¢: it is at 5")
        assert told(harness, "cy") == []
        notices = {
            who: reply
            for _, who, _, reply in harness.platform.sent
            if "passed" in plain_text.text(reply).split("\n")[0]
        }
        assert [action.text for action in notices["bob"].actions] == ["/buy germany yes", "/sell germany yes"]
        assert [action.text for action in notices["ada"].actions] == ["/buy germany yes"]  # who has nothing to sell
        for label in ("Buy", "Sell"):
            assert (await harness.press("bob", notices["bob"], label)).form is not None
        await bought(harness, "cy", "/sell germany yes all")
        await bought(harness, "cy", "/buy germany yes $200")
        assert (len(told(harness, "ada")), len(told(harness, "bob"))) == (1, 1)
        rest = await said(harness, "ada", "/alert")
        assert [action.label for action in rest.actions] == ["Cancel Brazil 5¢"]


class Away(RecordingPlatform):
    """Ada cannot be told anything."""

    async def tell(
        self, person_ext: str, reply: Reply, *, edit_ref: str | None, chat_ext: str | None, nonce: str = ""
    ) -> str:
        if person_ext == "ada":
            raise UnreachableError(Unreachable.PERSON)
        return await super().tell(person_ext, reply, edit_ref=edit_ref, chat_ext=chat_ext)


async def test_who_could_not_be_reached_is_told_with_their_next_answer_and_what_came_since(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await bought(harness, "ada", "/buy germany yes $5")
        await said(harness, "ada", "/alert germany 51c")
        harness.announcer = Announcer(harness.db, harness.clock, {"room": Away()})
        await bought(harness, "bob", "/buy germany yes $200")
        await bought(harness, "bob", "/buy germany no $300")
        harness.now += 120_000
        text = plain_text.text(await said(harness, "ada", "/balance"))
        assert "Germany passed 51¢: it was at 5" in text
        assert "¢ then, and is at 5" in text
        assert "That was " in text
        again = plain_text.text(await said(harness, "ada", "/balance"))
        assert "Germany passed" not in again


async def test_an_alert_ends_with_its_outcome_and_with_its_market_and_says_so_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await said(
            harness, "ada", "/alert brazil 35c", "/alert brazil no 99c", "/alert germany 90c", '/alert "costa rica" 99c'
        )
        for line in ("/admin freeze", "/admin eliminate brazil lost", "/admin resolve germany"):
            preview = await said(harness, ADMIN, line)
            if preview.actions and preview.actions[0].label.startswith("Confirm"):
                assert (await harness.press(ADMIN, preview, "Confirm")).ok
            await harness.tick()
        texts = "\n".join(harness.platform.texts("tell", "ada"))
        assert texts.count("Brazil is out; your alerts at 35¢ and NO 99¢ are gone.") == 1
        assert texts.count("Germany has won; your alert at 90¢ is gone.") == 1
        assert texts.count("Costa Rica is out; your alert at 99¢ is gone.") == 1
        assert plain_text.text(await harness.say("ada", "/alert")).startswith("This market is over")
        assert plain_text.text(await harness.say("ada", "/alert brazil 5c")).startswith("This market is over")


async def test_a_market_that_is_called_off_says_that(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await said(harness, "ada", "/alert germany 90c")
        await harness.press(ADMIN, await said(harness, ADMIN, "/admin void"), "Confirm")
        await harness.tick()
        assert told(harness, "ada") == ["The market is called off; your alert for Germany 90¢ is gone."]


async def test_twenty_and_no_more_and_each_has_a_button_that_only_its_owner_may_press(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await said(harness, "ada", *(f"/alert germany {60 + cents}c" for cents in range(20)))
        again = await said(harness, "ada", "/alert germany 60c")  # said twice it is there once
        harness.now += 5_000
        refused = await harness.say("ada", "/alert germany 90c")
        assert plain_text.text(refused).startswith("You are waiting for 20 prices already")
        rows = await said(harness, "ada", "/alert")
        assert len(rows.actions) == 20
        assert not (await harness.say("bob", button(again, "Cancel"))).ok
        for action in rows.actions:
            harness.now += 1_000
            assert (await harness.say("ada", action.text)).ok
        assert plain_text.text(await harness.say("ada", "/alert")).startswith("You are not waiting for any price.")


async def test_off_takes_back_those_of_one_outcome(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        off = await said(
            harness, "ada", "/alert germany 90c", "/alert germany no 10c", "/alert brazil 5c", "/alert germany off"
        )
        assert plain_text.text(off).startswith("Cancelled: you are not told of Germany at 90¢ and Germany NO at 10¢.")
        assert [action.label for action in (await said(harness, "ada", "/alert")).actions] == ["Cancel Brazil 5¢"]
