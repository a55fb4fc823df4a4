"""What an update says: who, where, and whether it is meant for us."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import CallbackQuery, InlineKeyboardMarkup, Message
from telegram.constants import ChatType

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.words import telegram as words

_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?=\s|$)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingUpdate:
    """`person` is the user's id, None for anonymous admins and channels; `sent_as_chat`: in the chat's own name, which
    Telegram allows its admins only. `group_ext` is a group that is spoken of in a private chat. `message_id` is the
    message that was sent, or the one whose button was pressed."""

    address: ChatAddress
    person: int | None
    person_ext: str
    name: str
    title: str
    sent_as_chat: bool
    message_id: int
    request_id: str
    group_ext: str | None = None

    @property
    def private(self) -> bool:
        return self.address.private


def read_message(message: Message) -> IncomingUpdate | None:
    """None for what people did not say themselves."""
    chat, user, speaker = message.chat, message.from_user, message.sender_chat
    address = ChatAddress(chat.id, message.message_thread_id if message.is_topic_message else None)
    request_id = f"{chat.id}:{message.message_id}"
    if chat.type != ChatType.PRIVATE and speaker is not None:
        if message.is_automatic_forward:
            return None
        title = speaker.title or chat.title or ""
        sent_as_chat = speaker.id == chat.id
        return IncomingUpdate(
            address=address, person=None, person_ext=f"chat:{speaker.id}",
            name=words.nameless_name(title) if sent_as_chat else title, title=chat.title or "",
            sent_as_chat=sent_as_chat, message_id=message.message_id, request_id=request_id,
        )  # fmt: skip
    if user is None or user.is_bot:
        return None
    return IncomingUpdate(
        address=address, person=user.id, person_ext=str(user.id), name=user.full_name, title=chat.title or "",
        sent_as_chat=False, message_id=message.message_id, request_id=request_id,
    )  # fmt: skip


def read_query(query: CallbackQuery) -> IncomingUpdate | None:
    """None where the message is too old for Telegram to say where it stands."""
    message, user = query.message, query.from_user
    if message is None:
        return None
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return IncomingUpdate(
        address=ChatAddress(message.chat.id, topic), person=user.id, person_ext=str(user.id), name=user.full_name,
        title=message.chat.title or "", sent_as_chat=False, message_id=message.message_id,
        request_id=f"{message.chat.id}:{message.message_id}:{user.id}",
    )  # fmt: skip


def button_label(query: CallbackQuery) -> str:
    """What the pressed button says; "" where that is not known."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    if not isinstance(markup, InlineKeyboardMarkup):
        return ""
    return next((key.text for row in markup.inline_keyboard for key in row if key.callback_data == query.data), "")


def own_command(text: str, username: str) -> str | None:
    """The line with the bot's own name taken off; None where it is another bot's command or none at all."""
    match = _COMMAND.match(text)
    if match is None:
        return text if text.startswith("/") else None
    if match[2] is None:
        return text
    if match[2].casefold() != username.casefold():
        return None
    return f"/{match[1]}{text[match.end() :]}"
