"""Sliding windows: at most so many in so long, counted at every moment and not per calendar minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` in any `window_ms`."""

    count: int
    window_ms: int


@dataclass(slots=True)
class Windows:
    """Uses per key under one or more limits. Times are the caller's; nothing here reads a clock."""

    limits: tuple[Limit, ...]
    most_keys: int = 10_000
    _used: dict[str, deque[int]] = field(default_factory=dict)

    def wait(self, key: str, now_ms: int) -> int:
        """Milliseconds until one more is within every limit; 0 where it is now."""
        used = self._used.get(key)
        if not used:
            return 0
        wait = 0
        for limit in self.limits:
            if len(used) >= limit.count:
                wait = max(wait, used[-limit.count] + limit.window_ms - now_ms)
        return wait

    def use(self, key: str, now_ms: int) -> None:
        """Count one."""
        used = self._used.setdefault(key, deque(maxlen=max(limit.count for limit in self.limits)))
        used.append(max(now_ms, used[-1]) if used else now_ms)
        if len(self._used) > self.most_keys:
            self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        longest = max(limit.window_ms for limit in self.limits)
        for key in [key for key, used in self._used.items() if used[-1] + longest <= now_ms]:
            del self._used[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a platform lets us send: over all chats, per chat, and how far apart one board's edits are."""

    overall: tuple[Limit, ...]
    chat: tuple[Limit, ...]
    board_ms: int


PERSON = (Limit(15, 10_000), Limit(60, 60_000))  # lines a person may send: faster than anybody reads the answers

ALLOWANCES: Mapping[str, Allowance] = {
    "discord": Allowance(overall=(Limit(45, 1_000),), chat=(Limit(5, 5_000),), board_ms=2_000),
    "telegram": Allowance(overall=(Limit(30, 1_000),), chat=(Limit(1, 1_000), Limit(20, 60_000)), board_ms=5_000),
    "room": Allowance(overall=(Limit(5_000, 1_000),), chat=(Limit(1_000, 1_000),), board_ms=0),
}
"""The room is our own. Discord documents 5 per 5 s and channel, 50 a second over all; Telegram 30 a second over all, 1
a second per chat, 20 a minute per group, edits included."""
