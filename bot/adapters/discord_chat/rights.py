"""What the bot has to be allowed, and the link by which a server gives it that."""

from __future__ import annotations

import base64
import binascii

import discord

NEEDED = (
    "view_channel",
    "send_messages",
    "send_messages_in_threads",
    "create_public_threads",
    "embed_links",
    "attach_files",
    "read_message_history",
    "pin_messages",
)
SCOPES = ("bot", "applications.commands")
_TO_POST = ("view_channel", "send_messages", "attach_files")


def permissions() -> discord.Permissions:
    return discord.Permissions(**dict.fromkeys(NEEDED, True))


def application_of(token: str) -> int | None:
    """The application a token belongs to: its first part is the id. None where it is no token."""
    head = token.strip().split(".")[0]
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return int(text) if text.isdigit() and len(text) <= 20 else None


def invitation(application: int) -> str:
    """The link an admin of a server opens."""
    return discord.utils.oauth_url(application, permissions=permissions(), scopes=SCOPES)


def missing(client: discord.Client, channel_id: int) -> str:
    """The permissions that lack for posting there, as people read them in Discord; "" where that is not known."""
    channel = client.get_channel(channel_id)
    if not isinstance(channel, discord.abc.GuildChannel) or channel.guild.me is None:
        return ""
    have = channel.permissions_for(channel.guild.me)
    return ", ".join(name.replace("_", " ").title() for name in _TO_POST if not getattr(have, name))
