"""What somebody is in a Telegram chat, for those who act from elsewhere: asked by a connection of its own, whether or
not this process serves Telegram.

A question is no message: of the rates it counts on the thirty requests a second over all, not on those of a chat.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from telegram import Bot
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.adapters.telegram_chat import NAME
from bot.adapters.telegram_chat.chats import ChatAddress, ask_admins, ask_standing
from bot.adapters.telegram_chat.connection import TelegramSettings, bases_of
from bot.adapters.telegram_chat.errors import retry_ms
from bot.chat.rate_limits import Budget, Limit, Windows
from bot.chat.rights import ASK_S, CannotAskError, Channel, Standing

log = logging.getLogger(__name__)

T = TypeVar("T")

QUESTIONS = (Limit(10, 1_000),)  # a third of what Telegram takes over all: the rest is for what is said
AT_ONCE = 8
_TOPIC = re.compile(r"(?:https?://)?(?:t\.me/c/(?P<group>\d{1,16})/)?(?P<topic>\d{1,12})(?:/\d+)?", re.ASCII)
_NOBODY = (  # BadRequest, told apart by its English sentence alone: nobody of that number is known there
    "user not found",
    "member not found",
    "participant_id_invalid",
    "user_id_invalid",
    "invalid user_id",
    "user_not_participant",
)


class TelegramRights:
    """`budget` is that of the messages: whoever is told to wait, all wait."""

    def __init__(self, settings: TelegramSettings, budget: Budget, monotonic_ms: Callable[[], int]) -> None:
        self._settings = settings
        self._budget = budget
        self._monotonic_ms = monotonic_ms
        self._questions = Windows(QUESTIONS)
        self._connection: tuple[Bot, HTTPXRequest] | None = None

    async def standing(self, chat_ext: str, person_ext: str) -> Standing:
        chat, person = ChatAddress.of(chat_ext), ChatAddress.of(person_ext)
        if chat is None or person is None or chat.private or not person.private:
            return Standing.STRANGER  # an anonymous admin is nobody whom Telegram could be asked about
        return await self._asked(chat_ext, lambda bot: _standing(bot, chat.chat, person.chat))

    async def admins(self, chat_ext: str) -> Sequence[tuple[str, str]]:
        chat = ChatAddress.of(chat_ext)
        if chat is None or chat.private:
            return ()
        return await self._asked(chat_ext, lambda bot: _moved(chat.chat, partial(ask_admins, bot)))

    async def _asked(self, chat_ext: str, ask: Callable[[Bot], Awaitable[T]]) -> T:
        now_ms = self._monotonic_ms()
        if self._budget.pause(now_ms, chat_ext) > 0 or self._questions.wait("", now_ms) > 0:
            raise CannotAskError(NAME)
        self._questions.use("", now_ms)
        try:
            return await ask(self._bot())
        except TelegramError as error:
            if isinstance(error, RetryAfter):
                self._budget.refused(chat_ext, retry_ms(error), self._monotonic_ms())
            log.info("Telegram does not say who is in %s: %s", chat_ext, error)
            raise CannotAskError(NAME) from error

    async def channel(self, chat_ext: str, typed: str) -> Channel | None:
        """A topic of the same group: its number, or the link that "Copy link" gives. Asked by showing for a moment that
        something is being written there: Telegram has no question for it."""
        chat, match = ChatAddress.of(chat_ext), _TOPIC.fullmatch(typed.strip())
        if chat is None or chat.private or match is None or not match["topic"]:
            return None
        if match["group"] is not None and match["group"] != str(chat.chat).removeprefix("-100"):
            return None
        topic = int(match["topic"])
        try:
            await self._bot().send_chat_action(chat.chat, ChatAction.TYPING, message_thread_id=topic)
        except (BadRequest, Forbidden) as error:
            if "thread not found" in error.message.lower():
                return None
            return Channel(ext=ChatAddress(chat.chat, topic).ext, name=f"topic {topic}", lacks=(error.message,))
        except TelegramError as error:
            log.info("Telegram does not say what topic %s is: %s", topic, error)
            raise CannotAskError(NAME) from error
        return Channel(ext=ChatAddress(chat.chat, topic).ext, name=f"topic {topic}")

    def _bot(self) -> Bot:
        """Made when it is first needed; it connects by itself."""
        if self._connection is None:
            request = HTTPXRequest(
                connection_pool_size=AT_ONCE,
                read_timeout=ASK_S,
                write_timeout=ASK_S,
                connect_timeout=ASK_S,
                pool_timeout=ASK_S,
            )
            bot = Bot(self._settings.token, **bases_of(self._settings), request=request, get_updates_request=request)
            self._connection = bot, request
        return self._connection[0]

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection[1].shutdown()


async def _standing(bot: Bot, chat: int, person: int) -> Standing:
    try:
        return await _moved(chat, lambda at: ask_standing(bot, at, person))
    except BadRequest as error:
        if any(sentence in error.message.lower() for sentence in _NOBODY):
            return Standing.STRANGER
        raise


async def _moved(chat: int, ask: Callable[[int], Awaitable[T]]) -> T:
    """There, or where the chat has moved to: the word of it has not reached us, or another process will read it."""
    try:
        return await ask(chat)
    except ChatMigrated as moved:
        return await ask(moved.new_chat_id)
