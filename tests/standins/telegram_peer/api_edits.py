"""Edits, deletions and pins of messages that stand already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access import check_edit, own_message, the_chat
from .api_messages import read_item
from .chats import Chat, File, Message
from .entities import RichText
from .errors import NOT_MODIFIED, Json, bad
from .keyboards import read_markup
from .params import Params
from .registry import method
from .texts import read_caption, read_text

if TYPE_CHECKING:
    from .server import TelegramPeer

HOURS_48 = 48 * 3600


def edited(peer: TelegramPeer, params: Params) -> tuple[Message, Json | None]:
    """The message to edit and its new keyboard (none given: none is left)."""
    if params.has("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")  # nobody sends inline messages here
    chat = the_chat(peer.world, params)
    if not params.has("message_id"):
        raise bad("message identifier is not specified")
    check_edit(peer.world, chat)
    message = own_message(peer.world, chat, params.integer("message_id"))
    return message, read_markup(params, private=chat.type == "private")


def change(
    peer: TelegramPeer,
    message: Message,
    *,
    rich: RichText,
    markup: Json | None,
    photo: File | None = None,
    document: File | None = None,
) -> object:
    """Puts the new content in place; an edit that changes nothing is refused."""
    if (rich, markup, photo, document) == (message.rich, message.markup, message.photo_file, message.document_file):
        raise bad(NOT_MODIFIED)
    if markup and "inline_keyboard" not in markup:
        raise bad("inline keyboard expected")
    peer.limits.spend(message.chat.id)
    message.versions.append(message.rich)
    message.rich, message.markup = rich, markup
    message.photo_file, message.document_file = photo, document
    message.edit_date = peer.world.now()
    peer.world.changes.notify()
    return message.json()


@method("editMessageText")
async def edit_message_text(peer: TelegramPeer, params: Params) -> object:
    message, markup = edited(peer, params)
    rich = read_text(peer, params, too_long="MESSAGE_TOO_LONG")
    if message.has_media:
        raise bad("there is no text in the message to edit")
    return change(peer, message, rich=rich, markup=markup)


@method("editMessageCaption")
async def edit_message_caption(peer: TelegramPeer, params: Params) -> object:
    message, markup = edited(peer, params)
    rich = read_caption(peer, params)
    if not message.has_media:
        raise bad("there is no caption in the message to edit")
    return change(peer, message, rich=rich, markup=markup, photo=message.photo_file, document=message.document_file)


@method("editMessageMedia")
async def edit_message_media(peer: TelegramPeer, params: Params) -> object:
    message, markup = edited(peer, params)
    item = params.mapping("media", "InputMedia")
    if item is None:
        raise bad("media is not specified")
    rich, photo, document = read_item(peer, params, item)
    return change(peer, message, rich=rich, markup=markup, photo=photo, document=document)


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(peer: TelegramPeer, params: Params) -> object:
    message, markup = edited(peer, params)
    return change(
        peer, message, rich=message.rich, markup=markup, photo=message.photo_file, document=message.document_file
    )


@method("deleteMessage")
async def delete_message(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    _delete(peer, chat, params.integer("message_id"))
    return True


@method("deleteMessages")
async def delete_messages(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    numbers = params.json("message_ids", "message identifiers")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= 100:
        raise bad("message identifiers are not specified")
    for number in numbers:
        if chat.message(int(number)) is not None:
            _delete(peer, chat, int(number))
    return True


def _delete(peer: TelegramPeer, chat: Chat, number: int) -> None:
    message = chat.message(number)
    if message is None:
        raise bad("message to delete not found")
    own = message.by_bot or chat.type == "private"
    if not own and not chat.member(peer.world.bot).may("can_delete_messages"):
        raise bad("message can't be deleted")
    if peer.world.clock() - message.date > HOURS_48 and not chat.member(peer.world.bot).may("can_delete_messages"):
        raise bad("message can't be deleted for everyone")
    peer.world.delete(message)


def _may_pin(peer: TelegramPeer, chat: Chat) -> None:
    member = chat.member(peer.world.bot)
    match chat.type:
        case "private":
            allowed = True
        case "channel":
            allowed = member.may("can_edit_messages")
        case _:
            allowed = member.may("can_pin_messages") or (chat.members_may_pin and not member.muted)
    if not allowed:
        raise bad("not enough rights to manage pinned messages in the chat")


@method("pinChatMessage")
async def pin_chat_message(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    _may_pin(peer, chat)
    message = chat.message(params.integer("message_id"))
    if message is None:
        raise bad("message to pin not found")
    if message.service:
        raise bad("message can't be pinned")
    if message not in chat.pins[-1:]:
        peer.world.pin(message, peer.world.bot)
    return True


@method("unpinChatMessage")
async def unpin_chat_message(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    _may_pin(peer, chat)
    message = chat.message(params.integer("message_id")) if params.has("message_id") else chat.pinned
    if message is None or message not in chat.pins:
        raise bad("message to unpin not found")
    await chat.unpin(message)
    return True


@method("unpinAllChatMessages")
async def unpin_all_chat_messages(peer: TelegramPeer, params: Params) -> object:
    chat = the_chat(peer.world, params)
    check_edit(peer.world, chat)
    _may_pin(peer, chat)
    chat.pins.clear()
    peer.world.changes.notify()
    return True
