"""The line below the bot's name: who leads, where everybody who sees it may know; no oftener than Discord takes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from bot.adapters.discord_chat.status_line import APART_MS
from tests.platform.discord_harness import DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Permission


async def shows(harness: DiscordHarness, line: str | None) -> None:
    """Once the time for another look has come."""
    await harness.pass_time(APART_MS)

    def is_shown() -> bool:
        return [session.status_line for session in harness.peer.gateway.live()] == [line]

    await harness.peer.until(is_shown, 10.0, f"the status line {line!r}")


async def test_the_status_line_says_who_leads_where_every_server_is_of_that_market_else_nothing_of_it(
    tmp_path: Path,
) -> None:
    async with discord_harness(tmp_path) as harness:
        assert not harness.peer.gateway.live()[0].presences  # nothing runs
        [ada] = await running(harness, "ada")
        await shows(harness, "Germany leads at 50.0¢")
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$50")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        await shows(harness, "Germany leads at 51.2¢")
        harness.channel.deny(harness.guild.everyone, Permission.VIEW_CHANNEL)
        for who in (harness.guild.bot_role, harness.admin):
            harness.channel.allow(who, Permission.VIEW_CHANNEL)
        await shows(harness, "A market is open: /board")
        preview = await harness.slash(harness.admin, "admin set", setting="public", value="on")
        await harness.press(harness.admin, preview.reply, "Confirm")
        await shows(harness, "Germany leads at 51.2¢")
        preview = await harness.slash(harness.admin, "admin void")
        await harness.press(harness.admin, preview.reply, "Confirm")
        await harness.tick()
        await shows(harness, None)
        [session] = harness.peer.gateway.live()
        moments = [at for at, _ in session.presences]
        assert all(later - before >= APART_MS for before, later in pairwise(moments))
        harness.assert_sound()


async def test_a_session_that_begins_anew_gets_its_line_and_another_server_hears_of_no_leader(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness, "ada")
        await shows(harness, "Germany leads at 50.0¢")
        harness.peer.gateway.invalidate()
        await shows(harness, "Germany leads at 50.0¢")
        harness.peer.guild("Others")
        await shows(harness, "A market is open: /board")
