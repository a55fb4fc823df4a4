"""A press of a button is answered once, and at once: with words as soon as there are some, without after a moment."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from telegram import CallbackQuery
from telegram.error import TelegramError

from bot.adapters.telegram_chat.limits import cut
from bot.adapters.telegram_chat.markup import shown, spelled

log = logging.getLogger(__name__)

TIMEOUT_S = 0.8
LONGEST_ANSWER = 200


class CallbackAnswer:
    """`async with CallbackAnswer(query) as callback_answer`: answered at the latest when the body ends, or after
    `timeout_s`."""

    def __init__(self, query: CallbackQuery, timeout_s: float = TIMEOUT_S) -> None:
        self._query = query
        self._timeout_s = timeout_s
        self._timer: asyncio.Task[None] | None = None
        self.answered = False

    async def __aenter__(self) -> Self:
        self._timer = asyncio.create_task(self._answer_later())
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
        words = cut(spelled(shown(text.replace("`", ""))), LONGEST_ANSWER)
        try:
            await self._query.answer(words or None, show_alert=alert or None, url=url)
        except TelegramError as error:
            log.debug("a press was not answered: %s", error)
            return False
        return True

    async def _answer_later(self) -> None:
        await asyncio.sleep(self._timeout_s)
        await self.answer()
