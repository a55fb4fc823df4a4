"""The peer's time: it stands still until a test moves it, or runs, as fast as a test wants."""

from __future__ import annotations

import time


class Clock:
    """UTC epoch milliseconds. `speed` 0 stands still (moved by `advance`), 1 is the wall clock, 100 a hurried one."""

    def __init__(self, *, speed: float = 0.0, start_ms: int | None = None) -> None:
        self.speed = speed
        self._start_ms = time.time_ns() // 1_000_000 if start_ms is None else start_ms
        self._began = time.monotonic()
        self._added_ms = 0

    @property
    def now_ms(self) -> int:
        return self._start_ms + self._added_ms + int((time.monotonic() - self._began) * 1000 * self.speed)

    def advance(self, ms: int) -> None:
        self._added_ms += ms

    def wait_seconds(self, ms: float) -> float:
        """Seconds a client that lives on the wall clock is told to wait for `ms` of this clock."""
        return ms / 1000 / (self.speed or 1.0)
