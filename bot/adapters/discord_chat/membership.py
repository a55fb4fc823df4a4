"""The bot comes and goes: asked into a server, put out of it, permissions given and taken."""

from __future__ import annotations

import discord

from bot.adapters.discord_chat import NAME
from bot.adapters.discord_chat.onboarding import Onboarding
from bot.adapters.discord_chat.registration import CommandIds
from bot.chat.buttons import Buttons
from bot.chat.invocation import ChatKind
from bot.chat.platform import Unreachable
from bot.notifications.reachability import ChatPresence
from bot.text.names import LONGEST_TITLE, clean
from storage.database import Database


class Membership:
    """Tells `ChatPresence` which channels the bot can reach, and greets a server it is new in."""

    def __init__(
        self, client: discord.Client, db: Database, presence: ChatPresence, buttons: Buttons, command_ids: CommandIds
    ) -> None:
        self._client = client
        self._db = db
        self._presence = presence
        self._onboarding = Onboarding(buttons, command_ids)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Invited (again): notices that wait for the server's channels can be sent; a new server is greeted."""
        channels = await self._chats_of(guild)
        for channel in channels:
            await self._reachable(channel)
        if not channels:
            await self._onboarding.greet(self._client, guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        for channel in await self._chats_of(guild):
            await self._presence.left(NAME, str(channel.id), Unreachable.CHAT)

    async def on_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._presence.left(NAME, str(channel.id), Unreachable.CHAT)

    async def on_permissions_changed(self, guild: discord.Guild) -> None:
        """A permission that was missing may be there now: notices that wait for such a channel can be sent."""
        async with self._db.reading() as uow:
            lost = {chat.external_id for chat in await uow.chats.lost() if chat.platform == NAME}
        for channel in guild.channels if lost and guild.me is not None else ():
            permissions = channel.permissions_for(guild.me)
            if str(channel.id) in lost and permissions.view_channel and permissions.send_messages:
                await self._reachable(channel)

    async def _chats_of(self, guild: discord.Guild) -> list[discord.abc.GuildChannel]:
        """The server's channels in which there is or was a market."""
        async with self._db.reading() as uow:
            return [channel for channel in guild.channels if await uow.chats.find(NAME, str(channel.id)) is not None]

    async def _reachable(self, channel: discord.abc.GuildChannel) -> None:
        title = clean(f"{channel.guild.name} #{channel.name}", LONGEST_TITLE)
        await self._presence.arrived(NAME, str(channel.id), ChatKind.GROUP.value, title)
