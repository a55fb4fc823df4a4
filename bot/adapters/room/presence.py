"""Who has the room open at the other processes: each tells it with its lease, so that who dies takes its people along
when that lease is over (`storage.holding`)."""

from __future__ import annotations

from collections.abc import Callable

from storage.clock import SystemClock
from storage.holding import Holder
from storage.records import Json

SUBJECT = "room"
TELL_MS = 1_000  # people come and go more often than the others need to know
CLOCK = SystemClock()


class Presence:
    """People by their numbers. `holder` None: this process is alone."""

    def __init__(self, holder: Holder | None, monotonic_ms: Callable[[], int] = CLOCK.monotonic_ms) -> None:
        self._holder = holder
        self._monotonic_ms = monotonic_ms
        self._heard: dict[str, Json] = {}
        self._elsewhere: frozenset[int] = frozenset()
        self._told: tuple[int, list[Json]] | None = None  # when, and what

    def tell(self, here: Callable[[], set[int]]) -> None:
        """From now on the others are told who is `here`."""
        if self._holder is not None:
            self._holder.tell(SUBJECT, lambda: self._tell(here))

    def elsewhere(self) -> frozenset[int]:
        """Who is at other processes that are alive; the same object while it is the same people."""
        told = self._holder.told(SUBJECT) if self._holder is not None else {}
        if told != self._heard:
            self._heard = told
            lists = [people for people in told.values() if isinstance(people, list | tuple)]
            self._elsewhere = frozenset(person for people in lists for person in people if isinstance(person, int))
        return self._elsewhere

    def _tell(self, here: Callable[[], set[int]]) -> Json:
        now_ms = self._monotonic_ms()
        if self._told is None or now_ms - self._told[0] >= TELL_MS:
            self._told = now_ms, [*sorted(here())]
        return self._told[1]
