"""Rates in sliding windows (core.telegram.org/bots/faq#my-bot-is-hitting-limits).

Documented: about 30 messages a second overall; not more than one a second in a single chat, short bursts tolerated; not
more than 20 a minute in one group (the FAQ names no figure for channels; they are held to the groups'). Edits count as
messages. A request that was refused does not count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .errors import too_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """At most `count` messages in any `seconds`."""

    count: int
    seconds: float


def most_in_window(times: Iterable[float], seconds: float) -> int:
    """The most of these moments that fall into any half-open window of this length."""
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(slots=True, kw_only=True)
class Limits:
    clock: Callable[[], float]
    on: bool = True
    overall: tuple[Rule, ...] = (Rule(count=30, seconds=1.0),)
    private: tuple[Rule, ...] = (Rule(count=5, seconds=1.0), Rule(count=60, seconds=60.0))
    group: tuple[Rule, ...] = (Rule(count=20, seconds=60.0),)
    spent: list[tuple[int, float]] = field(default_factory=list)
    refused: int = 0

    def spend(self, chat_id: int, messages: int = 1) -> None:
        """Counts so many messages to a chat; 429 if a window would overflow."""
        now = self.clock()
        here = self.private if chat_id > 0 else self.group
        recent = self._since(now - max(rule.seconds for rule in (*self.overall, *here)))
        wait = max(
            _wait([at for _, at in recent], self.overall, now, messages),
            _wait([at for chat, at in recent if chat == chat_id], here, now, messages),
        )
        if self.on and wait > 0:
            self.refused += 1
            raise too_many(max(1, math.ceil(wait)))
        self.spent += [(chat_id, now)] * messages

    def _since(self, moment: float) -> list[tuple[int, float]]:
        """What was let through after this moment; only the end of the list is looked at."""
        first = len(self.spent)
        while first and self.spent[first - 1][1] > moment:
            first -= 1
        return self.spent[first:]

    def most(self, seconds: float, chat_id: int | None = None) -> int:
        """The most messages let through in any window so long, to one chat or over all."""
        return most_in_window((at for chat, at in self.spent if chat_id in (None, chat)), seconds)


def _wait(times: list[float], rules: tuple[Rule, ...], now: float, messages: int) -> float:
    """Seconds until so many more fit under each rule; 0 if they fit now. `times` are in order."""
    worst = 0.0
    for rule in rules:
        inside = [at for at in times if at > now - rule.seconds]
        over = len(inside) + messages - rule.count
        if over > 0 and inside:  # an album larger than a window goes through alone
            worst = max(worst, inside[min(over, len(inside)) - 1] + rule.seconds - now)
    return worst
