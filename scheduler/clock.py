"""What time it is: an argument everywhere below the edge, so that tests and the demo can make it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def set(self, now_ms: int) -> None:
        """Never backwards: raises ValueError."""
        if now_ms < self._now_ms:
            raise ValueError(f"a clock does not go back from {self._now_ms} to {now_ms}")
        self._now_ms = now_ms

    def advance(self, by_ms: int) -> None:
        self.set(self._now_ms + by_ms)
