"""The Discord peer is held to Discord's own rules, with the real discord.py as its client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import discord
import pytest
from discord import app_commands

from tests.platform.discord_peer import DiscordPeer
from tests.platform.discord_peer.client import running


@pytest.fixture
async def peer() -> AsyncIterator[DiscordPeer]:
    async with DiscordPeer() as peer:
        yield peer


Declare = Callable[[app_commands.CommandTree["Bot"]], None]


class Bot(discord.AutoShardedClient):
    """As a bot of ours would be, but without the waits discord.py makes for the real gateway."""

    def __init__(self, declare: Declare, *, shards: int | None = None) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.02, shard_count=shards)
        self.tree = app_commands.CommandTree(self)
        declare(self.tree)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass


def answers_late(tree: app_commands.CommandTree[Bot]) -> None:
    @tree.command(description="Ask for a ticket")
    async def buy(interaction: discord.Interaction[Bot], outcome: str) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send(f"ticket for {outcome}")


async def test_a_command_deferred_and_followed_up_is_seen_by_its_person_alone(peer: DiscordPeer) -> None:
    guild = peer.guild("Eurovision")
    market, ada, bob = guild.text("market"), guild.member("ada"), guild.member("bob")
    async with running(Bot(answers_late), peer):
        answer = await ada.slash(market, "buy", outcome="germany")
        assert (answer.text, answer.ephemeral) == ("ticket for germany", True)
        assert (len(ada.sees(market)), bob.sees(market)) == (1, [])
        assert peer.refused == []
