"""REST: messages, pins and threads."""

from __future__ import annotations

from tests.standins.discord_peer import api_objects, request_bodies
from tests.standins.discord_peer.errors import ApiError, Form, missing_permissions, unknown
from tests.standins.discord_peer.json_values import Json, iso
from tests.standins.discord_peer.permissions import Right, rights_in
from tests.standins.discord_peer.routing import Ask, LimitedError, route
from tests.standins.discord_peer.world import (
    ANNOUNCEMENT,
    DIRECT_MESSAGES,
    DM,
    GUILD_MESSAGES,
    GUILDS,
    HAS_THREAD,
    PUBLIC_THREAD,
    TEXT,
    Channel,
    Message,
)

MOST_PINS, NONCE_MS = 250, 300_000
ARCHIVE_AFTER = (60, 1440, 4320, 10080)


def may_send(ask: Ask, channel: Channel, draft: request_bodies.Draft) -> None:
    """The rights a message needs: to speak, and for embeds and files."""
    if channel.kind == DM:
        assert channel.recipient is not None
        if not ask.world.may_dm(channel.recipient):
            raise ApiError(403, 50007, "Cannot send messages to this user")
        return
    if channel.kind not in {TEXT, ANNOUNCEMENT, PUBLIC_THREAD}:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    ask.may(channel, Right.SEND_MESSAGES_IN_THREADS if channel.is_thread else Right.SEND_MESSAGES)
    if draft.embeds:
        ask.may(channel, Right.EMBED_LINKS)
    if draft.has_files:
        ask.may(channel, Right.ATTACH_FILES)
    if channel.archived and channel.locked and not rights_in(channel, ask.world.bot) & Right.MANAGE_THREADS:
        raise ApiError(400, 50083, "Thread is archived")


@route("POST", "/channels/{channel}/messages")
def create(ask: Ask) -> Json:
    channel = ask.channel()
    draft = request_bodies.read(ask.body, ask.call.uploads)
    may_send(ask, channel, draft)
    known = _same_nonce(ask, channel, draft)
    if known is not None:
        return api_objects.message(known)
    message = Message(ask.world.new_id(), channel, ask.world.bot, ask.world.clock.now_ms, nonce=draft.nonce)
    reference = ask.body.get("message_reference")
    if reference is not None:
        _refer(ask, channel, message, reference)
    mention_all = bool(rights_in(channel, ask.world.bot) & Right.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    ask.world.post(channel, message)
    return api_objects.message(message)


def _same_nonce(ask: Ask, channel: Channel, draft: request_bodies.Draft) -> Message | None:
    """With enforce_nonce a repeated nonce of the last minutes is the message that was made then."""
    if draft.nonce is None or not ask.body.get("enforce_nonce"):
        return None
    since = ask.world.clock.now_ms - NONCE_MS
    for one in reversed(channel.messages.values()):
        if one.created_ms < since:
            return None
        if one.nonce == draft.nonce and one.author is ask.world.bot and not one.ephemeral:
            return one
    return None


def _refer(ask: Ask, channel: Channel, message: Message, reference: Json) -> None:
    referred = channel.messages.get(int(reference.get("message_id") or 0))
    if referred is None and reference.get("fail_if_not_exists", True):
        form = Form()
        form.wrong(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        form.done()
    if referred is None:
        return
    ask.may(channel, Right.READ_MESSAGE_HISTORY)
    message.kind = 19
    message.reference = {"message_id": str(referred.id), "channel_id": str(channel.id)}


@route("GET", "/channels/{channel}/messages")
def history(ask: Ask) -> list[Json]:
    """Newest first; nothing without the right to read history."""
    channel = ask.channel()
    if not rights_in(channel, ask.world.bot) & Right.READ_MESSAGE_HISTORY:
        return []
    before, after = int(ask.call.query.get("before", 0)), int(ask.call.query.get("after", 0))
    found = [one for one in channel.public if (not before or one.id < before) and one.id > after]
    found.sort(key=lambda one: one.id)
    limit = int(ask.call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        form = Form()
        form.number(("limit",), limit, 1, 100)
        form.done()
    found = found[:limit] if after else found[-limit:]
    return [api_objects.message(one) for one in reversed(found)]


@route("GET", "/channels/{channel}/messages/pins")
def pins(ask: Ask) -> Json:
    channel = ask.channel()
    limit = int(ask.call.query.get("limit", 50))
    pinned = channel.pinned if rights_in(channel, ask.world.bot) & Right.READ_MESSAGE_HISTORY else []
    items = [{"pinned_at": iso(one.pinned_ms or 0), "message": api_objects.message(one)} for one in pinned[:limit]]
    return {"items": items, "has_more": len(pinned) > limit}


@route("GET", "/channels/{channel}/pins")
def pins_as_before(ask: Ask) -> list[Json]:
    return [api_objects.message(one) for one in ask.channel().pinned[:50]]


@route("PUT", "/channels/{channel}/messages/pins/{message}")
@route("PUT", "/channels/{channel}/pins/{message}")
def pin(ask: Ask) -> None:
    channel = ask.channel(*(() if ask.channel().guild is None else (Right.PIN_MESSAGES,)))
    message = ask.message(channel)
    _not_archived(channel)
    if message.pinned:
        return
    if len(channel.pinned) >= MOST_PINS:
        raise ApiError(400, 30003, f"Maximum number of pinned messages reached ({MOST_PINS})")
    message.pinned_ms = channel.last_pin_ms = ask.world.clock.now_ms
    ask.world.announce("MESSAGE_UPDATE", message)
    _pins_changed(ask, channel)
    told = Message(ask.world.new_id(), channel, ask.world.bot, ask.world.clock.now_ms, kind=6)
    told.reference = {"message_id": str(message.id), "channel_id": str(channel.id)}
    ask.world.post(channel, told)


@route("DELETE", "/channels/{channel}/messages/pins/{message}")
@route("DELETE", "/channels/{channel}/pins/{message}")
def unpin(ask: Ask) -> None:
    channel = ask.channel(*(() if ask.channel().guild is None else (Right.PIN_MESSAGES,)))
    message = ask.message(channel)
    message.pinned_ms = None
    ask.world.announce("MESSAGE_UPDATE", message)
    _pins_changed(ask, channel)


def _pins_changed(ask: Ask, channel: Channel) -> None:
    last = iso(channel.last_pin_ms) if channel.last_pin_ms else None
    told: Json = {"channel_id": str(channel.id), "last_pin_timestamp": last}
    if channel.guild is not None:
        told["guild_id"] = str(channel.guild.id)
    ask.world.emit("CHANNEL_PINS_UPDATE", told, channel.guild, GUILDS if channel.guild else DIRECT_MESSAGES)


@route("GET", "/channels/{channel}/messages/{message}")
def get(ask: Ask) -> Json:
    return api_objects.message(ask.message(ask.channel(Right.READ_MESSAGE_HISTORY)))


@route("PATCH", "/channels/{channel}/messages/{message}")
def edit(ask: Ask) -> Json:
    channel = ask.channel()
    message = ask.message(channel)
    _not_archived(channel)
    if message.author is not ask.world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if message.kind not in {0, 19, 20}:
        raise ApiError(403, 50021, "Cannot execute action on a system message")
    too_many = ask.limits.take_edit(channel.id, ask.world.clock.now_ms - message.created_ms)
    if too_many is not None:
        raise LimitedError(too_many)
    draft = request_bodies.read(ask.body, ask.call.uploads, old=message)
    if draft.has_files and channel.guild is not None:
        ask.may(channel, Right.ATTACH_FILES)
    change(ask, message, draft)
    return api_objects.message(message)


def change(ask: Ask, message: Message, draft: request_bodies.Draft) -> None:
    """Put an edit into a message and tell of it."""
    message.was.append(message.text)
    mention_all = bool(rights_in(message.channel, ask.world.bot) & Right.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    message.edited_ms = ask.world.clock.now_ms
    ask.world.announce("MESSAGE_UPDATE", message)


def _not_archived(channel: Channel) -> None:
    if channel.archived:
        raise ApiError(400, 50083, "Thread is archived")


@route("DELETE", "/channels/{channel}/messages/{message}")
def delete(ask: Ask) -> None:
    channel = ask.channel()
    message = ask.message(channel)
    if message.author is not ask.world.bot:
        if channel.guild is None:
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
        ask.may(channel, Right.MANAGE_MESSAGES)
    ask.world.remove(message)


@route("POST", "/channels/{channel}/messages/bulk-delete")
def bulk_delete(ask: Ask) -> None:
    channel = ask.channel(Right.MANAGE_MESSAGES)
    wanted = ask.body.get("messages") or []
    form = Form()
    if not 2 <= len(wanted) <= 100:
        form.wrong(("messages",), "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    form.done()
    ids = {int(one) for one in wanted}
    for message in [one for one in channel.public if one.id in ids]:
        del channel.messages[message.id]
        message.deleted = True
    gone: Json = {"ids": [str(one) for one in ids], "channel_id": str(channel.id), "guild_id": str(channel.guild_id)}
    ask.world.emit("MESSAGE_DELETE_BULK", gone, channel.guild, GUILD_MESSAGES)


@route("POST", "/channels/{channel}/typing")
def typing(ask: Ask) -> None:
    ask.channel()


@route("POST", "/channels/{channel}/messages/{message}/threads")
def thread_of(ask: Ask) -> Json:
    """A thread on a message: it has the message's id."""
    channel = ask.channel(Right.READ_MESSAGE_HISTORY)
    message = ask.message(channel)
    _may_thread(ask, channel)
    _check_thread(ask.body)
    if message.thread is not None:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = _new_thread(ask, channel, message.id)
    message.thread = thread
    message.flags |= HAS_THREAD
    ask.world.announce("MESSAGE_UPDATE", message)
    return api_objects.channel(thread)


@route("POST", "/channels/{channel}/threads")
def thread(ask: Ask) -> Json:
    """A thread that hangs on no message. Public ones are type 11, private ones (the default) 12."""
    channel = ask.channel()
    _may_thread(ask, channel)
    _check_thread(ask.body)
    kind = ask.body.get("type", 12)
    if kind == 12 and not rights_in(channel, ask.world.bot) & Right.CREATE_PRIVATE_THREADS:
        raise missing_permissions()
    form = Form()
    form.one_of(("type",), kind, (PUBLIC_THREAD, 12))
    form.done()
    made = _new_thread(ask, channel, ask.world.new_id())
    if kind == PUBLIC_THREAD:
        told = Message(ask.world.new_id(), channel, ask.world.bot, ask.world.clock.now_ms, made.name, kind=18)
        told.reference = {"channel_id": str(made.id), "guild_id": str(channel.guild_id)}
        ask.world.post(channel, told)
    return api_objects.channel(made)


def _may_thread(ask: Ask, channel: Channel) -> None:
    if channel.kind not in {TEXT, ANNOUNCEMENT}:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    ask.may(channel, Right.CREATE_PUBLIC_THREADS)


def _check_thread(body: Json) -> None:
    form = Form()
    form.text(("name",), body.get("name"), 1, 100)
    if body.get("auto_archive_duration") is not None:
        form.one_of(("auto_archive_duration",), body["auto_archive_duration"], ARCHIVE_AFTER)
    if body.get("rate_limit_per_user") is not None:
        form.number(("rate_limit_per_user",), body["rate_limit_per_user"], 0, 21600)
    form.done()


def _new_thread(ask: Ask, channel: Channel, own_id: int) -> Channel:
    made = Channel(
        own_id,
        PUBLIC_THREAD,
        ask.body["name"],
        ask.world,
        guild=channel.guild,
        parent=channel,
        owner=ask.world.bot,
        created_ms=ask.world.clock.now_ms,
        auto_archive=ask.body.get("auto_archive_duration") or 1440,
    )
    ask.world.channels[made.id] = made
    ask.world.emit("THREAD_CREATE", api_objects.channel(made) | {"newly_created": True}, channel.guild, GUILDS)
    return made


@route("PUT", "/channels/{channel}/thread-members/@me")
def join(ask: Ask) -> None:
    if not ask.channel().is_thread:
        raise unknown(10003, "Channel")


@route("PATCH", "/channels/{channel}")
def edit_channel(ask: Ask) -> Json:
    """Threads: their name, archived, locked, the time until they archive themselves."""
    channel = ask.channel()
    if not channel.is_thread:
        ask.may(channel, Right.MANAGE_CHANNELS)
        channel.name = ask.body.get("name", channel.name)
        ask.world.emit("CHANNEL_UPDATE", api_objects.channel(channel), channel.guild, GUILDS)
        return api_objects.channel(channel)
    if channel.owner is not ask.world.bot or "locked" in ask.body or channel.locked:
        ask.may(channel, Right.MANAGE_THREADS)
    if channel.archived and ask.body.get("archived") is not False:
        raise ApiError(400, 50083, "Thread is archived")
    _check_thread({"name": channel.name} | ask.body)
    channel.name = ask.body.get("name", channel.name)
    channel.archived = bool(ask.body.get("archived", channel.archived))
    channel.locked = bool(ask.body.get("locked", channel.locked))
    ask.world.emit("THREAD_UPDATE", api_objects.channel(channel), channel.guild, GUILDS)
    return api_objects.channel(channel)


@route("DELETE", "/channels/{channel}")
def delete_channel(ask: Ask) -> Json:
    channel = ask.channel()
    if channel.kind != DM:
        ask.may(channel, Right.MANAGE_THREADS if channel.is_thread else Right.MANAGE_CHANNELS)
        channel.delete()
    return api_objects.channel(channel)
