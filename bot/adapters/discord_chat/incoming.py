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


def replaces_message(interaction: discord.Interaction, *, decides: bool) -> bool:
    """Whether it is acknowledged as a change of the message that was pressed: one that is its reader's alone, and in
    which they decide something. Any other is answered by a message of its own, which shows that there is no answer as
    long as there is none."""
    message = interaction.message
    return decides and message is not None and (message.flags.ephemeral or interaction.guild_id is None)
