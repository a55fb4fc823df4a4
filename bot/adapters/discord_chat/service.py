"""The connection to Discord: puts the adapter together, logs in, and closes it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from bot.adapters.discord_chat import NAME, library_patches, message_refs
from bot.adapters.discord_chat.client import ClientParts, DiscordClient
from bot.adapters.discord_chat.edits import MessageEdits, OvertakenAnswers
from bot.adapters.discord_chat.followups import FollowUps
from bot.adapters.discord_chat.interactions import Interactions
from bot.adapters.discord_chat.permissions import ChannelRoles
from bot.adapters.discord_chat.platform import DiscordPlatform
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.shards import Shards
from bot.adapters.discord_chat.status_line import StatusLine
from bot.adapters.reconnecting import ReconnectingService
from bot.chat.buttons import Buttons
from bot.chat.pictures import Draw
from bot.dispatcher import Dispatcher
from bot.notifications.reachability import ChatPresence
from storage.clock import Clock
from storage.database import Database
from storage.holding import Holder

log = logging.getLogger(__name__)

CLOSE_S = 2.0
ANSWER_S = 1.0  # for what was being answered


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordSettings:
    """The settings `DISCORD_*`."""

    token: str = field(repr=False)
    api_base: str | None = None
    gateway: str | None = None
    shard_ids: tuple[int, ...] = ()  # those this process may have; empty: any
    shard_count: int | None = None

    @property
    def shards_in_all(self) -> int:
        return self.shard_count or max(self.shard_ids, default=0) + 1


class DiscordService(ReconnectingService):
    """`on_ready` is called once, when this process serves or stands by. `draw` makes a chart's PNG; `holder` knows
    which shards are this process's."""

    close_timeout_s = CLOSE_S

    def __init__(
        self,
        db: Database,
        dispatcher: Dispatcher,
        clock: Clock,
        draw: Draw,
        settings: DiscordSettings,
        holder: Holder,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(on_ready)
        self._settings = settings
        buttons, roles, edits = Buttons(db, clock.now_ms), ChannelRoles(db, clock.monotonic_ms), MessageEdits()
        command_ids = CommandIds(db, clock.monotonic_ms)
        tokens, follow_ups = message_refs.Tokens(buttons), FollowUps(clock)
        overtaken = OvertakenAnswers(db, lambda: holder.lease(NAME) is not None)
        count = settings.shards_in_all
        self._shards = Shards(
            db,
            clock,
            holder,
            numbers=settings.shard_ids or range(count),
            count=count,
            lenient=settings.gateway is not None,
            ready=self._ready,
        )
        self._platform = DiscordPlatform(
            db, buttons, command_ids, tokens, roles, edits, follow_ups, self._shards, clock
        )
        self._parts = ClientParts(
            db=db,
            interactions=Interactions(
                dispatcher, buttons, command_ids, tokens, roles, edits, follow_ups, overtaken, draw
            ),
            buttons=buttons,
            command_ids=command_ids,
            presence=ChatPresence(db, clock.now_ms),
            commands=dispatcher.commands,
            shards=self._shards,
            status=StatusLine(db, clock, self._shards.connected),
        )
        self._client: DiscordClient | None = None

    @property
    def platform(self) -> DiscordPlatform:
        return self._platform

    async def start(self) -> None:
        library_patches.accept_other_servers(self._settings.api_base, self._settings.gateway)
        library_patches.keep_rate_limits()
        library_patches.global_rate_limit.reset()
        await super().start()

    async def _connect(self) -> None:
        self._client = DiscordClient(self._parts)
        self._platform.client = self._client
        await self._client.start(self._settings.token)
        log.warning("Discord ended the connection")

    def _log_failure(self, error: Exception) -> bool:
        match error:
            case discord.LoginFailure():
                log.error("Discord does not take DISCORD_TOKEN: make a new one in the developer portal")
                return True
            case discord.PrivilegedIntentsRequired():
                log.error("Discord asks for an intent that is not needed", exc_info=error)
            case _:
                log.warning("the connection to Discord broke: %r", error)
        return False

    async def _finish(self) -> None:
        """Nothing more comes in first: what others do now is for the process that goes on."""
        await self._shards.leave()
        await self._parts.interactions.busy.idle(ANSWER_S)

    async def _close(self) -> None:
        await self._shards.leave()
        await self._parts.interactions.close()
        client, self._client, self._platform.client = self._client, None, None
        if client is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await client.close()
        await self._parts.interactions.busy.idle(ANSWER_S)
