"""The database is in trouble, and whoever writes in a chat hears of it there, in a sentence, before and after."""

from __future__ import annotations

from pathlib import Path

from tests.platform.discord_harness import discord_harness, running
from tests.platform.telegram_harness import asks_to_confirm, telegram_harness

MOVED = "This cannot be done now: the file of the database was moved away."


async def test_on_discord_commands_and_presses_are_answered_while_the_file_is_away(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        ticket = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$40")
        away = (tmp_path / "town.db").rename(tmp_path / "away.db")
        assert MOVED in (await harness.slash(ada, "positions")).text
        assert MOVED in (await harness.press(ada, ticket.reply, "Confirm")).text
        away.rename(tmp_path / "town.db")
        await harness.press(ada, ticket.reply, "Confirm")
        await harness.tick()
        assert "Filled" in ada.reads(harness.channel)
        harness.assert_sound()


async def test_on_telegram_commands_and_presses_are_answered_while_the_file_is_away(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.running()
        await harness.say(harness.ben, "/buy germany yes 40")
        ticket = await harness.ben.chat.expect(asks_to_confirm)
        away = (tmp_path / "town.db").rename(tmp_path / "away.db")
        await harness.say(harness.ben, "/board")
        await harness.ben.chat.expect(MOVED)
        away.rename(tmp_path / "town.db")
        await harness.press(harness.ben, ticket, "Confirm")
        await harness.tick()
        await harness.ben.chat.expect("Filled")
