"""The order of edits to one message: a fill is never overwritten by the answer it overtook."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.chat.reply import Reply
from storage.database import Database
from storage.records import OrderStatus
from storage.trouble import TroubleError

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


class OvertakenAnswers:
    """The same where another process tells the fill: it does not see this one's edits. `tells_here`: whether this
    process tells."""

    def __init__(self, db: Database, tells_here: Callable[[], bool]) -> None:
        self._db = db
        self._tells_here = tells_here

    async def may_be(self, reply: Reply) -> bool:
        """Whether the order of an answer that now stands has run, so that its fill may have stood there before."""
        if reply.ticket is None or self._tells_here():
            return False
        try:
            async with self._db.reading() as uow:
                ticket = await uow.tickets.get(reply.ticket)
                order = await uow.orders.by_request(ticket.request_id) if ticket is not None else None
        except TroubleError:
            return False
        return order is not None and order.status is not OrderStatus.PENDING
