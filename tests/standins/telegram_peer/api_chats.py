"""What the bot asks about chats and members, topics, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import check_edit, check_read, check_right, the_chat, the_user
from .chats import Chat, Topic
from .errors import Json, bad
from .media import MEGABYTE
from .params import Params
from .registry import method

if TYPE_CHECKING:
    from .server import TelegramPeer

LARGEST_DOWNLOAD = 20 * MEGABYTE


@method("getChat")
async def get_chat(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_read(peer.world, chat)
    found: Json = chat.json() | {"accent_color_id": 0, "max_reaction_count": 11}
    found["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
    if chat.available_reactions is not None:
        found["available_reactions"] = [{"type": "emoji", "emoji": one} for one in sorted(chat.available_reactions)]
    if chat.pinned:
        found["pinned_message"] = chat.pinned.json(nested=False)
    if chat.is_group:
        found["permissions"] = {
            "can_send_messages": chat.members_may_write,
            "can_pin_messages": chat.members_may_pin,
        }
    return found


_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


@method("getChatMember")
async def get_chat_member(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    _members(peer, chat)
    return chat.member(the_user(peer.world, params)).json(chat.type)


@method("getChatAdministrators")
async def get_chat_administrators(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    if chat.type == "private":
        raise bad("there are no administrators in the private chat")
    _members(peer, chat)
    admins = [one for one in chat.members.values() if one.admin and (not one.user.is_bot or one.user is peer.world.bot)]
    return [one.json(chat.type) for one in admins]


@method("getChatMemberCount")
async def get_chat_member_count(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    _members(peer, chat)
    return sum(one.present for one in chat.members.values()) if chat.type != "private" else 2


def _members(peer: TelegramPeer, chat: Chat) -> None:
    if chat.type == "private":
        return
    check_edit(peer.world, chat)
    if chat.type == "channel" and not chat.member(peer.world.bot).admin:
        raise bad("member list is inaccessible")


@method("leaveChat")
async def leave_chat(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    if chat.type == "private":
        raise bad("chat can't be left")
    check_edit(peer.world, chat)
    await peer.world.leave(peer.world.bot, chat)
    return True


@method("createForumTopic")
async def create_forum_topic(peer: TelegramPeer, params: Params) -> object:
    chat = _forum(peer, params)
    name = params.text("name").strip()
    if not 1 <= len(name) <= 128:
        raise bad("TOPIC_TITLE_INVALID" if name else "TOPIC_TITLE_EMPTY")
    color = params.integer("icon_color", 7322096)
    params.text("icon_custom_emoji_id")
    topic = peer.world.new_topic(chat, name, peer.world.bot)
    return {"message_thread_id": topic.id, "name": name, "icon_color": color}


def _forum(peer: TelegramPeer, params: Params) -> Chat:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    if not chat.forum:
        raise bad("the chat is not a forum")
    check_right(peer.world, chat, "can_manage_topics", "not enough rights to create a topic")
    return chat


def _topic(chat: Chat, params: Params) -> Topic:
    topic = chat.topics.get(params.integer("message_thread_id"))
    if topic is None or topic.deleted:
        raise bad("message thread not found")
    return topic


@method("editForumTopic")
async def edit_forum_topic(peer: TelegramPeer, params: Params) -> object:
    topic = _topic(_forum(peer, params), params)
    params.text("icon_custom_emoji_id")
    name = params.text("name", topic.name)
    if name == topic.name:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.name = name
    return True


@method("closeForumTopic")
async def close_forum_topic(peer: TelegramPeer, params: Params) -> object:
    return _shut(_topic(_forum(peer, params), params), closed=True)


@method("reopenForumTopic")
async def reopen_forum_topic(peer: TelegramPeer, params: Params) -> object:
    return _shut(_topic(_forum(peer, params), params), closed=False)


def _shut(topic: Topic, *, closed: bool) -> bool:
    if topic.closed == closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    return True


@method("deleteForumTopic")
async def delete_forum_topic(peer: TelegramPeer, params: Params) -> object:
    chat = _forum(peer, params)
    topic = _topic(chat, params)
    topic.deleted = True
    for message in chat.messages:
        if message.topic == topic.id:
            peer.world.delete(message)
    return True


@method("getFile")
async def get_file(peer: TelegramPeer, params: Params) -> object:
    file_id = params.text("file_id")
    if not file_id:
        raise bad("file_id not specified")
    found = peer.world.files.get(file_id)
    if found is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(found.data) > LARGEST_DOWNLOAD:
        raise bad("file is too big")
    return {**found.json(), "file_path": found.path}
