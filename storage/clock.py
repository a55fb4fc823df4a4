"""What time it is: an argument everywhere below the edge, so that tests and the demo can make it.

Two clocks, and which one is meant stands at every use. `now_ms` is the wall's: for moments that are shown, kept or
agreed on (when an order was accepted, when a round is due). It may be set, back and forth, by anybody. `monotonic_ms`
only goes on: for waiting, rates, memory with an age and all else that this process measures for itself. Its number
means nothing outside of this process and is never kept.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """UTC epoch milliseconds."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since some moment; never less than before, whatever happens to the wall's clock."""
        ...


_TICKING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's. Time it was suspended counts as passed where the system can tell (Linux), so that what would have
    been waited for is over when it wakes up."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.clock_gettime_ns(_TICKING) // 1_000_000


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def set(self, now_ms: int) -> None:
        """Let time pass until then. Never backwards: raises ValueError."""
        if now_ms < self._now_ms:
            raise ValueError(f"time does not go back from {self._now_ms} to {now_ms}")
        self._monotonic_ms += now_ms - self._now_ms
        self._now_ms = now_ms

    def advance(self, by_ms: int) -> None:
        """Let time pass."""
        self.set(self._now_ms + by_ms)

    def jump(self, by_ms: int) -> None:
        """Set the wall's clock by so much, back or forth, while no time passes."""
        self._now_ms += by_ms
