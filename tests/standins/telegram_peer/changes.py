"""Waiting for something to happen, and the clocks the peer may live by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Changes:
    """Told of every change of the world; whoever waits looks again at each."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, look: Callable[[], Found | None], within: float) -> Found:
        """The first thing `look` finds; TimeoutError after `within` seconds of wall clock."""
        async with asyncio.timeout(within):
            while (found := look()) is None:
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                await future
        return found


class ManualClock:
    """Seconds since 1970 that pass only when a test says so."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self.seconds = start

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


def wall_clock() -> float:
    return time.time()
