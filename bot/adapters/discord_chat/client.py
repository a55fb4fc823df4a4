"""The login, and the events of Discord's gateway, each handed to the part that handles it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import registration, slash_commands
from bot.adapters.discord_chat.in_flight import counted
from bot.adapters.discord_chat.interactions import Interactions
from bot.adapters.discord_chat.membership import Membership
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.render import NO_MENTIONS
from bot.adapters.discord_chat.shards import Shards
from bot.adapters.discord_chat.status_line import StatusLine
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
    command_ids: CommandIds
    presence: ChatPresence
    commands: Sequence[Command]
    shards: Shards
    status: StatusLine


class CommandTree(app_commands.CommandTree["DiscordClient"]):
    """Slash commands; one that is not known any more is answered too."""

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            if interaction.type is discord.InteractionType.application_command:
                await self.client.parts.interactions.handle_outdated(interaction)
        else:
            log.error("a slash command failed", exc_info=error)
        self.client.parts.shards.ended(interaction)


class DiscordClient(discord.AutoShardedClient):
    """One login, by which everything is sent; the shards come and go. Needs no privileged intent: it reads no messages
    and no member lists."""

    def __init__(self, parts: ClientParts) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice is used
        super().__init__(
            intents=discord.Intents(guilds=True),
            shard_count=parts.shards.count,
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
        self._membership = Membership(self, parts.db, parts.presence, parts.buttons, parts.command_ids)
        self._tasks: set[asyncio.Task[None]] = set()

    async def setup_hook(self) -> None:
        """Logged in, not connected yet: register the commands if they are not what they were."""
        interactions = self.parts.interactions
        self.parts.command_ids.of_application(self.application_id or 0)
        for_users = self.application is not None and self.application.user_integration_config is not None
        slash_commands.build(
            self.tree, self.parts.commands, self._handle_command, interactions.complete, for_users=for_users
        )
        slash_commands.build_menus(self.tree, self.parts.commands, self._handle_menu, for_users=for_users)
        syncing = self._spawn(self._register_commands())
        await asyncio.wait({syncing}, timeout=SYNC_S)

    @counted
    async def _register_commands(self) -> None:
        commands = slash_commands.payload(self.tree)
        await registration.register(self.http, self.application_id or 0, self.parts.db, commands)
        self.parts.command_ids.forget()

    async def connect(self, *, reconnect: bool = True) -> None:
        """The library would connect the same shards for ever."""
        status = self._spawn(self.parts.status.run(self))
        try:
            await self.parts.shards.serve(self)
        finally:
            status.cancel()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library would wait five seconds; whose turn it is has been found out before, over all processes."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:  # Any: as the library has it
        """Each event, at once: where a session stands must be known before the next one comes."""
        if event == "interaction" and args[0].type is not discord.InteractionType.autocomplete:
            self.parts.shards.began(args[0])
        elif event in ("shard_connect", "shard_resumed"):
            self.parts.shards.came_up(args[0], resumed=event == "shard_resumed")
        elif event == "shard_ready":
            self.parts.shards.knows_guilds(args[0])
        super().dispatch(event, *args, **kwargs)

    # -- events

    async def on_shard_connect(self, shard_id: int) -> None:
        log.info("shard %s is connected to Discord", shard_id)

    async def _handle_command(self, interaction: discord.Interaction, command: Command, args: dict[str, str]) -> None:
        try:
            await self.parts.interactions.handle_command(interaction, command, args)
        finally:
            self.parts.shards.ended(interaction)

    async def _handle_menu(
        self, interaction: discord.Interaction, command: Command, args: dict[str, str], asked_of: str
    ) -> None:
        try:
            await self.parts.interactions.handle_menu(interaction, command, args, asked_of)
        finally:
            self.parts.shards.ended(interaction)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Buttons, menus and modals of every message there ever was: their ids say all, nothing is remembered here.
        Slash commands come through the tree."""
        if interaction.type is discord.InteractionType.application_command:
            return
        try:
            if interaction.type is discord.InteractionType.component:
                await self.parts.interactions.handle_component(interaction)
            elif interaction.type is discord.InteractionType.modal_submit:
                await self.parts.interactions.handle_modal(interaction)
        finally:
            self.parts.shards.ended(interaction)

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
