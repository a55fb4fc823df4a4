"""A SQLite connection whose statements run where they are called: no trip to another thread and back for each.

A statement on a few rows takes less than a trip to a thread. What waits for the disk or for somebody else's lock
(opening, a COMMIT, a BEGIN that finds the file locked) is awaited in the connection's own thread, aiosqlite's; so the
loop waits for neither. Reads of many rows do not belong here: see `Database.reading`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, cast

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, Insert, RowMapping, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from storage import sqlite
from storage.batches import batch
from storage.in_flight import finish
from storage.prepared import Prepared, Statements
from storage.sqlite import Connect, SqliteConnection

BUSY_MS = 5_000  # how long a lock of somebody else is waited for
READERS = 4
STATEMENTS = 1_500  # compiled statements that are kept
Values: TypeAlias = Mapping[str, object]
Result: TypeAlias = CursorResult[*tuple[Any, ...]]  # rows are made into records right where they are read


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of a write."""

    rowcount: int


class InPlace:
    """One connection. Transactions are begun and ended here, never by SQLAlchemy.

    `failure` is what ended a transaction before its time: a full disk, say, undoes more than the statement that met it.
    No statement runs from then on, since each would be a transaction of its own.
    """

    def __init__(self, driver: SqliteConnection, connection: Connection, statements: Statements) -> None:
        self._connection = connection
        self._driver = driver
        self._statements = statements
        self._changes = 0
        self.raw = driver.raw
        self.failure: Exception | None = None

    @classmethod
    async def open(
        cls,
        path: str,
        pragmas: Sequence[str],
        json_serializer: Callable[[object], str],
        *,
        uri: bool = False,
        connect: Connect = sqlite.connect,
    ) -> InPlace:
        """`pragmas` as `query_only=1`."""
        driver = await connect(path, uri=uri)
        try:
            await driver.in_thread(lambda: _set_up(driver.raw, pragmas))
            return cls(driver, _connected(driver.raw, json_serializer), _statements(json_serializer))
        except BaseException:
            await driver.close()
            raise

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def begin(self, *statements: str) -> None:
        """Begin with these; where somebody else holds the lock they need, wait for it `BUSY_MS`. Raises
        OperationalError with nothing begun."""
        try:
            self._run(statements)
        except OperationalError as error:
            self.undo()
            if not _is_busy(error):
                raise
            await finish(self._driver.in_thread_patiently(lambda: self._begin(statements), BUSY_MS))
        self._changes = self.raw.total_changes
        self.failure = None

    async def commit(self) -> None:
        """Everything since `begin` is on disk. Raises OperationalError, and then nothing of it is and nothing is
        begun."""
        try:
            if self.raw.total_changes == self._changes:
                self._run(("COMMIT",))  # nothing to wait for
            else:
                await finish(self._driver.in_thread(lambda: self._run(("COMMIT",))))
        except BaseException:
            self.undo()
            raise

    def run(self, statement: Executable, values: Values | None) -> Result:
        with self._told(statement):
            prepared = self._prepared(statement, values)
            if prepared is None or prepared.has_rows:
                return self._connection.execute(statement, values)
            cursor = self.raw.execute(prepared.sql, prepared.values(values or {}))
            return cast("Result", Written(rowcount=cursor.rowcount))  # all that is asked of a write's result

    def run_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        many = batch(statement, self.dialect, tuple(rows[0]))
        tuples = many.tuples(rows)
        with self._told(many.sql):
            self.raw.executemany(many.sql, tuples)

    def add(self, statement: Insert, values: Values) -> int:
        """The id it was given."""
        with self._told(statement):
            prepared = self._prepared(statement, values)
            if prepared is not None:
                return int(self.raw.execute(prepared.sql, prepared.values(values)).lastrowid or 0)
            key = self._connection.execute(statement, values).inserted_primary_key
            if key is None:
                raise LookupError("the database gave no id")
            return int(key[0])

    def rows(self, query: Executable, values: Values | None) -> Sequence[RowMapping]:
        with self._told(query):
            prepared = self._prepared(query, values)
            if prepared is None:
                return self._connection.execute(query, values).mappings().all()
            found = prepared.rows(self.raw.execute(prepared.sql, prepared.values(values or {})))
            return cast("Sequence[RowMapping]", found)  # a dict does all that is asked of one

    def row(self, query: Executable, values: Values | None) -> RowMapping | None:
        """The first."""
        with self._told(query):
            prepared = self._prepared(query, values)
            if prepared is None:
                return self._connection.execute(query, values).mappings().first()
            cursor = self.raw.execute(prepared.sql, prepared.values(values or {}))
            raw = cursor.fetchone()
            cursor.close()
            return None if raw is None else cast("RowMapping", prepared.row(raw))

    def _prepared(self, statement: Executable, values: Values | None) -> Prepared | None:
        prepared = self._statements.prepared(statement, tuple(values) if values else ())
        return prepared if prepared is None or not values else prepared.of(values)

    @contextmanager
    def _told(self, statement: Executable | str) -> Iterator[None]:
        """Failures as SQLAlchemy tells them, and remembered where they ended the transaction."""
        if self.failure is not None:
            raise self.failure
        try:
            yield
        except Exception as error:
            raised = error
            if isinstance(error, sqlite3.Error):
                raised = DBAPIError.instance(str(statement), None, error, sqlite3.Error)
            if not self.raw.in_transaction:
                self.failure = raised
            if raised is error:
                raise
            raise raised from error

    def savepoint(self) -> None:
        self._run(("SAVEPOINT unit",))

    def end_savepoint(self, *, keep: bool) -> None:
        self._run(("RELEASE unit",) if keep else ("ROLLBACK TO unit", "RELEASE unit"))

    def undo(self) -> None:
        if self.raw.in_transaction:
            self._run(("ROLLBACK",))

    async def close(self) -> None:
        await self._driver.in_thread(self._connection.close)
        await self._driver.close()

    def _run(self, statements: Sequence[str]) -> None:
        for statement in statements:
            try:
                self.raw.execute(statement).close()
            except sqlite3.Error as error:
                raise OperationalError(statement, None, error) from error

    def _begin(self, statements: Sequence[str]) -> None:
        try:
            self._run(statements)
        except BaseException:
            self.undo()
            raise


class Readers:
    """Connections for snapshots: as many as units read at the same time, `READERS` at most."""

    def __init__(self, open_connection: Callable[[], Awaitable[InPlace]]) -> None:
        self._open = open_connection
        self._free: list[InPlace] = []
        self._places = asyncio.Semaphore(READERS)
        self._closed = False

    async def take(self) -> InPlace:
        """One with a snapshot of this moment."""
        await self._places.acquire()
        try:
            reader = self._free.pop() if self._free else await self._open()
        except BaseException:
            self._places.release()
            raise
        try:
            # a transaction sees the moment of its first read, and may find the file locked then alone
            await reader.begin("BEGIN", "SELECT 1 FROM sqlite_schema LIMIT 1")
        except BaseException:
            await self.give_back(reader)
            raise
        return reader

    async def give_back(self, reader: InPlace) -> None:
        reader.undo()
        self._places.release()
        if self._closed:
            await reader.close()
        else:
            self._free.append(reader)

    async def close(self) -> None:
        """Those in use are closed when they are given back."""
        self._closed = True
        while self._free:
            await self._free.pop().close()


_raw: ContextVar[sqlite3.Connection] = ContextVar("_raw")  # what the engine is to connect by


def _connected(raw: sqlite3.Connection, json_serializer: Callable[[object], str]) -> Connection:
    token = _raw.set(raw)
    try:
        return _engine(json_serializer).connect()
    finally:
        _raw.reset(token)


@cache
def _engine(json_serializer: Callable[[object], str]) -> Engine:
    """One for all connections of the process: a statement is compiled once, not by each of them."""
    return create_engine(
        "sqlite+pysqlite://",
        creator=_raw.get,
        poolclass=NullPool,
        json_serializer=json_serializer,
        query_cache_size=STATEMENTS,
    )


def _set_up(raw: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    raw.isolation_level = None  # our own BEGIN: the driver sends none for a SELECT, and so loses updates
    for pragma in (f"busy_timeout={BUSY_MS}", *pragmas, "busy_timeout=0"):
        raw.execute(f"PRAGMA {pragma}").close()


def _is_busy(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return (code & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@cache
def _statements(json_serializer: Callable[[object], str]) -> Statements:
    return Statements(_engine(json_serializer).dialect)
