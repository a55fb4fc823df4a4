"""What an update says: who, where, and whether it is meant for us."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import CallbackQuery, Message
from telegram.constants import ChatType

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.words import telegram as words

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?=\s|$)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingUpdate:
    """`person` is the user's id, None for anonymous admins and channels; `sent_as_chat`: in the chat's own name, which
    Telegram allows its admins only. `group_ext` is a group that is spoken of in a private chat. `message_id` is the
    message that was sent, or the one whose button was pressed; where they alone see that one it is 0, and
    `ephemeral_id` is its number. `query_id` is that of a press; `in_group`: where a message can be for one member."""

    address: ChatAddress
    person: int | None
    person_ext: str
    name: str
    title: str
    sent_as_chat: bool
    message_id: int
    request_id: str
    group_ext: str | None = None
    ephemeral_id: int | None = None
    query_id: str = ""
    in_group: bool = False

    @property
    def private(self) -> bool:
        return self.address.private

    @property
    def in_ephemeral(self) -> bool:
        """Whether the button was pressed in a message that they alone see."""
        return bool(self.query_id) and self.ephemeral_id is not None


def read_message(message: Message) -> IncomingUpdate | None:
    """None for what people did not say themselves."""
    chat, user, speaker = message.chat, message.from_user, message.sender_chat
    address = ChatAddress(chat.id, message.message_thread_id if message.is_topic_message else None)
    ephemeral_id = _ephemeral_id(message)
    request_id = f"{chat.id}:{_number(message)}"
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
        sent_as_chat=False, message_id=message.message_id, request_id=request_id, ephemeral_id=ephemeral_id,
        in_group=chat.type in _GROUPS,
    )  # fmt: skip


def read_query(query: CallbackQuery) -> IncomingUpdate | None:
    """None where the message is too old for Telegram to say where it stands."""
    message, user = query.message, query.from_user
    if message is None:
        return None
    known = message if isinstance(message, Message) else None
    number = str(message.message_id) if known is None else _number(known)
    return IncomingUpdate(
        address=ChatAddress(message.chat.id, known.message_thread_id if known and known.is_topic_message else None),
        person=user.id, person_ext=str(user.id), name=user.full_name, title=message.chat.title or "",
        sent_as_chat=False, message_id=message.message_id, request_id=f"{message.chat.id}:{number}:{user.id}",
        ephemeral_id=_ephemeral_id(known) if known else None, query_id=query.id,
        in_group=message.chat.type in _GROUPS,
    )  # fmt: skip


def _ephemeral_id(message: Message) -> int | None:
    """Of a message that one member of a group sees; those all have the number 0 otherwise."""
    ephemeral_id = message.api_kwargs.get("ephemeral_message_id")
    return ephemeral_id if isinstance(ephemeral_id, int) else None


def _number(message: Message) -> str:
    """What tells it from the others of its chat."""
    ephemeral_id = _ephemeral_id(message)
    return str(message.message_id) if ephemeral_id is None else f"e{ephemeral_id}"


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
