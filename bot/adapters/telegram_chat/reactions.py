"""👀 on a line said in a group whose answer went to the private chat: so its speaker, and all who read it, see that it
was heard. Nothing depends on it; what a chat or a server refuses is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from telegram import Bot
from telegram.constants import ReactionEmoji
from telegram.error import TelegramError

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.adapters.telegram_chat.errors import is_message_gone, is_unknown_method
from bot.adapters.telegram_chat.incoming import IncomingUpdate
from bot.adapters.telegram_chat.sender import Sender
from bot.adapters.telegram_chat.throttle import SHORT_WAIT_MS, Throttle
from bot.chat.platform import RetryLaterError, UnreachableError

log = logging.getLogger(__name__)

PAUSE_MS = 3_000  # between two in one chat
AGAIN_MS = 24 * 3_600_000  # a chat that allows none may allow them later


class Reactions:
    """Beside all other work, and never at the expense of messages: none where the chat's messages have to wait."""

    def __init__(self, sender: Sender, throttle: Throttle, monotonic_ms: Callable[[], int]) -> None:
        self._sender = sender
        self._throttle = throttle
        self._monotonic_ms = monotonic_ms
        self._not_before: dict[int, int] = {}  # by chat
        self._known = True  # whether the server has the method (Bot API 7.0)

    def show_heard(self, incoming: IncomingUpdate) -> None:
        """For a line that was typed for all to read; not for a press, nor for what nobody else sees."""
        if incoming.private or incoming.query_id or incoming.ephemeral_id is not None or not self._known:
            return
        chat, now = incoming.address.chat, self._monotonic_ms()
        self._not_before = {other: at for other, at in self._not_before.items() if at > now}
        if chat in self._not_before or self._throttle.wait(incoming.address) > SHORT_WAIT_MS:
            return
        self._not_before[chat] = now + PAUSE_MS
        self._throttle.in_background(self._react(incoming.address, incoming.message_id, now))

    async def _react(self, address: ChatAddress, message: int, now: int) -> None:
        async def ask(bot: Bot, chat: int) -> None:
            try:
                await bot.set_message_reaction(chat, message, ReactionEmoji.EYES)
            except TelegramError as error:
                if is_unknown_method(error):
                    self._known = False
                elif not is_message_gone(error):
                    raise

        try:
            await self._sender.call(address, ask)
        except UnreachableError as error:
            log.debug("no reactions in %s for a day: %s", address.ext, error)
            self._not_before[address.chat] = now + AGAIN_MS
        except RetryLaterError as error:
            self._not_before[address.chat] = self._monotonic_ms() + max(error.after_ms, PAUSE_MS)
