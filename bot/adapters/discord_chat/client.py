"""The connection: what Discord tells us of servers and people, handed to who has to know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord_chat import slash_commands
from bot.adapters.discord_chat.errors import NOBODY
from bot.adapters.discord_chat.interactions import Interactions
from bot.adapters.discord_chat.render import dressed
from bot.adapters.discord_chat.responses import counted
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind
from bot.chat.platform import Unreachable
from bot.grammar.command import Command
from bot.notifications.reachability import ChatPresence
from bot.text.names import LONGEST_TITLE, clean
from bot.words import discord as words
from storage.database import Database
from storage.in_flight import InFlight

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 3.0  # for a rate limit inside the library; longer ones the announcer waits out
SYNC_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientParts:
    """What a connection works with; they outlive it."""

    db: Database
    desk: Interactions
    buttons: Buttons
    presence: ChatPresence
    commands: Sequence[Command]
    ready: Callable[[], None]
    gateway: str | None = None  # the address that was set, if one was


class Tree(app_commands.CommandTree["DiscordClient"]):
    """Slash commands; one that is not known any more is answered too."""

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            if interaction.type is discord.InteractionType.application_command:
                await self.client.parts.desk.outdated(interaction)
            return
        log.error("a slash command failed", exc_info=error)


class DiscordClient(discord.AutoShardedClient):
    """One login. Needs no privileged intent: it reads no messages and no member lists."""

    def __init__(self, parts: ClientParts, *, shard_ids: Sequence[int] | None, shard_count: int | None) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we do not speak
        only: dict[str, Any] = {"shard_ids": list(shard_ids)} if shard_ids else {}  # Any: of the library
        super().__init__(
            **only,
            intents=discord.Intents(guilds=True),
            shard_count=shard_count if shard_count or not shard_ids else max(shard_ids) + 1,
            allowed_mentions=NOBODY,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=0.5,
            enable_debug_events=False,
        )
        self.parts = parts
        self.busy: InFlight = parts.desk.busy
        self.tree = Tree(self)
        self.http.max_ratelimit_timeout = LONGEST_WAIT_S
        self._tasks: set[asyncio.Task[None]] = set()

    async def setup_hook(self) -> None:
        """Logged in, not connected yet: register the commands if they are not what they were."""
        desk = self.parts.desk
        slash_commands.build(self.tree, self.parts.commands, desk.slash, desk.complete)
        syncing = self._spawn(self._sync())
        await asyncio.wait({syncing}, timeout=SYNC_S)

    @counted
    async def _sync(self) -> None:
        registered = slash_commands.payload(self.tree)
        wanted, name = slash_commands.fingerprint(registered), f"discord:commands:{self.application_id}"
        async with self.parts.db.reading() as uow:
            kept = await uow.facts.get(name)
        if kept == wanted:
            return
        try:
            await self.http.bulk_upsert_global_commands(self.application_id or 0, registered)
        except (discord.HTTPException, discord.RateLimited, OSError) as error:
            log.error("the commands could not be registered: %s", error)
            return
        async with self.parts.db.writing() as uow:
            await uow.facts.put(name, wanted)
            await uow.commit()
        log.info("%d commands registered with Discord", len(registered))

    async def launch_shards(self) -> None:
        """The library asks for the number of shards and then connects to wherever it was told; a gateway that was set
        is the gateway."""
        if self.shard_count is None and self.parts.gateway is not None:
            try:
                self.shard_count, _, _ = await self.http.get_bot_gateway()
            except (discord.DiscordException, KeyError, TypeError):
                self.shard_count = 1
        await super().launch_shards()

    # -- what Discord tells

    async def on_ready(self) -> None:
        log.info("connected to Discord, %d servers", len(self.guilds))
        self.parts.ready()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Presses and dialogs of every message there ever was: their ids say all, nothing is remembered here. Slash
        commands come through the tree."""
        if interaction.type is discord.InteractionType.component:
            await self.parts.desk.component(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await self.parts.desk.submitted(interaction)

    @counted
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Asked in (again): what waits for its channels may leave, and people are told where to begin."""
        known = await self._known(guild)
        for channel in known:
            await self._arrived(channel)
        if not known:
            await self._greet(guild)

    @counted
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """At the start and after an outage."""
        await self._mended(guild)

    @counted
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        await self._mended(after.guild)

    @counted
    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        await self._mended(after.guild)

    @counted
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        for channel in await self._known(guild):
            await self.parts.presence.left(slash_commands.NAME, str(channel.id), Unreachable.CHAT)

    @counted
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self.parts.presence.left(slash_commands.NAME, str(channel.id), Unreachable.CHAT)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.exception("an event of Discord (%s) could not be handled", event_method)

    # -- steps

    async def _known(self, guild: discord.Guild) -> list[discord.abc.GuildChannel]:
        """Channels of a server that are chats of ours."""
        async with self.parts.db.reading() as uow:
            return [one for one in guild.channels if await uow.chats.find(slash_commands.NAME, str(one.id)) is not None]

    async def _mended(self, guild: discord.Guild) -> None:
        """A permission that was missing may be there now: what waits for such a channel may leave."""
        async with self.parts.db.reading() as uow:
            lost = {chat.external_id for chat in await uow.chats.lost() if chat.platform == slash_commands.NAME}
        for channel in guild.channels if lost and guild.me is not None else ():
            rights = channel.permissions_for(guild.me)
            if str(channel.id) in lost and rights.view_channel and rights.send_messages:
                await self._arrived(channel)

    async def _arrived(self, channel: discord.abc.GuildChannel) -> None:
        title = clean(f"{channel.guild.name} #{channel.name}", LONGEST_TITLE)
        await self.parts.presence.arrived(slash_commands.NAME, str(channel.id), ChatKind.GROUP.value, title)

    async def _greet(self, guild: discord.Guild) -> None:
        """Where the bot may speak, else to the owner alone; nowhere if she takes no messages either."""
        message = await dressed(words.greeting(), self.parts.buttons)
        places: Sequence[discord.abc.Messageable] = [
            channel
            for channel in [guild.system_channel, *guild.text_channels]
            if channel is not None and guild.me is not None and channel.permissions_for(guild.me).send_messages
        ][:2]
        try:
            if not places and guild.owner_id is not None:
                places = [await self.create_dm(discord.Object(guild.owner_id))]
            for place in places:
                try:
                    await place.send(view=message.view, allowed_mentions=NOBODY)
                    return
                except discord.Forbidden:
                    continue
        except (discord.HTTPException, discord.RateLimited, OSError) as error:
            log.info("no greeting in server %s: %s", guild.id, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
