"""Event time against the wall's: days in minutes, but never a freeze so short that nobody notices it."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

STEP_S = 0.05  # the clock moves at least so often while it waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `begin_ms` on (epoch), which is `wall_s` after the beginning, event time passes `speed` times faster."""

    begin_ms: int
    wall_s: float
    speed: float


class Timeline:
    """Plays from `begin_ms` to `end_ms` in `seconds`, and longer where one of `freezes` (which do not overlap) would
    last less than `least_s` of them."""

    def __init__(
        self, begin_ms: int, end_ms: int, seconds: float, freezes: Sequence[tuple[int, int]], least_s: float
    ) -> None:
        usual = (end_ms - begin_ms) / 1_000 / seconds
        self._segments: list[Segment] = []
        at, wall = begin_ms, 0.0
        for freeze, decide in sorted(freezes):
            for until, speed in ((freeze, usual), (decide, min(usual, (decide - freeze) / 1_000 / least_s))):
                self._segments.append(Segment(begin_ms=at, wall_s=wall, speed=speed))
                wall += (until - at) / 1_000 / speed
                at = until
        self._segments.append(Segment(begin_ms=at, wall_s=wall, speed=usual))

    def wall_s(self, event_ms: int) -> float:
        """Seconds from the beginning until that moment."""
        segment = self._segments[self._index(event_ms)]
        return segment.wall_s + (event_ms - segment.begin_ms) / 1_000 / segment.speed

    def event_ms(self, wall_s: float) -> int:
        """The moment after so many seconds."""
        index = bisect_right(self._segments, wall_s, key=lambda segment: segment.wall_s) - 1
        segment = self._segments[max(0, index)]
        return segment.begin_ms + int((wall_s - segment.wall_s) * segment.speed * 1_000)

    def speed(self, event_ms: int) -> float:
        """How many milliseconds of event time pass in one of the wall's."""
        return self._segments[self._index(event_ms)].speed

    def _index(self, event_ms: int) -> int:
        return max(0, bisect_right(self._segments, event_ms, key=lambda segment: segment.begin_ms) - 1)


class EventClock:
    """Moves a clock to each moment in turn: at once, or, with a `timeline`, when its time has come on the wall's clock
    (`wall`, seconds)."""

    def __init__(
        self,
        set_clock: Callable[[int], None],
        timeline: Timeline | None,
        wall: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._set = set_clock
        self._timeline = timeline
        self._wall = wall
        self._sleep = sleep
        self._began = 0.0

    def begin(self) -> None:
        """The timeline's first moment is now."""
        self._began = self._wall()

    async def reach(self, at_ms: int) -> None:
        """Come back when the clock shows `at_ms`, exactly; it goes on in small steps meanwhile."""
        if self._timeline is not None:
            until = self._began + self._timeline.wall_s(at_ms)
            while (left := until - self._wall()) > 0:
                await self._sleep(min(STEP_S, left))
                self._set(min(at_ms, self._timeline.event_ms(self._wall() - self._began)))
        self._set(at_ms)
