"""Where tickets stand, written down together: SQLite has one writer, and two hundred people may press at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from storage.again import again
from storage.database import Database
from storage.key_value import KeptLine

NO_LINES: Mapping[str, KeptLine] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMessage:
    """`ref` is the platform's own; `lines` by key are what it takes to find that message again."""

    ticket: int
    platform: str
    chat_ext: str
    ref: str
    at_ms: int
    lines: Mapping[str, KeptLine] = field(default_factory=lambda: NO_LINES, repr=False)


PendingWrite = tuple[TicketMessage, asyncio.Future[None]]


class TicketMessages:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: list[PendingWrite] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, message: TicketMessage) -> None:
        """Written when this returns; what comes while others are being written goes with all that has come by then."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch: list[PendingWrite] = []
                try:
                    await again(partial(self._write_all, batch))
                except Exception as error:
                    _finish(batch or self._take(), error)
                else:
                    _finish(batch, None)
        finally:
            self._writing = None

    def _take(self) -> list[PendingWrite]:
        taken, self._waiting = self._waiting, []
        return taken

    async def _write_all(self, batch: list[PendingWrite]) -> None:
        """All that waits by the moment the writer is free; it is put into `batch`."""
        async with self._db.writing() as uow:
            batch += self._take()
            lines = {key: (line, message.at_ms) for message, _ in batch for key, line in message.lines.items()}
            for key, (line, at_ms) in sorted(lines.items()):
                await uow.lines.keep(key, line, at_ms)
            for message, _ in sorted(batch, key=lambda pending: pending[0].ticket):
                await uow.tickets.bind(message.ticket, message.platform, message.chat_ext, message.ref)
            await uow.commit()


def _finish(batch: Sequence[PendingWrite], error: Exception | None) -> None:
    for _, done in batch:
        if done.done():  # whoever asked was cancelled
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
