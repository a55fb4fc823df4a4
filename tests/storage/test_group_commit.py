"""Units that wait for the one writer share a durable commit, and know nothing of each other's failures."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storage.database import Database
from storage.in_place import InPlace
from storage.sqlite import SqliteConnection
from storage.trouble import Trouble

T = TypeVar("T")
ROW = text("INSERT INTO notes (text) VALUES (:text)")


class Disk:
    """The writer's disk: commits are counted, and wait while it is `slow`."""

    def __init__(self, writer: InPlace, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self.waits = asyncio.Event()
        self.writer = writer
        self._path = path
        through = SqliteConnection.in_thread

        async def in_thread(connection: SqliteConnection, work: Callable[[], T]) -> T:
            if connection.raw is writer.raw:
                self.commits += 1
                self.waits.set()
                await self.ready.wait()
            return await through(connection, work)

        monkeypatch.setattr(SqliteConnection, "in_thread", in_thread)

    def slow(self) -> None:
        self.ready.clear()
        self.waits.clear()

    def notes(self) -> list[str]:
        """What is on it, as another process sees it."""
        with sqlite3.connect(self._path) as other:
            return [row[0] for row in other.execute("SELECT text FROM notes ORDER BY id")]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    db = Database.open(f"sqlite:///{tmp_path / 'notes.db'}")
    async with db.writing() as uow:
        await uow.run(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"))
        await uow.run(ROW, {"text": "first"})
        await uow.commit()
    yield db
    await db.close()


@pytest.fixture
async def disk(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    async with db.writing():
        writer = db.writer
    assert writer is not None
    return Disk(writer, tmp_path / "notes.db", monkeypatch)


async def write(db: Database, note: str, *, first: bool = False) -> str:
    async with db.writing(first=first) as uow:
        await uow.run(ROW, {"text": note})
        await uow.commit()
    return note


async def fail(db: Database, note: str) -> str:
    async with db.writing() as uow:
        await uow.run(ROW, {"text": note})
        raise ValueError(note)


async def look(db: Database) -> int:
    async with db.writing() as uow:
        return await uow.number(text("SELECT count(*) FROM notes"))


def begin(*units: Awaitable[T]) -> list[asyncio.Future[T]]:
    return [asyncio.ensure_future(unit) for unit in units]


async def behind_a_slow_commit(db: Database, disk: Disk, *units: Awaitable[T]) -> list[asyncio.Future[T]]:
    """Units that have arrived while an earlier commit waits for the disk."""
    disk.slow()
    begin(write(db, "before"))
    await disk.waits.wait()
    started = begin(*units)
    await asyncio.sleep(0)
    return started


async def test_units_that_arrive_during_a_commit_share_the_next_one(db: Database, disk: Disk) -> None:
    units = await behind_a_slow_commit(db, disk, *(write(db, f"{number}") for number in range(50)))
    disk.ready.set()
    await asyncio.gather(*units)
    assert disk.commits == 2
    assert disk.notes() == ["first", "before", *(f"{number}" for number in range(50))]


async def test_nobody_is_told_before_it_is_on_disk_not_even_who_only_looked(db: Database, disk: Disk) -> None:
    disk.slow()
    writer, looker = begin(write(db, "news")), begin(look(db))
    await disk.waits.wait()
    await asyncio.sleep(0.01)
    assert not writer[0].done()
    assert not looker[0].done()
    disk.ready.set()
    assert await looker[0] == 2
    assert disk.notes() == ["first", "news"]


async def test_a_unit_that_fails_is_undone_alone(db: Database, disk: Disk) -> None:
    units = await behind_a_slow_commit(db, disk, write(db, "a"), fail(db, "b"), write(db, "first"), write(db, "c"))
    disk.ready.set()
    a, b, doubled, c = await asyncio.gather(*units, return_exceptions=True)
    assert (a, c) == ("a", "c")
    assert isinstance(b, ValueError)
    assert "UNIQUE" in str(doubled)
    assert disk.notes() == ["first", "before", "a", "c"]


async def test_a_group_of_which_nothing_is_kept_writes_nothing(db: Database, disk: Disk) -> None:
    assert "b" in str(await asyncio.gather(fail(db, "a"), fail(db, "b"), look(db), return_exceptions=True))
    assert disk.commits == 0
    assert disk.notes() == ["first"]


async def test_a_unit_cancelled_while_it_waits_never_begins(db: Database, disk: Disk) -> None:
    units = await behind_a_slow_commit(db, disk, write(db, "a"), write(db, "b"), write(db, "c"))
    units[1].cancel()
    disk.ready.set()
    await asyncio.wait(units)
    assert units[1].cancelled()
    assert disk.notes() == ["first", "before", "a", "c"]


async def test_a_unit_cancelled_while_its_group_is_committed_is_in(db: Database, disk: Disk) -> None:
    disk.slow()
    units = begin(write(db, "a"), write(db, "b"))
    await disk.waits.wait()
    units[0].cancel()
    await asyncio.sleep(0)
    assert not units[0].done()
    disk.ready.set()
    await asyncio.wait(units)
    assert units[0].cancelled()
    assert disk.notes() == ["first", "a", "b"]


async def test_who_is_first_goes_before_all_that_wait(db: Database, disk: Disk) -> None:
    units = await behind_a_slow_commit(db, disk, write(db, "a"), write(db, "b"), write(db, "tick", first=True))
    disk.ready.set()
    await asyncio.gather(*units)
    assert disk.notes() == ["first", "before", "tick", "a", "b"]


async def test_what_a_commit_sets_off_comes_before_any_later_unit(db: Database, disk: Disk) -> None:
    order: list[str] = []

    async def unit(name: str) -> None:
        async with db.writing() as uow:
            order.append(f"{name} begins")
            await uow.run(ROW, {"text": name})
            uow.after_commit(lambda: order.append(f"{name} is in"))
            await uow.commit()

    first = begin(unit("a"), unit("b"))
    disk.slow()
    await disk.waits.wait()
    later = begin(unit("c"))
    disk.ready.set()
    await asyncio.gather(*first, *later)
    assert order == ["a begins", "b begins", "a is in", "b is in", "c begins", "c is in"]


async def test_a_full_disk_undoes_the_group_tells_each_and_lets_the_next_one_in(db: Database, disk: Disk) -> None:
    pages = disk.writer.raw.execute("PRAGMA page_count").fetchone()[0]
    disk.writer.raw.execute(f"PRAGMA max_page_count={pages}")
    units = await behind_a_slow_commit(db, disk, write(db, "a"), look(db), write(db, "x" * 100_000), write(db, "c"))
    disk.ready.set()
    *told, after = await asyncio.gather(*units, return_exceptions=True)
    assert [getattr(error, "trouble", error) for error in told] == [Trouble.FULL] * 3
    assert after == "c"
    assert disk.notes() == ["first", "before", "c"]


async def test_a_commit_that_fails_leaves_nothing_and_tells_each(
    db: Database, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_disk(connection: SqliteConnection, work: Callable[[], T]) -> T:
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(SqliteConnection, "in_thread", no_disk)
        told = await asyncio.gather(write(db, "a"), look(db), write(db, "b"), return_exceptions=True)
    assert [type(error) for error in told] == [OperationalError] * 3
    assert await write(db, "c") == "c"
    assert disk.notes() == ["first", "c"]


@pytest.mark.parametrize("place", [1, 2, 3])
async def test_a_unit_that_cannot_begin_is_told_so_as_are_those_before_it(
    db: Database, disk: Disk, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """SQLite itself refuses the savepoint of one. Those after it are another group, and know nothing of it."""
    savepoints, savepoint = 0, InPlace.savepoint

    def refuse(action: int, *_: str | None) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_SAVEPOINT else sqlite3.SQLITE_OK

    def counted(writer: InPlace) -> None:
        nonlocal savepoints
        savepoints += 1
        writer.raw.set_authorizer(refuse if savepoints == place else None)
        savepoint(writer)

    monkeypatch.setattr(InPlace, "savepoint", counted)
    *units, last = begin(write(db, "a"), write(db, "b"), write(db, "c"), write(db, "d"))
    assert await last == "d"
    assert all(unit.done() for unit in units)
    told = await asyncio.gather(*units, return_exceptions=True)
    assert [isinstance(error, OperationalError) for error in told] == [number < place for number in range(3)]
    assert disk.notes() == ["first", *"abcd"[place:]]


async def test_readers_go_on_while_a_commit_waits_for_the_disk(db: Database, disk: Disk) -> None:
    await behind_a_slow_commit(db, disk)
    async with db.reading() as uow:
        assert await uow.number(text("SELECT count(*) FROM notes")) == 1
    disk.ready.set()


async def test_a_lock_of_another_process_is_waited_for(db: Database, disk: Disk, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    unit = begin(write(db, "a"))
    await disk.waits.wait()  # the BEGIN, in the thread
    assert not unit[0].done()
    other.execute("ROLLBACK")
    other.close()
    assert await unit[0] == "a"


async def test_a_close_waits_for_the_group_under_way(db: Database, disk: Disk) -> None:
    disk.slow()
    unit = begin(write(db, "a"))
    await disk.waits.wait()
    closing = begin(db.close())
    await asyncio.sleep(0)
    disk.ready.set()
    await asyncio.gather(*unit, *closing)
    assert disk.notes() == ["first", "a"]
