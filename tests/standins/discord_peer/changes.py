"""Waiting for something to happen without sleeping: whoever waits looks again at every change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(
        self, look: Callable[[], T | None], seconds: float = 30.0, what: Callable[[], str] | str = "it"
    ) -> T:
        """The first true answer of `look`, asked anew at every change; AssertionError naming `what` after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.append(future)
                    await future
                return found
        except TimeoutError:
            raise AssertionError(f"waited {seconds} s for {what if isinstance(what, str) else what()}") from None
