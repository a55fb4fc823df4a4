"""Writes what is said in the room, one durable transaction for all that waits for the database, in the order it came,
whoever it is from. What cannot be written fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from storage.again import again, passes
from storage.database import Database
from storage.records import RoomMessage
from storage.unit_of_work import UnitOfWork

MOST_TOGETHER = 200  # writes in one transaction

WriteMessages = Callable[[UnitOfWork], Awaitable[Sequence[RoomMessage]]]
"""Run again where it was rolled back because of another."""


@dataclass(frozen=True, slots=True)
class _Write:
    write: WriteMessages
    done: asyncio.Future[Sequence[RoomMessage]]

    def end(self, messages: Sequence[RoomMessage]) -> None:
        if not self.done.done():  # whoever asked was cancelled
            self.done.set_result(messages)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class _WriteError(Exception):
    """One of several writes failed before anything was committed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class MessageWriter:
    """`written` is called with what each transaction wrote, by `seq`, and how often `people_changed` had counted when
    it began: after it is on disk and before whoever waits for it goes on."""

    def __init__(self, db: Database, written: Callable[[Mapping[int, RoomMessage], int], None]) -> None:
        self._db = db
        self._written = written
        self._waiting: list[_Write] = []
        self._task: asyncio.Task[None] | None = None  # one at a time

    async def write(self, write: WriteMessages) -> Sequence[RoomMessage]:
        """What `write` returns, on disk when this returns."""
        waiting = _Write(write, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._write_waiting())
        return await waiting.done

    async def write_apart(self, write: WriteMessages) -> Sequence[RoomMessage]:
        """`write` in a transaction of its own: what it locks comes before what others of a batch may have locked."""
        waiting = _Write(write, asyncio.get_running_loop().create_future())
        try:
            await again(partial(self._write_all, [waiting]))
        except _WriteError as error:
            raise error.cause from None
        return await waiting.done

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                batch: list[_Write] = []
                try:
                    await again(partial(self._write_all, batch))
                except _WriteError:
                    for waiting in batch:  # one of them cannot be written: the others are
                        await self._write_alone(waiting)
                except Exception as error:
                    for waiting in batch or self._take():
                        waiting.fail(error)
        finally:
            self._task = None

    async def _write_alone(self, waiting: _Write) -> None:
        try:
            await self._write_all([waiting])
        except _WriteError as error:
            waiting.fail(error.cause)
        except Exception as error:
            waiting.fail(error)

    def _take(self) -> list[_Write]:
        taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        return taken

    async def _write_all(self, batch: list[_Write]) -> None:
        """The batch, or where it is empty all that waits by the moment the database is free; that is put into it."""
        people = self._db.cache.people_changed
        async with self._db.writing() as uow:
            batch += [] if batch else self._take()
            try:
                written = [await waiting.write(uow) for waiting in batch]
            except Exception as error:
                if passes(error):
                    raise
                raise _WriteError(error) from error
            await uow.commit()
        self._written({message.seq: message for messages in written for message in messages}, people)
        for waiting, messages in zip(batch, written, strict=True):
            waiting.end(messages)
