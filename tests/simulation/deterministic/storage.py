"""SQLite as a simulated process has it: without a thread, each trip to the disk a moment of drawn length.

What would run in the connection's thread runs in the loop, one after the other; the answer comes a moment later, so
that a process may die between a COMMIT and hearing of it. A lock of the other process is asked for again and again in
virtual time. COMMIT itself can fail, or be done and not answered (`CommitFault`): SQLite stands for a server here.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from storage.sqlite import SqliteConnection
from storage.trouble import Trouble, TroubleError
from tests.simulation.deterministic.loop import running, work_for

if TYPE_CHECKING:
    from tests.simulation.deterministic.process import Process

T = TypeVar("T")
ASK_AGAIN_S = 0.01


class CommitFault(Enum):
    FAILS = "nothing is in, and it says so"
    UNANSWERED_DONE = "all of it is in, and nobody says so"
    UNANSWERED_UNDONE = "nothing is in, and nobody says so"


class Connection(sqlite3.Connection):
    """`process` is asked what becomes of a COMMIT that has something to keep. `cut` is a server's end to a transaction
    whose client said nothing for too long: no statement runs until the next one begins."""

    process: Process
    is_cut = False
    begun_changes = 0

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        if self.is_cut:
            if sql.startswith("ROLLBACK"):
                return super().execute("SELECT 1")
            if not sql.startswith("BEGIN"):
                raise _error("terminating connection: idle in transaction", sqlite3.SQLITE_IOERR)
            self.is_cut = False
        if sql.startswith("BEGIN"):
            self.begun_changes = self.total_changes
        if sql == "COMMIT" and self.total_changes != self.begun_changes:
            return self._commit()
        return super().execute(sql, parameters)

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:  # Any: as sqlite3 has it
        if self.is_cut:
            raise _error("terminating connection: idle in transaction", sqlite3.SQLITE_IOERR)
        return super().cursor(factory)

    def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        if self.is_cut:
            raise _error("terminating connection: idle in transaction", sqlite3.SQLITE_IOERR)
        return super().executemany(sql, parameters)

    def cut(self) -> None:
        if self.in_transaction:
            super().execute("ROLLBACK")
            self.is_cut = True

    def _commit(self) -> sqlite3.Cursor:
        fault = self.process.commit_fault()
        if fault is CommitFault.FAILS:
            raise _error("database or disk is full", sqlite3.SQLITE_FULL)
        if fault is CommitFault.UNANSWERED_UNDONE:
            super().execute("ROLLBACK")
            raise TroubleError(Trouble.AWAY, unsettled=True)
        cursor = super().execute("COMMIT")
        if fault is CommitFault.UNANSWERED_DONE:
            raise TroubleError(Trouble.AWAY, unsettled=True)
        return cursor


def _error(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


class _Trips:
    """In place of the queue of aiosqlite's thread: one trip after the other, each of drawn length there and back."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._free_us = 0

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = item
        loop = running()
        there_s, back_s = self._process.disk_s(), self._process.disk_s()
        start_us = max(self._free_us, loop.now_us + round(there_s * 1_000_000))
        self._free_us = start_us + round(back_s * 1_000_000)
        if future is None:
            return
        answer: asyncio.Future[Any] = loop.create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        loop.call_at(start_us / 1_000_000, work_for, answer, work)
        loop.call_at(self._free_us / 1_000_000, partial(_hand_on, answer, future))


def _hand_on(answer: asyncio.Future[Any], future: asyncio.Future[Any]) -> None:
    if not future.done():
        error = answer.exception()
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(answer.result())


class _NoThread:
    """Nothing to start, nothing to wait for."""

    daemon = True

    def start(self) -> None: ...

    def join(self) -> None: ...


class InlineConnection(SqliteConnection):
    """aiosqlite's connection with its thread taken out."""

    def __init__(self, process: Process, path: str, *, uri: bool) -> None:
        def open_file() -> Connection:
            raw = sqlite3.connect(path, uri=uri, check_same_thread=False, factory=Connection)
            raw.process = process
            raw.create_function("process_name", 0, lambda: process.name)
            process.connections.append(raw)
            return raw

        super().__init__(open_file, iter_chunk_size=1)
        self._tx = _Trips(process)  # type: ignore[assignment]
        self._thread = _NoThread()  # type: ignore[assignment]

    def __del__(self) -> None:
        """Whoever died closed nothing."""

    async def in_thread_patiently(self, work: Callable[[], T], busy_ms: int) -> T:
        loop = running()
        until = loop.time() + busy_ms / 1_000
        while True:
            try:
                return await self.in_thread(work)
            except Exception as error:
                code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
                if (code & 0xFF) != sqlite3.SQLITE_BUSY or loop.time() >= until:
                    raise
            await asyncio.sleep(ASK_AGAIN_S)


async def connect(process: Process, path: str, *, uri: bool = False) -> SqliteConnection:
    connection = InlineConnection(process, path, uri=uri)
    await connection
    return connection
