"""One log line a minute for what keeps failing, with how often it did: the first says what, and nobody has to search
ten thousand repetitions for what else happened."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

EVERY_S = 60.0


class QuietLog:
    """`monotonic` gives seconds that only pass."""

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._monotonic = monotonic
        self._last_s: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def error(self, key: str, message: str, *arguments: object, error: BaseException | None = None) -> None:
        """Say it, with `error`'s traceback, unless the same `key` was said within the last minute; then count it."""
        now_s = self._monotonic()
        last_s = self._last_s.get(key)
        if last_s is not None and now_s - last_s < EVERY_S:
            self._unsaid[key] = self._unsaid.get(key, 0) + 1
            return
        self._last_s[key] = now_s
        unsaid = self._unsaid.pop(key, 0)
        if unsaid:
            message, arguments = f"{message} (%s times more since the last line)", (*arguments, unsaid)
        self._log.error(message, *arguments, exc_info=error)

    def over(self, key: str) -> int:
        """It is over: the next time is news again. Returns how often it was counted and not said."""
        self._last_s.pop(key, None)
        return self._unsaid.pop(key, 0)
