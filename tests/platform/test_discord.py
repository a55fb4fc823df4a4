"""The bot on Discord, from the first command to the last announcement, over a real connection."""

from __future__ import annotations

from pathlib import Path

from tests.platform.discord_town import running, town


async def test_a_ticket_is_private_and_becomes_its_fill(tmp_path: Path) -> None:
    async with town(tmp_path) as here:
        [ada] = await running(here, "ada")
        asked = await here.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        assert asked.ephemeral
        assert "Buy Germany YES" in asked.text
        confirmed = await here.press(ada, asked.reply, "Confirm")
        assert "Sent." in asked.reply.text, confirmed
        await here.tick()
        assert asked.reply.text.startswith("**Filled:"), asked.reply.text
        here.is_sound()
