"""A press of a button is answered once, and at once: with words as soon as there are some, without after a moment."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from telegram import CallbackQuery
from telegram.error import TelegramError

from bot.adapters.telegram_chat.limits import clipped
from bot.adapters.telegram_chat.markup import shown, spelled

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
