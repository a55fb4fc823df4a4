"""Waiting for the budget and after a 429: an answer of ours is late rather than lost, and never beyond the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from bot.adapters.telegram_chat.chats import ChatAddress
from bot.chat.platform import RetryLaterError, UnreachableError
from bot.chat.rate_limits import Budget, Urgency
from storage.trouble import TroubleError

log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 20_000  # how long an answer waits for its group's budget or a 429
SHORT_WAIT_MS = 1_000
TRIES = 3
Result = TypeVar("Result")


class Throttle:
    """`closing` is set when the program ends."""

    def __init__(self, budget: Budget, monotonic_ms: Callable[[], int]) -> None:
        self._budget = budget
        self._monotonic_ms = monotonic_ms
        self.closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def wait(self, address: ChatAddress, urgency: Urgency = Urgency.ANSWER) -> int:
        """Milliseconds a message to this chat would have to wait now; more than `LONGEST_WAIT_MS` nobody waits."""
        return self._budget.wait(address.ext, self._monotonic_ms(), urgency)

    def in_background(self, work: Coroutine[None, None, None]) -> None:
        """Do what has to wait behind what has not: updates are handled a few dozen at a time."""
        task = asyncio.create_task(_log_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # of a task that was cancelled before it began

    async def close(self) -> None:
        """The program ends: who waits, waits no longer."""
        self.closing.set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def send(
        self,
        address: ChatAddress,
        send_message: Callable[[], Awaitable[Result]],
        urgency: Urgency = Urgency.ANSWER,
    ) -> Result:
        """Do it as soon as the budget allows, where one message is counted before anybody else can take its place, and
        once more after a 429. RetryLaterError where that would be too late for an answer. In private short bursts are
        tolerated: only what all chats share, and the end of a 429, is waited for."""
        waited = tries = 0
        while True:
            now = self._monotonic_ms()
            if address.private:
                wait = max(self._budget.overall_wait(now), self._budget.pause(now, address.ext))
            else:
                wait = self._budget.wait(address.ext, now, urgency)
            if wait <= 0:
                self._budget.use(address.ext, now, urgency)
                try:
                    return await send_message()
                except RetryLaterError as error:
                    self._budget.refused(address.ext, error.after_ms, self._monotonic_ms(), overall=error.overall)
                    tries, wait = tries + 1, error.after_ms
            waited += wait
            if tries == TRIES or waited > LONGEST_WAIT_MS or self.closing.is_set():
                raise RetryLaterError(wait)
            await self.sleep(wait)

    async def sleep(self, ms: int) -> None:
        """Wait, but not beyond the end of the program."""
        if ms > 0:
            try:
                async with asyncio.timeout(ms / 1000):
                    await self.closing.wait()
            except TimeoutError:
                return


async def _log_failure(work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except (UnreachableError, RetryLaterError) as error:
        log.info("an answer could not be given: %s", error)
    except TroubleError:
        pass  # the watch on the database has said so
    except Exception:
        log.exception("an answer could not be given")
