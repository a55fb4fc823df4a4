"""Answers that a test scripts: the next N calls of a route fail, are held back, or are done but never answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

ANSWER, DROP, LOSE, HOLD = "answer", "drop", "lose", "hold"


@dataclass(slots=True, eq=False)
class Fault:
    """`on` is a pattern over "METHOD /path" (`"POST /channels/*/messages"`); `times` how many calls it meets.

    answer: refused with `status` and nothing done; drop: the line is cut, nothing done;
    lose: done, then the line is cut (or `status` answered); hold: done only after `release`.
    """

    on: str
    kind: str
    times: int
    status: int = 0
    retry_after: float = 0.0
    scope: str = "user"
    met: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        self.times = 0
        self.released.set()


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def answer(
        self, status: int, on: str = "*", *, times: int = 1, retry_after: float = 0.01, scope: str = "user"
    ) -> Fault:
        """Refuse with 429 (`retry_after` seconds, `scope` user, shared or global) or any 5xx."""
        return self._add(Fault(on, ANSWER, times, status, retry_after, scope))

    def drop(self, on: str = "*", *, times: int = 1) -> Fault:
        """Cut the line before anything is done."""
        return self._add(Fault(on, DROP, times))

    def lose(self, on: str = "*", *, times: int = 1, status: int = 0) -> Fault:
        """Do it, but let the answer be lost (or be a `status` of 5xx)."""
        return self._add(Fault(on, LOSE, times, status))

    def hold(self, on: str = "*", *, times: int = 1) -> Fault:
        """Do nothing until `release`; `reached` is set when the first call has come."""
        return self._add(Fault(on, HOLD, times))

    def clear(self) -> None:
        for fault in self._waiting:
            fault.release()
        self._waiting = []

    def _add(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault

    def meet(self, method: str, path: str) -> Fault | None:
        """The first fault scripted for this call, which is used up once."""
        for fault in self._waiting:
            if fault.times > 0 and fnmatchcase(f"{method} {path}", fault.on):
                fault.times -= 1
                fault.met += 1
                fault.reached.set()
                return fault
        return None
