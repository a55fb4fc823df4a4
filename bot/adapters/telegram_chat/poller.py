"""Asks Telegram for updates, and confirms them (by the next question) once they are kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut

from bot.adapters.telegram_chat.errors import NotServingError, is_unknown_method

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "channel_post", "callback_query", "my_chat_member", "chat_member")
INLINE_QUERY = "inline_query"  # where @BotFather switched inline mode on
LONGEST_POLL = timedelta(seconds=10)
AT_ONCE = 100  # Telegram's most
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
LAST_MOMENT_S = 0.8
PATIENCE = 5  # conflicts in a row until it is another program's doing, not the end of a process before us

Receive = Callable[[Sequence[Update]], Awaitable[bool]]
Result = TypeVar("Result")


class Poller:
    """`receive` keeps updates; False where there is no room for them now: they are asked for again."""

    def __init__(self, bot: Bot, receive: Receive, allowed: Sequence[str] = ALLOWED_UPDATES) -> None:
        self._bot = bot
        self._receive = receive
        self._allowed = allowed
        self._offset = 0
        self._unconfirmed = False
        self._failures = 0
        self._conflicts = 0

    async def run(self) -> None:
        """For ever; ends by InvalidToken, by what `receive` raises, or where this process serves no longer."""
        await self._until_done(self._bot.delete_webhook)
        try:
            while True:
                updates = await self._until_done(self._ask)
                if not updates:
                    continue
                if await self._receive(updates):
                    self._offset, self._unconfirmed = updates[-1].update_id + 1, True
                else:
                    await asyncio.sleep(FIRST_PAUSE_S)
        finally:
            await self._confirm()

    async def _confirm(self) -> None:
        """Tell Telegram, as the last thing, what has arrived: whoever polls next need not be told it again."""
        if not self._unconfirmed:
            return
        with contextlib.suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(LAST_MOMENT_S):
                await self._bot.get_updates(self._offset, 1, timedelta(), allowed_updates=self._allowed)

    async def _ask(self) -> Sequence[Update]:
        updates = await self._bot.get_updates(self._offset, AT_ONCE, LONGEST_POLL, allowed_updates=self._allowed)
        self._failures = self._conflicts = 0
        self._unconfirmed = False
        return updates

    async def _until_done(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        """Again and again, with a growing pause, until Telegram answers."""
        while True:
            try:
                return await ask()
            except NotServingError:
                raise
            except TelegramError as error:
                await asyncio.sleep(self._pause_after(error))

    def _pause_after(self, error: TelegramError) -> float:
        """Seconds until it is asked again. Raises what asking again does not change."""
        if isinstance(error, InvalidToken) and not is_unknown_method(error):
            raise error
        if isinstance(error, TimedOut):
            return 0.0
        if isinstance(error, RetryAfter):
            wait = error.retry_after
            return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        if isinstance(error, Conflict):
            self._tell_conflict()
            return FIRST_PAUSE_S
        log.info("polling Telegram failed, it is tried again: %s", error)
        self._failures += 1
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 1.5 ** min(self._failures - 1, 10))

    def _tell_conflict(self) -> None:
        """Once each: the first may be the poll of a process that ended suddenly, and passes."""
        self._conflicts += 1
        if self._conflicts == 1:
            log.info("another process still polls Telegram with this token; it is tried again")
        elif self._conflicts == PATIENCE:
            log.error("another program polls Telegram with this token; only one can: stop the other")
