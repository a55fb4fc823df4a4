"""An interaction as the rest of the bot takes it: who, where, what."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.adapters.discord_chat.permissions import ChannelAddress
from bot.chat.invocation import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingInteraction:
    """One interaction, read."""

    interaction: discord.Interaction
    address: ChannelAddress
    invocation: Invocation
    decides: bool = False  # the answer takes the place of the message that was pressed


def is_private_message(interaction: discord.Interaction) -> bool:
    """Whether the message that was pressed is shown to its reader alone, so that it may be replaced."""
    if interaction.message is None:
        return False
    return interaction.message.flags.ephemeral or interaction.guild_id is None
