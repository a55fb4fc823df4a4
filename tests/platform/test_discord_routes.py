"""What goes where is the chat's choice: posts of a kind go to another channel of the server, and come back when it is
gone; small news makes no sound unless its admins want to hear it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.platform.discord_harness import DiscordHarness, discord_harness, running
from tests.standins.discord_peer import Channel, Message, Permission, Person

SILENT = 1 << 12  # SUPPRESS_NOTIFICATIONS of a message's flags


@asynccontextmanager
async def routed(folder: Path, *routes: str) -> AsyncIterator[tuple[DiscordHarness, Channel, Person]]:
    """A market whose posts of these kinds go to #news, which is there besides."""
    async with discord_harness(folder) as harness:
        [ada] = await running(harness, "ada")
        news = harness.guild.text("news")
        for route in routes:
            told = await harness.slash(harness.admin, "admin channel", what=route, to=news)
            assert "from now on" in told.text, told.text
        yield harness, news, ada


def ours(channel: Channel, text: str) -> list[Message]:
    return [message for message in channel.public if text in message.text]


async def eliminated(harness: DiscordHarness, outcome: str) -> None:
    preview = await harness.slash(harness.admin, "admin eliminate", outcomes=outcome)
    await harness.press(harness.admin, preview.reply, "Confirm")
    await harness.tick()


async def test_results_go_to_the_channel_the_admins_chose_and_come_back_once_they_say_off(tmp_path: Path) -> None:
    async with routed(tmp_path, "results") as (harness, news, _):
        await eliminated(harness, "brazil")
        assert ours(news, "Brazil is out")
        assert not ours(harness.channel, "Brazil is out")
        assert len(harness.channel.pinned) == 1  # the board stays where people play
        listed = await harness.slash(harness.admin, "admin channel")
        assert f"Eliminations, claims and the winner go to <#{news.id}>" in listed.text
        assert (
            "come here from now on"
            in (await harness.slash(harness.admin, "admin channel", what="results", address="off")).text
        )
        await harness.slash(harness.admin, "admin resolve", winner="Germany")
        preview = await harness.slash(harness.admin, "admin resolve", winner="Germany")
        await harness.press(harness.admin, preview.reply, "Confirm")
        await harness.tick()
        assert ours(harness.channel, "Germany wins") or ours(harness.channel, "Germany has won")
        harness.assert_sound()


async def test_where_the_channel_is_gone_posts_come_back_and_the_admins_are_told_once(tmp_path: Path) -> None:
    async with routed(tmp_path, "results", "announcements") as (harness, news, _):
        news.delete()
        await eliminated(harness, "brazil")
        await harness.tick()
        assert len(ours(harness.channel, "Brazil is out")) == 1
        told = [message for message in harness.admin.sees(harness.admin.dm) if "takes no post of mine" in message.text]
        told += [m for m in harness.admin.sees(harness.channel) if "takes no post of mine" in m.text]
        assert len(told) == 1
        assert "openings, freezes, leads and large trades and eliminations" in told[0].text
        await harness.slash(harness.admin, "admin freeze")
        await harness.tick()
        assert ours(harness.channel, "frozen")


async def test_digests_go_to_their_channel_and_make_no_thread(tmp_path: Path) -> None:
    async with routed(tmp_path, "digests") as (harness, news, ada):
        asked = await harness.slash(ada, "buy", outcome="Germany", side="yes", amount="$150")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        await harness.tick(ahead_ms=601_000)
        [digest] = news.public
        assert "Germany" in digest.text
        assert digest.flags & SILENT
        assert harness.channel.threads == []
        harness.assert_sound()


@pytest.mark.parametrize(("heard", "flag"), [(False, SILENT), (True, 0)])
async def test_small_news_makes_no_sound_unless_the_admins_want_to_hear_it(
    tmp_path: Path, heard: bool, flag: int
) -> None:
    async with discord_harness(tmp_path) as harness:
        [ada] = await running(harness, "ada")
        if heard:
            await harness.slash(harness.admin, "admin channel", what="silent", address="off")
        asked = await harness.slash(ada, "buy", outcome="Brazil", side="yes", amount="$150")
        await harness.press(ada, asked.reply, "Confirm")
        await harness.tick()
        [trade] = ours(harness.channel, "Big trade")
        assert trade.flags & SILENT == flag
        [opening] = ours(harness.channel, "is open for trading")
        assert not opening.flags & SILENT


async def test_where_the_bot_may_not_post_it_says_which_permission_it_lacks_and_changes_nothing(tmp_path: Path) -> None:
    async with discord_harness(tmp_path) as harness:
        await running(harness)
        news, elsewhere = harness.guild.text("news"), harness.peer.guild("Others").text("far")
        news.deny(harness.guild.bot_role, Permission.ATTACH_FILES)
        for to, says in (
            ({"to": news}, "What I lack there: Attach Files."),
            ({"address": f"<#{elsewhere.id}>"}, "no channel of this server"),
            ({"address": "1"}, "no channel of this server"),
        ):
            told = await harness.slash(harness.admin, "admin channel", what="results", **to)
            assert says in told.text, told.text
        assert "go to" not in (await harness.slash(harness.admin, "admin channel")).text
