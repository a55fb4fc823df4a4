"""Whose turn it is: everything of one person is done in order, and an answer that has to wait holds up nothing of
theirs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from bot.adapters.telegram_chat.throttle import SHORT_WAIT_MS


class Turn:
    """`async with turn:` nothing else under this lock is done meanwhile. Once what was asked is done and only its
    answer is under way, the next one waits for it no longer than a moment, so that answers keep their order as long as
    nothing is in their way."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._timer: asyncio.TimerHandle | None = None
        self._is_held = False

    async def __aenter__(self) -> Self:
        await self._lock.acquire()
        self._is_held = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def is_being_answered(self) -> None:
        """What was asked has been done: the turn ends with its answer, or in a moment."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SHORT_WAIT_MS / 1000, self._end)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._is_held:
            self._is_held = False
            self._lock.release()


class Turns:
    """People are served side by side."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, person_ext: str) -> Turn:
        """The next turn of this person."""
        return Turn(self._lock(person_ext))

    def in_place(self, request_id: str) -> asyncio.Lock:
        """Held while a press in one message is answered: answers that take its place come one after the other."""
        return self._lock(f"in place {request_id}")

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())
