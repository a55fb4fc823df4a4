"""A connection whose statements are awaited; on PostgreSQL those that come again without SQLAlchemy's work for each.

SQLAlchemy compiles, connects and keeps the pool. A statement it has compiled once (`prepared`) goes to asyncpg as it
is: SQLAlchemy's own way costs the process several times what asyncpg needs, most of it before the server is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from weakref import WeakKeyDictionary

from sqlalchemy import CursorResult, Dialect, Executable, Insert, RowMapping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.batches import batch
from storage.in_place import Written
from storage.prepared import Prepared, Statements

if TYPE_CHECKING:
    from storage.postgres_connection import ServerConnection

Values: TypeAlias = Mapping[str, object]
Result: TypeAlias = CursorResult[*tuple[Any, ...]]  # rows are made into records right where they are read


class Awaited:
    """One transaction on one connection of the engine. On PostgreSQL the engine begins it (`engines`), and it is ended
    here, never by SQLAlchemy. `connection`: for streams, and what is not prepared."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.connection = engine.connect()
        self._statements = _statements(engine.dialect)
        self._driver: ServerConnection | None = None  # on PostgreSQL
        self._lost = False  # nobody knows what it would answer next

    async def begin(self) -> None:
        """Raises what keeps the server from letting us begin."""
        await self.connection.start()
        await self.connection.begin()  # for SQLAlchemy, too: it never goes on with another connection half-way
        if self.connection.dialect.name == "postgresql":
            driver = (await self.connection.get_raw_connection()).driver_connection
            self._driver = cast("ServerConnection", driver)

    async def end(self, *, drop: bool) -> None:
        """Rolls back what was not committed and gives the connection back, or closes it with `drop`; where none was
        got there is nothing to give."""
        if self.connection.sync_connection is None:
            return
        if (drop or not await self._is_undone()) and not self.connection.invalidated:
            await self.connection.invalidate()
        await self.connection.close()

    async def _is_undone(self) -> bool:
        """Whether nothing of the unit is left on the connection; SQLAlchemy sees to that on SQLite."""
        driver = self._driver
        if self._lost or (driver is not None and driver.is_closed()):
            return False
        if driver is not None and driver.is_in_transaction():
            try:
                await driver.execute("ROLLBACK")
            except Exception:
                return False
        return True

    async def commit(self) -> None:
        """Raises what the server says against it, or that it says nothing."""
        with self._told("COMMIT") as driver:
            answer = await driver.execute("COMMIT;")
        if answer != "COMMIT":
            raise AbortedError("a statement of this unit had failed: nothing of it was kept")

    async def run(self, statement: Executable, values: Values | None) -> Result:
        prepared = self._prepared(statement, values)
        if prepared is None or prepared.has_rows:
            return await self.connection.execute(statement, values)
        with self._told(prepared.sql) as driver:
            running = await driver.prepared(prepared.sql)
            await running.fetch(*prepared.values(values or {}))
        written = Written(rowcount=_rows_of(running.get_statusmsg()))
        return cast("Result", written)  # all that is asked of a write's result

    async def run_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        many = batch(statement, self.connection.dialect, tuple(rows[0]))
        tuples = many.tuples(rows)
        with self._told(many.sql) as driver:
            await (await driver.prepared(many.sql)).executemany(tuples)

    async def add(self, statement: Insert, values: Values) -> int:
        """The id it was given."""
        prepared = self._prepared(statement, values)
        if prepared is not None and prepared.has_rows:
            return int((await self._fetch(prepared, values))[0][0])
        key = (await self.connection.execute(statement, values)).inserted_primary_key
        if key is None:
            raise LookupError("the database gave no id")
        return int(key[0])

    async def rows(self, query: Executable, values: Values | None) -> Sequence[RowMapping]:
        prepared = self._prepared(query, values)
        if prepared is None:
            return (await self.connection.execute(query, values)).mappings().all()
        rows = prepared.rows(await self._fetch(prepared, values))
        return cast("Sequence[RowMapping]", rows)  # a dict does all that is asked of one

    async def row(self, query: Executable, values: Values | None) -> RowMapping | None:
        """The first."""
        prepared = self._prepared(query, values)
        if prepared is None:
            return (await self.connection.execute(query, values)).mappings().first()
        raws = await self._fetch(prepared, values)
        return cast("RowMapping", prepared.row(raws[0])) if raws else None

    def _prepared(self, statement: Executable, values: Values | None) -> Prepared | None:
        if self._driver is None:
            return None
        prepared = self._statements.prepared(statement, tuple(values) if values else ())
        return prepared if prepared is None or not values else prepared.of(values)

    async def _fetch(self, prepared: Prepared, values: Values | None) -> Sequence[Sequence[Any]]:  # Any: asyncpg's
        with self._told(prepared.sql) as driver:
            running = await driver.prepared(prepared.sql)
            raws: Sequence[Sequence[Any]] = await running.fetch(*prepared.values(values or {}))
        return raws

    @contextmanager
    def _told(self, sql: str) -> Iterator[ServerConnection]:
        """PostgreSQL itself; failures as SQLAlchemy tells them."""
        driver = self._driver
        assert driver is not None, "on SQLite nothing is written over such a connection"
        try:
            yield driver
        except TimeoutError:
            self._lost = True
            driver.distrust()
            raise TimeoutError(f"not within {driver.answer_s:g} s") from None
        except Exception as error:
            if not type(error).__module__.startswith("asyncpg."):
                raise
            driver.forget_outdated(error)
            ended = driver.is_closed() or str(getattr(error, "sqlstate", "")).startswith(_ENDED)
            self._lost |= ended
            raise DBAPIError.instance(sql, None, error, Exception, connection_invalidated=ended) from error


_ENDED = ("08", "25P03", "25P04", "57P0")  # with these words the server ends the connection, too


class AbortedError(RuntimeError):
    """A unit was committed although one of its statements had failed: a mistake in the code."""


_KNOWN: WeakKeyDictionary[Dialect, Statements] = WeakKeyDictionary()


def _statements(dialect: Dialect) -> Statements:
    if dialect not in _KNOWN:
        _KNOWN[dialect] = Statements(dialect)
    return _KNOWN[dialect]


def _rows_of(status: str) -> int:
    """How many rows were written, by what the server says of it: `UPDATE 3`; -1 where it does not say."""
    number = status.rpartition(" ")[2]
    return int(number) if number.isdigit() else -1
