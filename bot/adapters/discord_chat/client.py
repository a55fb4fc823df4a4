"""The connection: the events of Discord's gateway, each handed to the part that handles it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import slash_commands
from bot.adapters.discord_chat.in_flight import counted
from bot.adapters.discord_chat.interactions import Interactions
from bot.adapters.discord_chat.membership import Membership
from bot.adapters.discord_chat.render import NO_MENTIONS
from bot.chat.buttons import Buttons
from bot.grammar.command import Command
from bot.notifications.reachability import ChatPresence
from storage.database import Database
from storage.in_flight import InFlight
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 3.0  # for a rate limit inside the library; longer ones the announcer waits out
SYNC_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientParts:
    """What a connection works with; they outlive it."""

    db: Database
    interactions: Interactions
    buttons: Buttons
    presence: ChatPresence
    commands: Sequence[Command]
    ready: Callable[[], None]
    gateway: str | None = None  # the address that was set, if one was


class CommandTree(app_commands.CommandTree["DiscordClient"]):
    """Slash commands; one that is not known any more is answered too."""

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            if interaction.type is discord.InteractionType.application_command:
                await self.client.parts.interactions.handle_outdated(interaction)
            return
        log.error("a slash command failed", exc_info=error)


class DiscordClient(discord.AutoShardedClient):
    """One login. Needs no privileged intent: it reads no messages and no member lists."""

    def __init__(self, parts: ClientParts, *, shard_ids: Sequence[int] | None, shard_count: int | None) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice is used
        only: dict[str, Any] = {"shard_ids": list(shard_ids)} if shard_ids else {}  # Any: of the library
        super().__init__(
            **only,
            intents=discord.Intents(guilds=True),
            shard_count=shard_count if shard_count or not shard_ids else max(shard_ids) + 1,
            allowed_mentions=NO_MENTIONS,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=0.5,
            enable_debug_events=False,
        )
        self.parts = parts
        self.busy: InFlight = parts.interactions.busy
        self.tree = CommandTree(self)
        self.http.max_ratelimit_timeout = LONGEST_WAIT_S
        self._membership = Membership(self, parts.db, parts.presence, parts.buttons)
        self._tasks: set[asyncio.Task[None]] = set()

    async def setup_hook(self) -> None:
        """Logged in, not connected yet: register the commands if they are not what they were."""
        interactions = self.parts.interactions
        slash_commands.build(self.tree, self.parts.commands, interactions.handle_command, interactions.complete)
        syncing = self._spawn(self._register_commands())
        await asyncio.wait({syncing}, timeout=SYNC_S)

    @counted
    async def _register_commands(self) -> None:
        await slash_commands.register(self.http, self.application_id or 0, self.parts.db, self.tree)

    async def launch_shards(self) -> None:
        """The library asks for the number of shards and then connects to wherever it was told; a gateway that was set
        is the gateway."""
        if self.shard_count is None and self.parts.gateway is not None:
            try:
                self.shard_count, _, _ = await self.http.get_bot_gateway()
            except (discord.DiscordException, KeyError, TypeError):
                self.shard_count = 1
        await super().launch_shards()

    # -- events

    async def on_ready(self) -> None:
        log.info("connected to Discord, %d servers", len(self.guilds))
        self.parts.ready()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Buttons, menus and modals of every message there ever was: their ids say all, nothing is remembered here.
        Slash commands come through the tree."""
        if interaction.type is discord.InteractionType.component:
            await self.parts.interactions.handle_component(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await self.parts.interactions.handle_modal(interaction)

    @counted
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._membership.on_guild_join(guild)

    @counted
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """At the start and after an outage."""
        await self._membership.on_permissions_changed(guild)

    @counted
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        await self._membership.on_permissions_changed(after.guild)

    @counted
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        await self._membership.on_permissions_changed(after.guild)

    @counted
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._membership.on_guild_remove(guild)

    @counted
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._membership.on_channel_delete(channel)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        if not isinstance(sys.exc_info()[1], TroubleError):
            log.exception("an event of Discord (%s) could not be handled", event_method)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
