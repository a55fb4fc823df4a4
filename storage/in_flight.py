"""What is being done at the moment, so that an end can wait for it, and a cancellation until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class InFlight:
    """Counts what is under way."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._count += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if self._count == 0:
            self._idle.set()

    async def idle(self, seconds: float | None = None) -> bool:
        """Whether all of it has ended within so long; without a limit, when it has."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


async def finish(work: Awaitable[T]) -> T:
    """Await to the end even when cancelled, and only then let the cancellation through.

    A cancelled SQLite statement runs on in its thread and keeps the file locked; so nothing is ever left half-way.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = not task.cancelled()
        except BaseException:  # the work's own failure: `task.result` below raises it
            break
    if cancelled:
        task.exception()  # retrieved, so that asyncio logs nothing: the caller hears of the cancellation
        raise asyncio.CancelledError
    return task.result()
