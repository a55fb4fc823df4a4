"""Waiting for the budget and after a 429: an answer of ours is late rather than lost, and never beyond the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.adapters.telegram_chat.places import Place
from bot.budgets import Budget
from bot.platform import RetryLaterError

MOST_MS = 20_000  # how long an answer waits for its group's budget or a 429
TRIES = 3
Made = TypeVar("Made")


class Patience:
    """`clock` gives epoch milliseconds; `closing` is set when the program ends."""

    def __init__(self, budget: Budget, clock: Callable[[], int]) -> None:
        self._budget = budget
        self._clock = clock
        self.closing = asyncio.Event()

    def too_long(self, place: Place) -> bool:
        """Whether a message to this chat would have to wait longer than anybody waits for an answer."""
        return self._budget.wait(place.ext, self._clock()) > MOST_MS

    async def send(self, place: Place, do: Callable[[], Awaitable[Made]]) -> Made:
        """Within the budget, and once more after a 429. In private short bursts are tolerated: only what all chats
        share is waited for."""
        for attempt in range(TRIES):
            now = self._clock()
            wait = self._budget.overall_wait(now) if place.private else self._budget.wait(place.ext, now)
            await self.rest(min(wait, MOST_MS))
            try:
                return await do()
            except RetryLaterError as error:
                self._budget.refused(place.ext, error.after_ms, self._clock(), overall=error.overall)
                if attempt == TRIES - 1 or error.after_ms > MOST_MS or self.closing.is_set():
                    raise
                await self.rest(error.after_ms)
        raise AssertionError("unreachable")

    async def rest(self, ms: int) -> None:
        """Wait, but not beyond the end of the program."""
        if ms > 0:
            try:
                async with asyncio.timeout(ms / 1000):
                    await self.closing.wait()
            except TimeoutError:
                return
