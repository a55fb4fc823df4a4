"""A market is made public: what that shows is shown first; its chats and each member hear of it, each member once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import plain_text
from tests.bot.harness import ADMIN, CREATE, ChatHarness, chat_harness

ON, OFF = "/admin set public on", "/admin set public off"
TOLD, ENDED = "is public now: whoever has the link can watch it.", "is not public any more"


async def is_public(harness: ChatHarness) -> bool:
    async with harness.db.reading() as uow:
        return (await uow.markets.get_one(1)).public


async def told(harness: ChatHarness) -> dict[str, int]:
    """How often each was told in private that it is public."""
    await harness.announcer.step()
    who = ("ada", "bob", "cyd", "dora")
    return {name: sum(TOLD in text for text in harness.platform.texts("tell", name)) for name in who}


async def confirmed(harness: ChatHarness, line: str) -> str:
    reply = await harness.say(ADMIN, line)
    done = await harness.press(ADMIN, reply, "Confirm")
    assert done.ok, plain_text.text(done)
    return plain_text.text(reply)


async def test_it_is_shown_first_and_then_its_chat_and_each_member_are_told_once(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        for line in (CREATE, "/admin open"):
            await harness.say(ADMIN, line)
        for name in ("ada", "bob"):
            await harness.say(name, f"/join {name.title()}")
        await harness.say("bob", "/settings notices watching off")
        shown = plain_text.text(await harness.say(ADMIN, ON))
        assert "Its 2 members are told once" in shown
        assert "OUTCRY_PUBLIC_URL" in shown, "an admin is told what is missing"
        assert not await is_public(harness)
        assert await told(harness) == {"ada": 0, "bob": 0, "cyd": 0, "dora": 0}

        await confirmed(harness, ON)
        assert await is_public(harness)
        assert await told(harness) == {"ada": 1, "bob": 0, "cyd": 0, "dora": 0}, "who muted it is not told"
        assert sum(TOLD in text for text in harness.platform.texts("post")) == 1
        joined = plain_text.text(await harness.say("cyd", "/join Cyd"))
        assert "your name does not show there unless you say `/settings name on`" in joined

        ended = await harness.say(ADMIN, OFF)
        assert (ended.ok, await is_public(harness)) == (True, False), "to end it asks nothing"
        await harness.announcer.step()
        assert sum(ENDED in text for text in harness.platform.texts("post")) == 1
        assert TOLD not in plain_text.text(await harness.say("dora", "/join Dora"))

        await confirmed(harness, ON)
        assert await told(harness) == {"ada": 1, "bob": 0, "cyd": 0, "dora": 1}, "who was told before is not told again"
        log = plain_text.text(await harness.say(ADMIN, "/admin log"))
        assert log.count("public off → on") == 2


async def test_a_draft_is_nobodys_news_and_a_word_that_is_neither_on_nor_off_changes_nothing(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await harness.say(ADMIN, CREATE)
        wrong = await harness.say(ADMIN, "/admin set public maybe")
        assert not wrong.ok
        assert not (await harness.say("ada", ON)).ok
        await confirmed(harness, ON)
        await harness.announcer.step()
        assert harness.platform.texts("post") == []
        assert "already" in plain_text.text(await harness.say(ADMIN, ON))


@pytest.mark.parametrize("pressed", ["Show my name", "Keep it hidden"])
async def test_the_buttons_members_are_given_choose_whether_their_name_shows(tmp_path: Path, pressed: str) -> None:
    async with chat_harness(tmp_path) as harness:
        for line in (CREATE, "/admin open"):
            await harness.say(ADMIN, line)
        await harness.say("ada", "/join Ada")
        await confirmed(harness, ON)
        await harness.announcer.step()
        _, _, _, asked = next(sent for sent in harness.platform.sent if sent[:2] == ("tell", "ada"))
        assert (await harness.press("ada", asked, pressed)).ok
        async with harness.db.reading() as uow:
            shown = await uow.watching.names(1)
        assert list(shown.values()) == (["Ada"] if pressed == "Show my name" else [])
        stored = plain_text.text(await harness.say("ada", "/privacy"))
        assert ("shown by name" in stored) is (pressed == "Show my name")
