"""Waiting for the budget and after a 429: an answer of ours is late rather than lost, and never beyond the end.

Telegram's errors as the port's: who has to wait, and what is out of reach for which reason.

Telegram tells most refusals apart by their English sentence alone; those known are listed here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TypeVar

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget

log = logging.getLogger(__name__)

MOST_MS = 20_000  # how long an answer waits for its group's budget or a 429
SOON_MS = 1_000
TRIES = 3
Made = TypeVar("Made")


class Throttle:
    """`clock` gives epoch milliseconds; `closing` is set when the program ends."""

    def __init__(self, budget: Budget, clock: Callable[[], int]) -> None:
        self._budget = budget
        self._clock = clock
        self.closing = asyncio.Event()
        self._behind: set[asyncio.Task[None]] = set()

    def wait(self, place: ChatAddress) -> int:
        """Milliseconds a message to this chat would have to wait now; more than `MOST_MS` nobody waits."""
        return self._budget.wait(place.ext, self._clock())

    def behind(self, work: Coroutine[None, None, None]) -> None:
        """Do what has to wait behind what has not: updates are handled a few dozen at a time."""
        task = asyncio.create_task(_quietly(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def close(self) -> None:
        """The program ends: who waits, waits no longer."""
        self.closing.set()
        tasks = list(self._behind)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, place: ChatAddress, do: Callable[[], Awaitable[Made]]) -> Made:
        """Do it as soon as the budget allows, where one message is counted before anybody else can take its place, and
        once more after a 429. RetryLaterError where that would be too late for an answer. In private short bursts are
        tolerated: only what all chats share is waited for."""
        waited = tries = 0
        while True:
            now = self._clock()
            wait = self._budget.overall_wait(now) if place.private else self._budget.wait(place.ext, now)
            if wait <= 0:
                self._budget.use(place.ext, now)
                try:
                    return await do()
                except RetryLaterError as error:
                    self._budget.refused(place.ext, error.after_ms, self._clock(), overall=error.overall)
                    tries, wait = tries + 1, error.after_ms
            waited += wait
            if tries == TRIES or waited > MOST_MS or self.closing.is_set():
                raise RetryLaterError(wait)
            await self.rest(wait)

    async def rest(self, ms: int) -> None:
        """Wait, but not beyond the end of the program."""
        if ms > 0:
            try:
                async with asyncio.timeout(ms / 1000):
                    await self.closing.wait()
            except TimeoutError:
                return


async def _quietly(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except (UnreachableError, RetryLaterError) as error:
        log.info("an answer could not be given: %s", error)
    except Exception:
        log.exception("an answer could not be given")


LOST_LINE_MS = 2_000
NO_BOT_MS = 10_000

_MESSAGE = ("message to edit not found", "message can't be edited", "message_id_invalid", "there is no text in the",
            "there is no caption in the", "message_too_long", "message is too long", "caption is too long")  # fmt: skip
_CHAT = ("chat not found", "peer_id_invalid", "chat_id_invalid", "thread not found", "topic_deleted", "deactivated",
         "channel_private", "have no access")  # fmt: skip
_FORBIDDEN = ("not enough rights", "no rights", "need administrator rights", "chat_write_forbidden", "topic_closed",
              "chat_restricted", "chat_send_", "administrator rights")  # fmt: skip


def is_same(error: TelegramError) -> bool:
    """An edit to what stands there already."""
    return isinstance(error, BadRequest) and "not modified" in error.message.lower()


def is_markup(error: TelegramError) -> bool:
    """A server that knows fewer tags than we use."""
    return isinstance(error, BadRequest) and "can't parse entities" in error.message.lower()


def is_unknown_method(error: TelegramError) -> bool:
    """A 404 is a method this server does not know: a token that is not taken (any more) is a 401, and one that never
    was fails at the first request. The library takes them for the same."""
    return isinstance(error, InvalidToken) and "unauthorized" not in error.message.lower()


def translated(error: TelegramError, *, private: bool) -> RetryLaterError | UnreachableError:
    """The port's error for one of the library's."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return RetryLaterError(int((wait if isinstance(wait, timedelta) else timedelta(seconds=wait)) / _MS))
    if isinstance(error, Forbidden):
        return UnreachableError(Unreachable.PERSON if private else Unreachable.CHAT, error.message)
    if isinstance(error, ChatMigrated):
        return RetryLaterError(LOST_LINE_MS)
    if is_unknown_method(error):
        return UnreachableError(Unreachable.MESSAGE, error.message)
    if isinstance(error, InvalidToken | Conflict):
        return RetryLaterError(NO_BOT_MS, overall=True)
    if isinstance(error, BadRequest):
        return _bad(error, private=private)
    if isinstance(error, NetworkError):
        return RetryLaterError(LOST_LINE_MS)
    return RetryLaterError(NO_BOT_MS)


_MS = timedelta(milliseconds=1)


def _bad(error: BadRequest, *, private: bool) -> UnreachableError:
    said = error.message.lower()
    if any(words in said for words in _MESSAGE):
        return UnreachableError(Unreachable.MESSAGE, error.message)
    if any(words in said for words in _CHAT):
        return UnreachableError(Unreachable.PERSON if private else Unreachable.CHAT, error.message)
    if any(words in said for words in _FORBIDDEN):
        return UnreachableError(Unreachable.FORBIDDEN, error.message)
    return UnreachableError(Unreachable.MESSAGE, error.message)
