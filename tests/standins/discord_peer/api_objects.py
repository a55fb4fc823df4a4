"""The JSON that Discord shows of what exists, as the public API reference lays it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .json_values import Json, iso

if TYPE_CHECKING:
    from . import world
    from .interaction import Interaction


def user(one: world.User) -> Json:
    return {
        "id": str(one.id),
        "username": one.name,
        "discriminator": "0",
        "global_name": None if one.bot else one.name.title(),
        "avatar": None,
        "bot": one.bot,
        "public_flags": 0,
    }


def member(one: world.Member, *, whole: bool = True) -> Json:
    shown: Json = {
        "nick": one.nick,
        "avatar": None,
        "roles": [str(role.id) for role in one.roles],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }
    return shown | {"user": user(one.user)} if whole else shown


def role(one: world.Role) -> Json:
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": one.position,
        "permissions": str(int(one.permissions)),
        "managed": one.managed,
        "mentionable": one.mentionable,
        "flags": 0,
    }


def channel(one: world.Channel) -> Json:
    last = next((message.id for message in reversed(one.messages.values()) if not message.ephemeral), None)
    shown: Json = {"id": str(one.id), "type": one.kind, "last_message_id": str(last) if last else None, "flags": 0}
    if one.recipient is not None:
        return shown | {"recipients": [user(one.recipient)]}
    if one.people:
        return shown | {"recipients": [user(person) for person in one.people], "name": None, "icon": None,
                        "owner_id": str(one.people[0].id)}  # fmt: skip
    if one.guild is None:
        return shown
    shown |= {"guild_id": str(one.guild.id), "name": one.name, "rate_limit_per_user": 0}
    if one.parent is not None:
        return shown | _thread(one)
    return shown | {
        "position": 0,
        "nsfw": False,
        "topic": None,
        "parent_id": None,
        "permission_overwrites": [
            {"id": str(target), "type": over.kind, "allow": str(over.allow), "deny": str(over.deny)}
            for target, over in one.overwrites.items()
        ],
    }


def _thread(one: world.Channel) -> Json:
    owner = one.owner
    assert one.parent is not None
    assert owner is not None
    return {
        "parent_id": str(one.parent.id),
        "owner_id": str(owner.id),
        "message_count": len(one.public),
        "total_message_sent": len(one.public),
        "member_count": 1,
        "thread_metadata": {
            "archived": one.archived,
            "locked": one.locked,
            "auto_archive_duration": one.auto_archive,
            "archive_timestamp": iso(one.created_ms),
            "create_timestamp": iso(one.created_ms),
        },
    }


def guild(one: world.Guild, bot: world.User) -> Json:
    threads = [thread for parent in one.channels for thread in parent.threads if not thread.archived]
    mine = one.members.get(bot.id)
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "owner_id": str(one.owner.id),
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [role(item) for item in one.roles],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_id": str(one.channels[0].id) if one.channels else None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "joined_at": "2026-01-01T00:00:00+00:00",
        "large": False,
        "member_count": len(one.members),
        "members": [member(mine)] if mine else [],
        "voice_states": [],
        "presences": [],
        "channels": [channel(item) for item in one.channels],
        "threads": [channel(item) for item in threads],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(one: world.Attachment, *, ephemeral: bool = False) -> Json:
    shown: Json = {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.data),
        "url": one.url,
        "proxy_url": one.url,
        "content_type": one.content_type,
        "ephemeral": ephemeral,
    }
    return shown | {"description": one.description} if one.description is not None else shown


def message(one: world.Message) -> Json:
    shown: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "type": one.kind,
        "author": user(one.author),
        "content": one.content,
        "timestamp": iso(one.created_ms),
        "edited_timestamp": iso(one.edited_ms) if one.edited_ms is not None else None,
        "tts": False,
        "mention_everyone": one.mention_everyone,
        "mentions": [user(item) for item in one.mentions],
        "mention_roles": [str(item.id) for item in one.mention_roles],
        "attachments": [attachment(item, ephemeral=one.ephemeral) for item in one.attachments],
        "embeds": [embed | {"type": "rich"} for embed in one.embeds],
        "components": one.components,
        "pinned": one.pinned,
        "flags": one.flags,
    }
    if one.nonce is not None:
        shown["nonce"] = one.nonce
    if one.reference is not None:
        shown["message_reference"] = one.reference
    if one.thread is not None:
        shown["thread"] = channel(one.thread)
    if one.by_webhook:
        shown["webhook_id"] = shown["application_id"] = str(one.channel.world.application_id)
    if one.interaction is not None:
        shown["interaction_metadata"] = _metadata(one.interaction)
    return shown


def _metadata(one: Interaction) -> Json:
    shown: Json = {
        "id": str(one.id),
        "type": one.kind,
        "user": user(one.user),
        "authorizing_integration_owners": owners(one),
    }
    if one.command:
        shown |= {"name": one.command, "command_type": 1}
    if one.source is not None:
        shown["interacted_message_id"] = str(one.source.id)
    return shown


def owners(one: Interaction) -> Json:
    """For which installations the interaction was authorized: the server's, and the person's own."""
    channel = one.channel
    shown: Json = {}
    if channel.guild is not None and channel.guild.has_bot:
        shown["0"] = str(channel.guild.id)
    elif channel.recipient is not None:
        shown["0"] = "0"
    return shown | ({"1": str(one.user.id)} if one.user.has_app else {})
