"""Failures a test orders beforehand: the next calls of a method (to a chat) go wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from .chats import Chat


@dataclass(slots=True, kw_only=True, eq=False)
class Fault:
    """One ordered failure. `code` is answered instead of doing it; the rest speaks for itself."""

    method: str | None
    chat_id: int | None
    times: int
    code: int = 0
    retry_after: int = 0
    description: str = ""
    drop: bool = False  # the connection is cut before anything is done
    lose: bool = False  # it is done, then the connection is cut
    hold: asyncio.Event | None = None  # it waits before it is done
    late: asyncio.Event | None = None  # it is done, the answer waits
    met: int = field(default=0)  # how often it happened


class Faults:
    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def too_many(
        self, retry_after: int, method: str | None = None, *, chat: Chat | None = None, times: int = 1
    ) -> Fault:
        """429 with `retry_after` seconds."""
        return self._order(method, chat, times, code=429, retry_after=retry_after)

    def error(
        self, code: int, method: str | None = None, *, chat: Chat | None = None, times: int = 1, description: str = ""
    ) -> Fault:
        """Any refusal: 500, 502 (as the gateway's HTML page), or a 4xx with its description."""
        return self._order(method, chat, times, code=code, description=description)

    def drop(self, method: str | None = None, *, chat: Chat | None = None, times: int = 1) -> Fault:
        """The connection is cut, nothing was done."""
        return self._order(method, chat, times, drop=True)

    def lose(self, method: str | None = None, *, chat: Chat | None = None, times: int = 1) -> Fault:
        """It is done, but the answer never comes."""
        return self._order(method, chat, times, lose=True)

    def hold(self, method: str | None = None, *, chat: Chat | None = None, times: int = 1) -> asyncio.Event:
        """Nothing is done until the returned event is set."""
        gate = asyncio.Event()
        self._order(method, chat, times, hold=gate)
        return gate

    def late(self, method: str | None = None, *, chat: Chat | None = None, times: int = 1) -> asyncio.Event:
        """It is done at once; the answer waits until the returned event is set."""
        gate = asyncio.Event()
        self._order(method, chat, times, late=gate)
        return gate

    def clear(self) -> None:
        self.ordered.clear()

    def _order(
        self,
        method: str | None,
        chat: Chat | None,
        times: int,
        *,
        code: int = 0,
        retry_after: int = 0,
        description: str = "",
        drop: bool = False,
        lose: bool = False,
        hold: asyncio.Event | None = None,
        late: asyncio.Event | None = None,
    ) -> Fault:
        fault = Fault(
            method=method, chat_id=chat.id if chat else None, times=times, code=code, retry_after=retry_after,
            description=description, drop=drop, lose=lose, hold=hold, late=late,
        )  # fmt: skip
        self.ordered.append(fault)
        return fault

    def meet(self, method: str, chat_id: int | None) -> Fault | None:
        """The first ordered failure that fits this call. Without a method every one but getUpdates and getMe fits."""
        for fault in self.ordered:
            named = fault.method == method if fault.method else method not in ("getUpdates", "getMe")
            if named and fault.chat_id in (None, chat_id):
                fault.met += 1
                if fault.met >= fault.times:
                    self.ordered.remove(fault)
                return fault
        return None
