"""One trip to the thread a statement, long results in pieces, and a failure leaves nothing open."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import storage.sqlite
from storage.database import Database
from storage.sqlite import AT_ONCE, SqliteConnection, connect
from storage.unit_of_work import UnitOfWork

T = TypeVar("T")
MANY = 3 * AT_ONCE + 1
COUNT = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {MANY}) SELECT i FROM n"


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteConnection]:
    connection = await connect(str(path))
    yield connection
    await connection.close()


@asynccontextmanager
async def reading(folder: Path) -> AsyncIterator[UnitOfWork]:
    db = Database.open(f"sqlite:///{folder / 'trips.db'}")
    async with db.reading(at_length=True) as uow:
        yield uow
    await db.close()


async def test_a_statement_crosses_to_the_thread_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with reading(tmp_path) as uow:
        driver = (await uow.connection.get_raw_connection()).driver_connection
        assert isinstance(driver, SqliteConnection)
        trips, work = 0, driver.in_thread

        async def counted(done: Callable[[], T]) -> T:
            nonlocal trips
            trips += 1
            return await work(done)

        monkeypatch.setattr(driver, "in_thread", counted)
        for size in (0, 1, AT_ONCE - 1):
            before = trips
            assert len(await uow.rows(text(f"{COUNT} LIMIT {size}"))) == size
            assert trips == before + 1


@pytest.mark.parametrize("rows", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, MANY])
async def test_every_row_comes_in_order_whole_or_in_pieces(tmp_path: Path, rows: int) -> None:
    async with reading(tmp_path) as uow:
        query = text(f"{COUNT} LIMIT {rows}")
        wanted = list(range(1, rows + 1))
        assert [row["i"] for row in await uow.rows(query)] == wanted
        assert [row.i async for row in await uow.connection.stream(query)] == wanted


async def test_a_stream_left_half_way_can_be_closed(tmp_path: Path) -> None:
    async with reading(tmp_path) as uow:
        stream = await uow.connection.stream(text(COUNT))
        assert (await stream.fetchmany(5))[-1].i == 5
        await stream.close()
        assert await uow.number(text("SELECT 7")) == 7


async def test_a_failure_is_told_and_the_connection_goes_on(tmp_path: Path) -> None:
    async with reading(tmp_path) as uow:
        with pytest.raises(DBAPIError, match="no such table"):
            await uow.rows(text("SELECT * FROM nowhere"))
        assert await uow.number(text("SELECT 7")) == 7


async def test_numbers_of_a_write_come_back(tmp_path: Path) -> None:
    async with opened(tmp_path / "plain.db") as connection:
        cursor = connection.cursor()
        await cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)")
        await cursor.execute("INSERT INTO t (v) VALUES (?)", (5,))
        assert cursor.lastrowid == 1
        await cursor.executemany("INSERT INTO t (v) VALUES (?)", [(6,), (7,)])
        await cursor.execute("UPDATE t SET v = v + 1")
        assert cursor.rowcount == 3
        await cursor.execute("SELECT v FROM t ORDER BY id")
        assert cursor.description is not None
        assert await cursor.fetchall() == [(6,), (7,), (8,)]


@pytest.mark.parametrize("folder", ["", "missing"])
@pytest.mark.parametrize("turns", range(3))
async def test_an_opening_that_is_cancelled_leaves_no_thread(tmp_path: Path, folder: str, turns: int) -> None:
    before = threading.enumerate()
    opening = asyncio.create_task(connect(str(tmp_path / folder / "late.db")))
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert set(threading.enumerate()) <= set(before)


async def test_an_opening_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.enumerate()
    with pytest.raises(sqlite3.OperationalError):
        await connect(str(tmp_path / "missing" / "late.db"))
    assert set(threading.enumerate()) <= set(before)


PRIVATE: dict[str, Callable[[object], bool]] = {
    "_conn": lambda value: isinstance(value, sqlite3.Connection),
    "_execute": inspect.iscoroutinefunction,
    "_thread": lambda value: isinstance(value, threading.Thread),
}


@pytest.mark.parametrize("name", PRIVATE)
async def test_aiosqlite_has_each_private_attribute_that_is_used(tmp_path: Path, name: str) -> None:
    async with aiosqlite.connect(tmp_path / "plain.db") as connection:
        assert PRIVATE[name](getattr(connection, name))


def test_no_other_private_attribute_of_aiosqlite_is_used() -> None:
    tree = ast.parse(Path(storage.sqlite.__file__).read_text(encoding="utf-8"))
    parts = [node for node in tree.body if getattr(node, "name", "") in {"SqliteConnection", "connect", "_opened"}]
    private = {
        node.attr
        for part in parts
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
    }
    assert len(parts) == 3
    assert private == set(PRIVATE)
