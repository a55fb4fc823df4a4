"""The line below the bot's name: who leads, where everybody who sees it may know, else that a market is open.

A shard's session has a line of its own, shown in all of its servers; each process sets those of the shards it connects.
Discord takes five changes a minute of a session; see `PRESENCES` in the stand-in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import discord

from bot.adapters.discord_chat import NAME, limits
from bot.adapters.discord_chat.gateway import Shard
from bot.market.standings import board_of
from bot.words import discord as words
from storage.clock import Clock
from storage.database import Database
from storage.records import Market
from storage.trouble import TroubleError
from storage.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

APART_MS = 15_000  # four a minute
LOOK_S = 0.25


class StatusLine:
    """`shards` gives those that are connected now."""

    def __init__(self, db: Database, clock: Clock, shards: Callable[[], Sequence[Shard]]) -> None:
        self._db = db
        self._clock = clock
        self._shards = shards
        self._looked_ms: int | None = None
        self._text: str | None = None

    async def run(self, client: discord.Client) -> None:
        """For ever; trouble changes nothing."""
        while True:
            try:
                await self._show(client)
            except TroubleError:
                pass
            except Exception:
                log.exception("the status line could not be set")
            await asyncio.sleep(LOOK_S)

    async def _show(self, client: discord.Client) -> None:
        """What has changed since a shard was told last; a new session at once."""
        now_ms = self._clock.monotonic_ms()
        if self._looked_ms is None or now_ms - self._looked_ms >= APART_MS:
            self._text, self._looked_ms = await self._line(client), now_ms
        for shard in self._shards():
            if shard.is_up and shard.knows_guilds and shard.shown != self._text:
                await shard.show(self._text)

    async def _line(self, client: discord.Client) -> str | None:
        async with self._db.reading() as uow:
            places = await uow.chats.trading(NAME)
            channels: dict[int, list[discord.abc.GuildChannel]] = {}
            for number, ext in places:
                channel = client.get_channel(int(ext)) if ext.isdecimal() else None
                if isinstance(channel, discord.abc.GuildChannel):
                    channels.setdefault(number, []).append(channel)
            if not channels:
                return None
            if len(channels) > 1:
                return words.several_are_open(len(channels))
            [(number, where)] = channels.items()
            market = await uow.markets.get_one(number)
            if not (market.public or _known_to_all(client, where)):
                return words.one_is_open()
            return await self._leader(uow, market)

    async def _leader(self, uow: UnitOfWork, market: Market) -> str:
        board = await board_of(uow, market, self._clock.now_ms())
        return limits.cut(words.who_leads(board), limits.STATUS)


def _known_to_all(client: discord.Client, channels: Sequence[discord.abc.GuildChannel]) -> bool:
    """Whether whoever sees the bot here may look into a channel of that market anyway."""
    open_to_all = {
        channel.guild.id for channel in channels if channel.permissions_for(channel.guild.default_role).view_channel
    }
    return all(guild.id in open_to_all for guild in client.guilds)
