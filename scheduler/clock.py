"""What time it is: an argument everywhere below the edge, so that tests and the demo can make it.

How often people are told things, in milliseconds. The demo plays days in minutes and sets its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
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


MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """digest: at most one in this time, if anything traded; countdown: how long before a freeze it is called out;
    remind: how often admins are asked again for a round's outcome; late: from when on a step counts as late;
    overdue: how long a decision is waited for after its time before the chat is told."""

    digest_ms: int = 10 * MINUTE
    countdown_ms: int = 5 * MINUTE
    remind_ms: int = 10 * MINUTE
    late_ms: int = 10_000
    overdue_ms: int = MINUTE
