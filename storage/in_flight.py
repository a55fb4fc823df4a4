"""What is being done at the moment, so that an end can wait for it."""

from __future__ import annotations

import asyncio


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
