"""SQLite's driver with one trip to its thread for a statement instead of four.

SQLAlchemy takes a cursor, executes, fetches and closes, and aiosqlite carries each of these to the connection's thread
and back. Here a statement goes over once: `execute` runs it and brings its rows along, and what a cursor is asked
afterwards is answered from what came back. Only a result of more than `AT_ONCE` rows keeps its cursor open in the
thread, so that streams stay streams. Statements still run one by one in the connection's own thread: the loop never
waits for the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import aiosqlite

from storage.in_flight import finish

Values = Sequence[Any]  # Any: what sqlite3 takes and gives
T = TypeVar("T")

AT_ONCE = 1_000  # rows


class Cursor:
    """What SQLAlchemy asks of a cursor; the attributes are those of the last statement."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        self._rows: list[Values] = []
        self.description: Sequence[Values] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, values: Values = ()) -> None:
        await self._connection.in_thread(lambda: self._run(lambda cursor: cursor.execute(sql, values)))

    async def executemany(self, sql: str, rows: Sequence[Values]) -> None:
        await self._connection.in_thread(lambda: self._run(lambda cursor: cursor.executemany(sql, rows)))

    async def fetchmany(self, size: int) -> list[Values]:
        if self._open is not None and len(self._rows) < size:
            self._rows += await self._connection.in_thread(lambda: self._more(size))
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchall(self) -> list[Values]:
        if self._open is not None:
            self._rows += await self._connection.in_thread(lambda: self._more(None))
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        if self._open is not None:
            await self._connection.in_thread(self._close)

    # -- in the connection's thread

    def _run(self, work: Callable[[sqlite3.Cursor], object]) -> None:
        self._open = self._connection.new_cursor()
        try:
            work(self._open)
            self.description, self.rowcount = self._open.description, self._open.rowcount
            self.lastrowid = self._open.lastrowid
            self._rows = self._more(AT_ONCE) if self.description else []
        except BaseException:
            self._close()
            raise
        if not self.description:
            self._close()

    def _more(self, size: int | None) -> list[Values]:
        """Further rows, all without a size; the cursor is closed once there are no more."""
        assert self._open is not None, "rows wait only behind an open cursor"
        rows = self._open.fetchall() if size is None else self._open.fetchmany(size)
        if size is None or len(rows) < size:
            self._close()
        return rows

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class SqliteConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors need no thread until they execute."""

    def cursor(self) -> Cursor:  # type: ignore[override]  # not aiosqlite's, but all that SQLAlchemy asks of one
        return Cursor(self)

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection itself; not while its thread is at work."""
        return self._conn

    def new_cursor(self) -> sqlite3.Cursor:
        return self._conn.cursor()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run it in the connection's thread."""
        result: T = await self._execute(work)  # type: ignore[no-untyped-call]  # aiosqlite leaves it untyped
        return result

    async def in_thread_patiently(self, work: Callable[[], T], busy_ms: int) -> T:
        """The same, where a lock of somebody else may be in its way: waited for there, so long."""

        def patiently() -> T:
            self.raw.execute(f"PRAGMA busy_timeout={busy_ms}").close()
            try:
                return work()
            finally:
                self.raw.execute("PRAGMA busy_timeout=0").close()

        return await self.in_thread(patiently)


class Connect(Protocol):
    """Opens a file."""

    async def __call__(self, path: str, *, uri: bool = False) -> SqliteConnection: ...


async def connect(path: str, *, uri: bool = False) -> SqliteConnection:
    """Open a file. The thread does not keep the process alive, and is over where this raises, also by being cancelled:
    one that goes on would report to a loop that is closed by then."""
    connection = SqliteConnection(lambda: sqlite3.connect(path, uri=uri, check_same_thread=False), iter_chunk_size=1)
    connection._thread.daemon = True  # as SQLAlchemy does with the connections it opens
    try:
        await finish(_opened(connection))
    except asyncio.CancelledError:
        await finish(connection.close())
        connection._thread.join()
        raise
    return connection


async def _opened(connection: SqliteConnection) -> None:
    try:
        await connection
    except BaseException:
        connection._thread.join()  # aiosqlite has told it to stop, and does not wait for it
        raise
