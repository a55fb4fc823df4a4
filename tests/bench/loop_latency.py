"""How late the event loop is: a task that sleeps for a moment, again and again, and notes by how much it overslept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONG_MS = 100


class LoopLatency:
    """`longest_own_ms` and `long` (of LONG_MS or more) count only processor time of the loop's thread, which other
    processes on the machine cannot lengthen."""

    def __init__(self) -> None:
        self.longest_ms = self.longest_own_ms = 0.0
        self.long = 0

    @asynccontextmanager
    async def measured(self, every_s: float) -> AsyncIterator[None]:
        """Measure while the block runs."""
        task = asyncio.create_task(self._measure(every_s))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _measure(self, every_s: float) -> None:
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(every_s)
            late_ms = (time.perf_counter() - began - every_s) * 1_000
            own_ms = (time.thread_time() - used) * 1_000
            self.long += own_ms >= LONG_MS
            self.longest_ms, self.longest_own_ms = max(self.longest_ms, late_ms), max(self.longest_own_ms, own_ms)
