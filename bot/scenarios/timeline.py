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
    """Plays from `begin_ms` to `end_ms` in about `seconds`: trading at an even pace, each of `freezes` in as long as it
    takes at the pace of the whole, but at least `least_s` and at most a thirtieth of `seconds`.

    With `first_s` the first freeze is over after about so many seconds, whatever pace that takes; what follows shares
    out the rest.
    """

    def __init__(
        self,
        begin_ms: int,
        end_ms: int,
        seconds: float,
        freezes: Sequence[tuple[int, int]],
        least_s: float,
        first_s: float | None = None,
    ) -> None:
        closed = joined(freezes)
        pace = (end_ms - begin_ms) / 1_000 / seconds
        most_s = max(least_s, seconds / 30)
        frozen_s = [max(least_s, min((until - since) / 1_000 / pace, most_s)) for since, until in closed]
        trading_s, trading_ms = seconds - sum(frozen_s), end_ms - begin_ms - sum(until - at for at, until in closed)
        opening_ms = opening_s = 0.0
        if first_s is not None and closed:
            opening_ms, opening_s = closed[0][0] - begin_ms, max(first_s - frozen_s[0], first_s / 2)
        later = (trading_ms - opening_ms) / 1_000 / max(trading_s - opening_s, seconds / 4)
        self._segments: list[Segment] = []
        self._at_ms, self._at_s = begin_ms, 0.0
        for number, ((since, until), seconds_frozen) in enumerate(zip(closed, frozen_s, strict=True)):
            opening = opening_s > 0 and number == 0
            self._add(since, opening_ms / 1_000 / opening_s if opening else later)
            self._add(until, (until - since) / 1_000 / seconds_frozen)
        self._segments.append(Segment(begin_ms=self._at_ms, wall_s=self._at_s, speed=max(later, 1.0)))

    def _add(self, until_ms: int, speed: float) -> None:
        if until_ms > self._at_ms:
            self._segments.append(Segment(begin_ms=self._at_ms, wall_s=self._at_s, speed=speed))
            self._at_s += (until_ms - self._at_ms) / 1_000 / speed
            self._at_ms = until_ms

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


def joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of time in order, those that touch or overlap as one, empty ones left out."""
    apart: list[tuple[int, int]] = []
    for since, until in sorted(span for span in spans if span[1] > span[0]):
        if apart and since <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(apart[-1][1], until)
        else:
            apart.append((since, until))
    return apart


class EventClock:
    """Moves a clock to each moment in turn: at once, or, with a `timeline` and from `begin` on, when its time has come
    on the wall's clock (`wall`, seconds)."""

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
        self._began: float | None = None

    @property
    def began(self) -> bool:
        return self._began is not None

    def begin(self) -> None:
        """The timeline's first moment is now."""
        self._began = self._wall()

    async def reach(self, at_ms: int) -> None:
        """Come back when the clock shows `at_ms`, exactly; it goes on in small steps meanwhile."""
        if self._timeline is not None and self._began is not None:
            until = self._began + self._timeline.wall_s(at_ms)
            while (left := until - self._wall()) > 0:
                await self._sleep(min(STEP_S, left))
                self._set(min(at_ms, self._timeline.event_ms(self._wall() - self._began)))
        self._set(at_ms)
