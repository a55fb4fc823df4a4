"""REST: messages, pins and threads."""

from __future__ import annotations

from . import api_objects, request_bodies
from .errors import ApiError, FormErrors, missing_permissions, unknown
from .json_values import Json, iso
from .permissions import Permission, permissions_in
from .routing import RateLimitedError, RestRequest, route
from .world import (
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


def may_send(request: RestRequest, channel: Channel, draft: request_bodies.MessageDraft) -> None:
    """The rights a message needs: to speak, and for embeds and files."""
    if channel.kind == DM:
        assert channel.recipient is not None
        if not request.world.may_dm(channel.recipient):
            raise ApiError(403, 50007, "Cannot send messages to this user")
        return
    if channel.kind not in {TEXT, ANNOUNCEMENT, PUBLIC_THREAD}:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    request.may(channel, Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES)
    if draft.embeds:
        request.may(channel, Permission.EMBED_LINKS)
    if draft.has_files:
        request.may(channel, Permission.ATTACH_FILES)
    if (
        channel.archived
        and channel.locked
        and not permissions_in(channel, request.world.bot) & Permission.MANAGE_THREADS
    ):
        raise ApiError(400, 50083, "Thread is archived")


@route("POST", "/channels/{channel}/messages")
def create(request: RestRequest) -> Json:
    channel = request.channel()
    draft = request_bodies.read(request.body, request.call.uploads)
    may_send(request, channel, draft)
    known = _same_nonce(request, channel, draft)
    if known is not None:
        return api_objects.message(known)
    message = Message(request.world.new_id(), channel, request.world.bot, request.world.clock.now_ms, nonce=draft.nonce)
    reference = request.body.get("message_reference")
    if reference is not None:
        _refer(request, channel, message, reference)
    mention_all = bool(permissions_in(channel, request.world.bot) & Permission.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    request.world.post(channel, message)
    return api_objects.message(message)


def _same_nonce(request: RestRequest, channel: Channel, draft: request_bodies.MessageDraft) -> Message | None:
    """With enforce_nonce a repeated nonce of the last minutes is the message that was made then."""
    if draft.nonce is None or not request.body.get("enforce_nonce"):
        return None
    since = request.world.clock.now_ms - NONCE_MS
    for one in reversed(channel.messages.values()):
        if one.created_ms < since:
            return None
        if one.nonce == draft.nonce and one.author is request.world.bot and not one.ephemeral:
            return one
    return None


def _refer(request: RestRequest, channel: Channel, message: Message, reference: Json) -> None:
    referred = channel.messages.get(int(reference.get("message_id") or 0))
    if referred is None and reference.get("fail_if_not_exists", True):
        form = FormErrors()
        form.wrong(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        form.done()
    if referred is None:
        return
    request.may(channel, Permission.READ_MESSAGE_HISTORY)
    message.kind = 19
    message.reference = {"message_id": str(referred.id), "channel_id": str(channel.id)}


@route("GET", "/channels/{channel}/messages")
def history(request: RestRequest) -> list[Json]:
    """Newest first; nothing without the right to read history."""
    channel = request.channel()
    if not permissions_in(channel, request.world.bot) & Permission.READ_MESSAGE_HISTORY:
        return []
    before, after = int(request.call.query.get("before", 0)), int(request.call.query.get("after", 0))
    found = [one for one in channel.public if (not before or one.id < before) and one.id > after]
    found.sort(key=lambda one: one.id)
    limit = int(request.call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        form = FormErrors()
        form.number(("limit",), limit, 1, 100)
        form.done()
    found = found[:limit] if after else found[-limit:]
    return [api_objects.message(one) for one in reversed(found)]


@route("GET", "/channels/{channel}/messages/pins")
def pins(request: RestRequest) -> Json:
    channel = request.channel()
    limit = int(request.call.query.get("limit", 50))
    pinned = channel.pinned if permissions_in(channel, request.world.bot) & Permission.READ_MESSAGE_HISTORY else []
    items = [{"pinned_at": iso(one.pinned_ms or 0), "message": api_objects.message(one)} for one in pinned[:limit]]
    return {"items": items, "has_more": len(pinned) > limit}


@route("GET", "/channels/{channel}/pins")
def pins_as_before(request: RestRequest) -> list[Json]:
    return [api_objects.message(one) for one in request.channel().pinned[:50]]


@route("PUT", "/channels/{channel}/messages/pins/{message}")
@route("PUT", "/channels/{channel}/pins/{message}")
def pin(request: RestRequest) -> None:
    channel = request.channel(*(() if request.channel().guild is None else (Permission.PIN_MESSAGES,)))
    message = request.message(channel)
    _not_archived(channel)
    if message.pinned:
        return
    if len(channel.pinned) >= MOST_PINS:
        raise ApiError(400, 30003, f"Maximum number of pinned messages reached ({MOST_PINS})")
    message.pinned_ms = channel.last_pin_ms = request.world.clock.now_ms
    request.world.announce("MESSAGE_UPDATE", message)
    _pins_changed(request, channel)
    told = Message(request.world.new_id(), channel, request.world.bot, request.world.clock.now_ms, kind=6)
    told.reference = {"message_id": str(message.id), "channel_id": str(channel.id)}
    request.world.post(channel, told)


@route("DELETE", "/channels/{channel}/messages/pins/{message}")
@route("DELETE", "/channels/{channel}/pins/{message}")
def unpin(request: RestRequest) -> None:
    channel = request.channel(*(() if request.channel().guild is None else (Permission.PIN_MESSAGES,)))
    message = request.message(channel)
    message.pinned_ms = None
    request.world.announce("MESSAGE_UPDATE", message)
    _pins_changed(request, channel)


def _pins_changed(request: RestRequest, channel: Channel) -> None:
    last = iso(channel.last_pin_ms) if channel.last_pin_ms else None
    told: Json = {"channel_id": str(channel.id), "last_pin_timestamp": last}
    if channel.guild is not None:
        told["guild_id"] = str(channel.guild.id)
    request.world.emit("CHANNEL_PINS_UPDATE", told, channel.guild, GUILDS if channel.guild else DIRECT_MESSAGES)


@route("GET", "/channels/{channel}/messages/{message}")
def get(request: RestRequest) -> Json:
    return api_objects.message(request.message(request.channel(Permission.READ_MESSAGE_HISTORY)))


@route("PATCH", "/channels/{channel}/messages/{message}")
def edit(request: RestRequest) -> Json:
    channel = request.channel()
    message = request.message(channel)
    _not_archived(channel)
    if message.author is not request.world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if message.kind not in {0, 19, 20}:
        raise ApiError(403, 50021, "Cannot execute action on a system message")
    too_many = request.limits.take_edit(channel.id, request.world.clock.now_ms - message.created_ms)
    if too_many is not None:
        raise RateLimitedError(too_many)
    draft = request_bodies.read(request.body, request.call.uploads, old=message)
    if draft.has_files and channel.guild is not None:
        request.may(channel, Permission.ATTACH_FILES)
    change(request, message, draft)
    return api_objects.message(message)


def change(request: RestRequest, message: Message, draft: request_bodies.MessageDraft) -> None:
    """Put an edit into a message and tell of it."""
    message.was.append(message.text)
    mention_all = bool(permissions_in(message.channel, request.world.bot) & Permission.MENTION_EVERYONE)
    request_bodies.apply(draft, message, may_mention_all=mention_all)
    message.edited_ms = request.world.clock.now_ms
    request.world.announce("MESSAGE_UPDATE", message)


def _not_archived(channel: Channel) -> None:
    if channel.archived:
        raise ApiError(400, 50083, "Thread is archived")


@route("DELETE", "/channels/{channel}/messages/{message}")
def delete(request: RestRequest) -> None:
    channel = request.channel()
    message = request.message(channel)
    if message.author is not request.world.bot:
        if channel.guild is None:
            raise ApiError(403, 50003, "Cannot execute action on a DM channel")
        request.may(channel, Permission.MANAGE_MESSAGES)
    request.world.remove(message)


@route("POST", "/channels/{channel}/messages/bulk-delete")
def bulk_delete(request: RestRequest) -> None:
    channel = request.channel(Permission.MANAGE_MESSAGES)
    wanted = request.body.get("messages") or []
    form = FormErrors()
    if not 2 <= len(wanted) <= 100:
        form.wrong(("messages",), "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
    form.done()
    ids = {int(one) for one in wanted}
    for message in [one for one in channel.public if one.id in ids]:
        del channel.messages[message.id]
        message.deleted = True
    gone: Json = {"ids": [str(one) for one in ids], "channel_id": str(channel.id), "guild_id": str(channel.guild_id)}
    request.world.emit("MESSAGE_DELETE_BULK", gone, channel.guild, GUILD_MESSAGES)


@route("POST", "/channels/{channel}/typing")
def typing(request: RestRequest) -> None:
    request.channel()


@route("POST", "/channels/{channel}/messages/{message}/threads")
def thread_of(request: RestRequest) -> Json:
    """A thread on a message: it has the message's id."""
    channel = request.channel(Permission.READ_MESSAGE_HISTORY)
    message = request.message(channel)
    _may_thread(request, channel)
    _check_thread(request.body)
    if message.thread is not None:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = _new_thread(request, channel, message.id)
    message.thread = thread
    message.flags |= HAS_THREAD
    request.world.announce("MESSAGE_UPDATE", message)
    return api_objects.channel(thread)


@route("POST", "/channels/{channel}/threads")
def thread(request: RestRequest) -> Json:
    """A thread that hangs on no message. Public ones are type 11, private ones (the default) 12."""
    channel = request.channel()
    _may_thread(request, channel)
    _check_thread(request.body)
    kind = request.body.get("type", 12)
    if kind == 12 and not permissions_in(channel, request.world.bot) & Permission.CREATE_PRIVATE_THREADS:
        raise missing_permissions()
    form = FormErrors()
    form.one_of(("type",), kind, (PUBLIC_THREAD, 12))
    form.done()
    made = _new_thread(request, channel, request.world.new_id())
    if kind == PUBLIC_THREAD:
        told = Message(
            request.world.new_id(), channel, request.world.bot, request.world.clock.now_ms, made.name, kind=18
        )
        told.reference = {"channel_id": str(made.id), "guild_id": str(channel.guild_id)}
        request.world.post(channel, told)
    return api_objects.channel(made)


def _may_thread(request: RestRequest, channel: Channel) -> None:
    if channel.kind not in {TEXT, ANNOUNCEMENT}:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    request.may(channel, Permission.CREATE_PUBLIC_THREADS)


def _check_thread(body: Json) -> None:
    form = FormErrors()
    form.text(("name",), body.get("name"), 1, 100)
    if body.get("auto_archive_duration") is not None:
        form.one_of(("auto_archive_duration",), body["auto_archive_duration"], ARCHIVE_AFTER)
    if body.get("rate_limit_per_user") is not None:
        form.number(("rate_limit_per_user",), body["rate_limit_per_user"], 0, 21600)
    form.done()


def _new_thread(request: RestRequest, channel: Channel, own_id: int) -> Channel:
    made = Channel(
        own_id,
        PUBLIC_THREAD,
        request.body["name"],
        request.world,
        guild=channel.guild,
        parent=channel,
        owner=request.world.bot,
        created_ms=request.world.clock.now_ms,
        auto_archive=request.body.get("auto_archive_duration") or 1440,
    )
    request.world.channels[made.id] = made
    request.world.emit("THREAD_CREATE", api_objects.channel(made) | {"newly_created": True}, channel.guild, GUILDS)
    return made


@route("PUT", "/channels/{channel}/thread-members/@me")
def join(request: RestRequest) -> None:
    if not request.channel().is_thread:
        raise unknown(10003, "Channel")


@route("PATCH", "/channels/{channel}")
def edit_channel(request: RestRequest) -> Json:
    """Threads: their name, archived, locked, the time until they archive themselves."""
    channel = request.channel()
    if not channel.is_thread:
        request.may(channel, Permission.MANAGE_CHANNELS)
        channel.name = request.body.get("name", channel.name)
        request.world.emit("CHANNEL_UPDATE", api_objects.channel(channel), channel.guild, GUILDS)
        return api_objects.channel(channel)
    if channel.owner is not request.world.bot or "locked" in request.body or channel.locked:
        request.may(channel, Permission.MANAGE_THREADS)
    if channel.archived and request.body.get("archived") is not False:
        raise ApiError(400, 50083, "Thread is archived")
    _check_thread({"name": channel.name} | request.body)
    channel.name = request.body.get("name", channel.name)
    channel.archived = bool(request.body.get("archived", channel.archived))
    channel.locked = bool(request.body.get("locked", channel.locked))
    request.world.emit("THREAD_UPDATE", api_objects.channel(channel), channel.guild, GUILDS)
    return api_objects.channel(channel)


@route("DELETE", "/channels/{channel}")
def delete_channel(request: RestRequest) -> Json:
    channel = request.channel()
    if channel.kind != DM:
        request.may(channel, Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS)
        channel.delete()
    return api_objects.channel(channel)
