"""How much of the room each may take: strangers by the network they come from, members by who they are.

A member has given a name. Streams are places: members have theirs and strangers have others, so that strangers never
stand in a member's way, and who watches a public market has others again; among members, who has several windows gives
one up to who has none, and who came to the room last to who was here before. Everything else is counted in windows of
time. All this spares a machine, so each process counts for itself; what guards money or secrets is counted for all
together (`bot.chat.shared_limits`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.rate_limits import Limit, Windows
from bot.words import room as words
from storage.clock import SystemClock

MEMBERS_PLACES = 500
STRANGERS_PLACES = 150
MOST_STREAMS_EACH = 12  # windows of one member, or of strangers at one address
WATCHERS_PLACES = 1_000  # of those who watch public markets, which stand in nobody else's way
WATCHERS_EACH = 400  # at one address: a school, a company, a phone network stands behind one
FULL_RETRY_S = 30
CLOCK = SystemClock()


CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    413: "too_large",
    415: "not_json",
    421: "wrong_host",
    422: "refused",
    429: "too_often",
    500: "our_fault",
    503: "not_now",
}
"""What a program goes by where nothing closer is known."""


class RefusalError(Exception):
    """A request that is not done: `sentence` tells the person what to do instead, `retry_s` when it may work, `code` a
    program why."""

    def __init__(self, status: int, sentence: str, retry_s: int | None = None, *, code: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_s = retry_s
        self.code = code or CODES[status]


class Counted(StrEnum):
    """What is counted in windows of time."""

    REQUEST = "request"  # whatever is not a file of the page
    STREAM = "stream"
    COMPLETION = "completion"
    CHART = "chart"  # pictures of charts, drawn or kept
    THEATRE = "theatre"  # ticks of markets that are over
    LINE = "line"  # lines, presses and forms: the dispatcher has its own, closer limit, and answers beyond it
    TALK = "talk"
    QUOTE = "quote"  # of a member; strangers of one network share theirs
    STRANGERS_QUOTE = "strangers' quote"
    KEY_REQUEST = "key's request"  # a program's reading
    KEY_ORDER = "key's order"  # and orders and cancels
    WATCH = "watch"  # whatever is asked for to watch a public market, at one address


LIMITS: Mapping[Counted, tuple[Limit, ...]] = {
    Counted.REQUEST: (Limit(400, 10_000),),
    Counted.STREAM: (Limit(40, 10_000),),
    Counted.COMPLETION: (Limit(150, 10_000),),
    Counted.CHART: (Limit(120, 60_000),),
    Counted.THEATRE: (Limit(100, 10_000),),
    Counted.LINE: (Limit(40, 10_000),),
    Counted.QUOTE: (Limit(4, 1_000),),
    Counted.STRANGERS_QUOTE: (Limit(20, 1_000),),
    Counted.KEY_REQUEST: (Limit(60, 10_000),),
    Counted.KEY_ORDER: (Limit(10, 10_000),),
    Counted.WATCH: (Limit(1_500, 10_000),),
    Counted.TALK: (Limit(6, 8_000), Limit(30, 120_000)),
}


def too_often(sentence: Callable[[int], str], wait_ms: int) -> RefusalError:
    """What `sentence` says to who must wait so long."""
    return RefusalError(429, sentence(wait_ms), -(-wait_ms // 1_000))


class Limits:
    """`monotonic_ms` is not the market's clock: how fast a person is has nothing to do with event time."""

    def __init__(self, monotonic_ms: Callable[[], int] = CLOCK.monotonic_ms) -> None:
        self._monotonic_ms = monotonic_ms
        self._windows = {counted: Windows(limits) for counted, limits in LIMITS.items()}

    def check(self, counted: Counted, whose: str) -> None:
        """RefusalError 429, with how long to wait, where one more would be too many."""
        wait_ms = self._windows[counted].wait(whose, self._monotonic_ms())
        if wait_ms > 0:
            raise too_often(words.slow_down, wait_ms)

    def use(self, counted: Counted, whose: str) -> None:
        self._windows[counted].use(whose, self._monotonic_ms())

    def count(self, counted: Counted, whose: str) -> None:
        """One more, or RefusalError."""
        self.check(counted, whose)
        self.use(counted, whose)


@dataclass(slots=True, eq=False)
class Place:
    """One open stream. `rank`: the lower, the longer its owner has been here. `event` wakes it, for one when its place
    was given to another (`given_up`)."""

    whose: str
    rank: int
    event: asyncio.Event
    given_up: bool = False


class Places:
    """At most `most` streams, of each owner at most `most_each`; `full` says it to who finds none free."""

    def __init__(self, most: int, most_each: int, full: Callable[[], str]) -> None:
        self.most, self.most_each = most, most_each
        self._full = full
        self._taken: dict[str, list[Place]] = {}
        self._count = 0
        self.changes = 0  # how often somebody came or went

    @property
    def owners(self) -> set[int]:
        """By rank, which of members is their number."""
        return {theirs[0].rank for theirs in self._taken.values()}

    def __len__(self) -> int:
        return self._count

    def take(self, place: Place) -> None:
        """RefusalError where there is none for them."""
        theirs = self._taken.get(place.whose, [])
        if len(theirs) >= self.most_each:
            raise RefusalError(429, words.too_many_windows(), FULL_RETRY_S)
        if self._count >= self.most:
            yielding = self._who_yields(place, len(theirs))
            if yielding is None:
                raise RefusalError(503, self._full(), FULL_RETRY_S)
            self.leave(yielding)
            yielding.given_up = True
            yielding.event.set()
        self._taken.setdefault(place.whose, []).append(place)
        self._count += 1
        self.changes += 1

    def leave(self, place: Place) -> None:
        """Given back; a place that was given up already is not counted twice."""
        theirs = self._taken.get(place.whose, [])
        if place in theirs:
            theirs.remove(place)
            self._count -= 1
            self.changes += 1
            if not theirs:
                del self._taken[place.whose]

    def _who_yields(self, place: Place, has: int) -> Place | None:
        """The oldest window of who has most, if that is more than `place`'s owner would have then; of those who have as
        many, who came last. Where nobody has more, who came after them and has as many."""
        others = [theirs[0] for whose, theirs in self._taken.items() if whose != place.whose]
        if not others:
            return None
        last = max(others, key=lambda other: (len(self._taken[other.whose]), other.rank))
        windows = len(self._taken[last.whose])
        came_later = windows == has + 1 and last.rank > place.rank
        return last if windows > has + 1 or came_later else None
