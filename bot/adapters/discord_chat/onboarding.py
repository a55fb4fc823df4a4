"""The first minute in a server: the bot asks for the channel of its markets, and goes there once it has been told.

The question stands where the bot may write, else with the owner alone. Whoever may manage the server answers it; a
channel in which something is lacking is not taken, and what lacks is said.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord
from discord import ui

from bot.adapters.discord_chat import errors
from bot.adapters.discord_chat.permissions import lacking
from bot.adapters.discord_chat.registration import CommandIds
from bot.adapters.discord_chat.render import NO_MENTIONS, RenderedMessage, render
from bot.chat.buttons import Buttons
from bot.chat.platform import RetryLaterError, UnreachableError
from bot.chat.reply import Reply
from bot.words import discord as words

log = logging.getLogger(__name__)

WHERE = "w/channel"  # the id of the menu that asks
KINDS = [discord.ChannelType.text, discord.ChannelType.news]


class Onboarding:
    def __init__(self, buttons: Buttons, command_ids: CommandIds) -> None:
        self._buttons = buttons
        self._command_ids = command_ids

    async def greet(self, client: discord.Client, guild: discord.Guild) -> None:
        """Nowhere, if the owner takes no direct messages."""
        try:
            for channel in _writable(guild)[:2]:
                try:
                    await channel.send(view=await self._question(guild), allowed_mentions=NO_MENTIONS)
                    return
                except discord.Forbidden:
                    continue
            if guild.owner_id is not None:
                direct = await client.create_dm(discord.Object(guild.owner_id))
                message = await self._rendered(words.greeting(asks_where=False))
                await direct.send(view=message.view, allowed_mentions=NO_MENTIONS)
        except (discord.HTTPException, discord.RateLimited, OSError) as error:
            log.info("no greeting in server %s: %s", guild.id, error)

    async def move(self, interaction: discord.Interaction, number: str) -> Reply:
        """To the channel that was chosen: what is said there, and here."""
        guild = interaction.guild
        channel = guild.get_channel(int(number)) if guild is not None and number.isdecimal() else None
        if guild is None or guild.me is None or not isinstance(channel, discord.TextChannel):
            return words.no_such_channel()
        lacks = lacking(channel.permissions_for(guild.me))
        if lacks:
            return words.may_not_post_there(number, lacks)
        welcome = await self._rendered(words.welcome())
        try:
            async with errors.translating_errors():
                await channel.send(view=welcome.view, allowed_mentions=NO_MENTIONS)
        except (RetryLaterError, UnreachableError) as error:
            log.info("no welcome in channel %s: %s", number, error)
            return words.not_said_there(number)
        return words.goes_there(number)

    async def _question(self, guild: discord.Guild) -> ui.LayoutView:
        message = await self._rendered(words.greeting(asks_where=True))
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        row.add_item(ui.ChannelSelect(custom_id=WHERE, channel_types=KINDS, placeholder=words.which_channel()))
        message.view.add_item(row)
        return message.view

    async def _rendered(self, reply: Reply) -> RenderedMessage:
        return await render(reply, self._buttons, clickable=await self._command_ids.known())


def _writable(guild: discord.Guild) -> Sequence[discord.TextChannel]:
    """Where the bot may send, the server's own first."""
    channels = [channel for channel in [guild.system_channel, *guild.text_channels] if channel is not None]
    return [channel for channel in channels if guild.me is not None and channel.permissions_for(guild.me).send_messages]
