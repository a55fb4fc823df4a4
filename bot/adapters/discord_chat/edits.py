"""The order of edits to one message: a fill is never overwritten by the answer it overtook."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

REMEMBERED = 2_000


@dataclass(slots=True)
class _EditedMessage:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    notified: bool = False


class MessageEdits:
    """Messages that are being decided: Confirm runs, and the order's fill may be told before Confirm's own answer is
    on its way. Whichever edit is sent first, the fill is what stays."""

    def __init__(self) -> None:
        self._messages: OrderedDict[int, _EditedMessage] = OrderedDict()

    def begin(self, message: int) -> None:
        """Somebody decided something in this message; what is told there from now on is newer than the answer."""
        self._messages.pop(message, None)
        self._messages[message] = _EditedMessage()
        if len(self._messages) > REMEMBERED:
            self._messages.popitem(last=False)

    @asynccontextmanager
    async def answering(self, message: int | None) -> AsyncIterator[bool]:
        """For an answer: one edit at a time, and whether something newer stands there already."""
        entry = self._messages.get(message) if message is not None else None
        if entry is None:
            yield False
            return
        async with entry.lock:
            yield entry.notified

    @asynccontextmanager
    async def notifying(self, message: int) -> AsyncIterator[None]:
        """For a notice: it is the newest there is."""
        entry = self._messages.get(message)
        if entry is None:
            yield
            return
        entry.notified = True
        async with entry.lock:
            yield
