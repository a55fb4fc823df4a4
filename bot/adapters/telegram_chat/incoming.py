"""What an update says: who, where, and whether it is meant for us.

A press of a button is answered once, and at once: with words as soon as there are some, without after a moment.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from telegram import CallbackQuery, InlineKeyboardMarkup, Message
from telegram.constants import ChatType
from telegram.error import TelegramError

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.markup import clipped, shown, spelled
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


log = logging.getLogger(__name__)

PATIENCE_S = 0.8
_LONGEST = 200


class CallbackAnswer:
    """`async with Knock(query) as knock`: answered at the latest when the body ends or patience does."""

    def __init__(self, query: CallbackQuery, patience_s: float = PATIENCE_S) -> None:
        self._query = query
        self._patience_s = patience_s
        self._timer: asyncio.Task[None] | None = None
        self.answered = False

    async def __aenter__(self) -> Self:
        self._timer = asyncio.create_task(self._later())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.answered and self._timer is not None:
            self._timer.cancel()
        await self.answer()

    async def answer(self, text: str = "", *, url: str | None = None, alert: bool = False) -> bool:
        """False where it was answered before, or it is too late for an answer."""
        if self.answered:
            return False
        self.answered = True
        words = clipped(spelled(shown(text.replace("`", ""))), _LONGEST)
        try:
            await self._query.answer(words or None, show_alert=alert or None, url=url)
        except TelegramError as error:
            log.debug("a press was not answered: %s", error)
            return False
        return True

    async def _later(self) -> None:
        await asyncio.sleep(self._patience_s)
        await self.answer()
