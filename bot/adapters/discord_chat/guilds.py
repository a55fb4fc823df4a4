"""Servers asked for by REST, where the gateway has told nothing of them: those of shards that another process has, and
those of a session that was taken over."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import discord

from bot.adapters.discord_chat import library_patches

log = logging.getLogger(__name__)

ASK_S = 1.5  # of the three seconds in which an interaction must be acknowledged
PAUSE_S = 0.1  # between two servers of a session that was taken over: people's answers come first
_WHOLE = ("READY", "GUILD_CREATE", "GUILD_DELETE")  # they tell of a server all there is, or it is gone


async def fetch_guild(client: discord.Client, guild_id: int) -> discord.Guild | None:
    """As the gateway would tell it: its roles and channels and the bot's own membership, not its threads. None where it
    cannot be had."""
    if client.user is None:
        return None
    try:
        data: Any = await client.http.get_guild(guild_id, with_counts=False)  # Any: JSON as Discord sends it
        channels = await client.http.get_all_guild_channels(guild_id)
        me = await client.http.get_member(guild_id, client.user.id)
    except (discord.HTTPException, discord.RateLimited, OSError) as error:
        log.info("server %s could not be asked for: %s", guild_id, error)
        return None
    return library_patches.guild_of(client, {**data, "channels": channels, "members": [me], "threads": []})


async def fetch_channel(client: discord.Client, channel_id: int) -> discord.abc.GuildChannel | None:
    """With its server and so with what the bot may do there; None where it cannot be had."""
    try:
        data: Any = await client.http.get_channel(channel_id)  # Any: as above
    except (discord.HTTPException, discord.RateLimited, OSError):
        return None
    guild_id = data.get("guild_id")
    guild = await fetch_guild(client, int(guild_id)) if guild_id is not None else None
    return guild.get_channel(channel_id) if guild is not None else None


class TakenOverGuilds:
    """The servers of one shard whose session was taken over: a resumed session says nothing of how they were."""

    def __init__(self, client: discord.Client, shard: int, shard_count: int) -> None:
        self._client = client
        self._shard = shard
        self._shard_count = shard_count
        self.is_complete = False

    async def before_event(self, text: str) -> None:
        """The server an event is about is known before the event is."""
        if self.is_complete:
            return
        event = json.loads(text)
        data = event.get("d")
        if event.get("op") != 0 or event.get("t") in _WHOLE or not isinstance(data, dict):
            return
        guild_id = data["id"] if event.get("t") == "GUILD_UPDATE" else data.get("guild_id")
        if guild_id is None:
            return
        try:
            async with asyncio.timeout(ASK_S):
                await self._learn(int(guild_id))
        except TimeoutError:
            log.info("server %s could not be asked for in time", guild_id)

    async def learn_all(self) -> None:
        """One after another."""
        if self.is_complete:
            return
        try:
            guild_ids = [guild.id async for guild in self._client.fetch_guilds(limit=None, with_counts=False)]
        except (discord.HTTPException, discord.RateLimited, OSError) as error:
            log.info("the servers could not be listed, each is asked for when something happens there: %s", error)
            return
        for guild_id in guild_ids:
            if (guild_id >> 22) % self._shard_count == self._shard:
                await self._learn(guild_id)
                await asyncio.sleep(PAUSE_S)
        self.is_complete = True

    async def _learn(self, guild_id: int) -> None:
        if self._client.get_guild(guild_id) is not None:
            return
        guild = await fetch_guild(self._client, guild_id)
        if guild is not None and self._client.get_guild(guild_id) is None:
            library_patches.remember_guild(self._client, guild)
            self._client.dispatch("guild_available", guild)
