"""Where something is said on Discord: which chat that is, and what its admins have set for it.

What the bot has to be allowed, and the link by which a server gives it that.
"""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

import discord

from bot.adapters.discord_chat import NAME
from bot.chat.invocation import ChatKind
from bot.text.names import LONGEST_TITLE, clean
from storage.chats import ChatSettings
from storage.database import Database
from storage.trouble import TroubleError

CACHE_MS = 3_000  # a role that is set counts a moment later; a burst of presses asks once


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAddress:
    """A chat is a channel; a thread counts as the channel it belongs to. One that is only `visited` has the number of
    who is there: nothing can be sent to it."""

    chat_ext: str
    kind: ChatKind
    title: str
    visited: bool = False


def is_visited(interaction: discord.Interaction) -> bool:
    """Whether the bot is there for one person alone, who installed it for themselves: in a server that has not got it,
    or where people talk to each other. Such a place counts as their private chat, in which others read along.
    Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object"""
    if interaction.guild_id is None:
        return bool(interaction.context.private_channel)
    if interaction.is_user_integration() and not interaction.is_guild_integration():
        return True
    return interaction.client.get_guild(interaction.guild_id) is None


def is_read_by_others(interaction: discord.Interaction) -> bool:
    """Everywhere but in somebody's conversation with the bot."""
    return interaction.guild_id is not None or is_visited(interaction)


def address_of(interaction: discord.Interaction) -> ChannelAddress:
    """Where an interaction comes from."""
    if is_visited(interaction):
        return ChannelAddress(chat_ext=str(interaction.user.id), kind=ChatKind.PRIVATE, title="", visited=True)
    channel = interaction.channel
    if interaction.guild_id is None:
        chat = str(channel.id if channel is not None else interaction.user.id)
        return ChannelAddress(chat_ext=chat, kind=ChatKind.PRIVATE, title="")
    name = getattr(channel, "name", "") or ""
    ident = channel.id if channel is not None else interaction.guild_id
    if isinstance(channel, discord.Thread):
        parent = channel.parent
        if not isinstance(parent, discord.ForumChannel):  # nobody can post into a forum itself
            ident = channel.parent_id
            name = parent.name if parent is not None else name
    guild = interaction.guild.name if interaction.guild is not None else ""
    title = clean(" ".join(part for part in (guild, f"#{name}" if name else "") if part), LONGEST_TITLE)
    return ChannelAddress(chat_ext=str(ident), kind=ChatKind.GROUP, title=title)


class ChannelRoles:
    """What chats have set: the role of their admins, the role to mention."""

    def __init__(self, db: Database, monotonic_ms: Callable[[], int]) -> None:
        self._db = db
        self._monotonic_ms = monotonic_ms
        self._cache: OrderedDict[str, tuple[int, ChatSettings | None]] = OrderedDict()

    async def get(self, chat_ext: str) -> ChatSettings | None:
        """None where the chat is not known yet."""
        now = self._monotonic_ms()
        cached = self._cache.get(chat_ext)
        if cached is not None and cached[0] + CACHE_MS > now:
            return cached[1]
        try:
            async with self._db.reading() as uow:
                chat = await uow.chats.find(NAME, chat_ext)
                settings = await uow.chats.settings(chat.id) if chat is not None else None
        except TroubleError:  # what was known last; the dispatcher says what is wrong
            return cached[1] if cached is not None else None
        self._cache[chat_ext] = (now, settings)
        if len(self._cache) > 1_000:
            self._cache.popitem(last=False)
        return settings

    async def is_admin(self, interaction: discord.Interaction, chat_ext: str) -> bool:
        """Asked anew for each press."""
        if interaction.guild_id is None or is_visited(interaction):
            return False
        return await self.makes_admin(chat_ext, interaction.permissions, _role_ids(interaction))

    async def makes_admin(self, chat_ext: str, permissions: discord.Permissions, role_ids: Collection[str]) -> bool:
        """Who may manage the server, or holds the role this chat has named, is its admin."""
        if permissions.manage_guild or permissions.administrator:
            return True
        settings = await self.get(chat_ext)
        role = settings.admin_role if settings is not None else None
        return role is not None and str(role) in role_ids


def _role_ids(interaction: discord.Interaction) -> set[str]:
    return {str(role.id) for role in interaction.user.roles} if isinstance(interaction.user, discord.Member) else set()


REQUIRED = (
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


def required_permissions() -> discord.Permissions:
    return discord.Permissions(**dict.fromkeys(REQUIRED, True))


def application_id_of(token: str) -> int | None:
    """The application a token belongs to: its first part is the id. None where it is no token."""
    head = token.strip().split(".")[0]
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return int(text) if text.isdigit() and len(text) <= 20 else None


def invite_url(application: int) -> str:
    """The link an admin of a server opens."""
    return discord.utils.oauth_url(application, permissions=required_permissions(), scopes=SCOPES)


def lacking(permissions: discord.Permissions, *, in_thread: bool = False) -> tuple[str, ...]:
    """The permissions that lack for posting, as people read them in Discord."""
    wanted = (name if name != "send_messages" or not in_thread else "send_messages_in_threads" for name in _TO_POST)
    return tuple(name.replace("_", " ").title() for name in wanted if not getattr(permissions, name))


def missing_permissions(channel: object) -> str:
    """Those that lack there, of a channel of a server that is known; "" where that is not known."""
    if not isinstance(channel, discord.abc.GuildChannel) or channel.guild.me is None:
        return ""
    return ", ".join(lacking(channel.permissions_for(channel.guild.me)))
