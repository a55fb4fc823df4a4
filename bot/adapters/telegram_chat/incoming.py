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
    """`person` is her number, None for anonymous admins and channels; `vouched`: Telegram lets only admins speak so.
    `about` is a group she speaks of from her private chat. `message` is what she sent, or what her button stands in."""

    place: ChatAddress
    person: int | None
    person_ext: str
    name: str
    title: str
    vouched: bool
    message: int
    request: str
    about: str | None = None

    @property
    def private(self) -> bool:
        return self.place.private


def heard(message: Message) -> IncomingUpdate | None:
    """None for what people did not say themselves."""
    chat, user, speaker = message.chat, message.from_user, message.sender_chat
    place = ChatAddress(chat.id, message.message_thread_id if message.is_topic_message else None)
    request = f"{chat.id}:{message.message_id}"
    if chat.type != ChatType.PRIVATE and speaker is not None:
        if message.is_automatic_forward:
            return None
        title = speaker.title or chat.title or ""
        vouched = speaker.id == chat.id
        return IncomingUpdate(
            place=place, person=None, person_ext=f"chat:{speaker.id}",
            name=words.nameless_name(title) if vouched else title, title=chat.title or "", vouched=vouched,
            message=message.message_id, request=request,
        )  # fmt: skip
    if user is None or user.is_bot:
        return None
    return IncomingUpdate(
        place=place, person=user.id, person_ext=str(user.id), name=user.full_name, title=chat.title or "",
        vouched=False, message=message.message_id, request=request,
    )  # fmt: skip


def pressed(query: CallbackQuery) -> IncomingUpdate | None:
    """None where the message is too old for Telegram to say where it stands."""
    message, user = query.message, query.from_user
    if message is None:
        return None
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return IncomingUpdate(
        place=ChatAddress(message.chat.id, topic), person=user.id, person_ext=str(user.id), name=user.full_name,
        title=message.chat.title or "", vouched=False, message=message.message_id,
        request=f"{message.chat.id}:{message.message_id}:{user.id}",
    )  # fmt: skip


def label_of(query: CallbackQuery) -> str:
    """What the pressed button says; "" where that is not known."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    if not isinstance(markup, InlineKeyboardMarkup):
        return ""
    return next((key.text for row in markup.inline_keyboard for key in row if key.callback_data == query.data), "")


def ours(text: str, username: str) -> str | None:
    """The line with the bot's own name taken off; None where it is another bot's command or none at all."""
    found = _COMMAND.match(text)
    if found is None:
        return text if text.startswith("/") else None
    if found[2] is None:
        return text
    if found[2].casefold() != username.casefold():
        return None
    return f"/{found[1]}{text[found.end() :]}"
