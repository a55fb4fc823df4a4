"""Permission bits and how a member's rights in a channel come about (Discord's topics/permissions)."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import Channel, Guild, User


class Permission(IntFlag):
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


EVERYTHING = (1 << 53) - 1

# what @everyone has in a new server, as far as this peer knows the rights
EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MENTION_EVERYONE
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)

# in a direct message there are no roles: everybody may do what a conversation needs
IN_A_DM = EVERYONE | Permission.PIN_MESSAGES


def permissions_in_guild(guild: Guild, user: User) -> int:
    """What a user's roles allow; 0 for who is not a member."""
    member = guild.members.get(user.id)
    if member is None:
        return 0
    if guild.owner is user:
        return EVERYTHING
    given = guild.everyone.permissions
    for role in member.roles:
        given |= role.permissions
    return EVERYTHING if given & Permission.ADMINISTRATOR else given


def permissions_in(channel: Channel, user: User) -> int:
    """What a user may do in a channel; a thread follows its parent, a direct message belongs to its two."""
    guild = channel.guild
    if guild is None:
        if channel.people:
            return IN_A_DM if user in channel.people else 0
        return IN_A_DM if user.bot or user is channel.recipient else 0
    given = permissions_in_guild(guild, user)
    if given & Permission.ADMINISTRATOR or given == 0:
        return given
    overwrites = (channel.parent or channel).overwrites
    member = guild.members[user.id]
    everyone = overwrites.get(guild.everyone.id)
    if everyone is not None:
        given = given & ~everyone.deny | everyone.allow
    mine = [overwrites[role.id] for role in member.roles if role.id in overwrites]
    for one in mine:
        given &= ~one.deny
    for one in mine:
        given |= one.allow
    own = overwrites.get(user.id)
    if own is not None:
        given = given & ~own.deny | own.allow
    return given if given & Permission.VIEW_CHANNEL else 0
