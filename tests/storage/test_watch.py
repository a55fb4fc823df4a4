"""Trouble with a database that was in order is told once a minute, changes nothing half-way, and passes by itself."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from storage.database import Database
from storage.quiet_log import QuietLog
from storage.schema import counters
from storage.trouble import Trouble, TroubleError
from storage.watch import OVER_S
from tests.storage.databases import migrated_file

PLENTY = 1 << 30  # pages


class Seconds:
    """A monotonic clock that is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
async def file_db(tmp_path: Path, clock: Seconds) -> AsyncIterator[Database]:
    db = Database.open(migrated_file(tmp_path / "play.db"))
    await db.migrate()
    db.watch.monotonic = clock
    yield db
    await db.close()


async def write(db: Database, *names: str) -> None:
    async with db.writing() as uow:
        for name in names:
            await uow.run(counters.insert(), {"name": name, "value": 1})
        await uow.commit()


async def count(db: Database) -> int:
    async with db.reading() as uow:
        return await uow.number(select(func.count()).select_from(counters))


async def limit_pages(db: Database, pages: int) -> int:
    """What the file may have at most, as a disk of that size would allow; it never becomes smaller than it is."""
    async with db.writing() as uow:
        return await uow.number(text(f"PRAGMA max_page_count={pages}"))


async def test_a_full_disk_stops_writes_alone_until_there_is_room(
    file_db: Database, clock: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    db = file_db
    before = await count(db)
    await limit_pages(db, 1)
    for attempt in range(30):
        with pytest.raises(TroubleError) as error:
            await write(db, f"small {attempt}", f"{attempt}{'x' * 100_000}")
        assert error.value.trouble is Trouble.FULL
        clock.now_s += 1
    assert db.watch.trouble is Trouble.FULL
    assert await count(db) == before
    assert len(caplog.records) == 1
    assert "its disk is full" in caplog.text
    assert "Traceback" not in caplog.text
    await limit_pages(db, PLENTY)
    clock.now_s += OVER_S
    await write(db, "room again")
    assert db.watch.trouble is None
    assert "takes writes again" in caplog.records[-1].getMessage()
    assert await count(db) == before + 1


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """As a SQLite shell holds it, where somebody went for lunch in the middle."""
    shell = sqlite3.connect(path, isolation_level=None)
    shell.execute("BEGIN EXCLUSIVE")
    yield
    shell.execute("ROLLBACK")
    shell.close()


async def test_a_file_that_is_locked_is_waited_for_and_then_told(
    file_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.in_place.BUSY_MS", 20)
    db = file_db
    await write(db, "before")
    with locked(tmp_path / "play.db"):
        with pytest.raises(TroubleError) as error:
            await write(db, "meanwhile")
        assert error.value.trouble is Trouble.LOCKED
        assert await count(db) >= 1  # reading goes on
    await write(db, "after")


async def test_a_file_that_is_moved_takes_no_more_writes_until_it_is_back(file_db: Database, tmp_path: Path) -> None:
    db, path = file_db, tmp_path / "play.db"
    await write(db, "before")
    path.rename(tmp_path / "away.db")
    assert db.watch.trouble is Trouble.MOVED
    with pytest.raises(TroubleError) as error:
        await write(db, "lost")
    assert error.value.trouble is Trouble.MOVED
    path.write_bytes(b"")  # another one in its place, as a backup is restored
    with pytest.raises(TroubleError):
        await write(db, "lost")
    assert path.stat().st_size == 0
    (tmp_path / "away.db").rename(path)
    log = path.with_name("play.db-wal").rename(tmp_path / "away.log")  # it holds what the file does not
    with pytest.raises(TroubleError):
        await write(db, "lost")
    log.rename(path.with_name("play.db-wal"))
    await write(db, "after")
    assert await count(db) == 2


async def test_what_came_in_its_place_keeps_its_log(tmp_path: Path) -> None:
    """SQLite deletes a log by its name when it closes a file; by then that may be the log of another."""
    path, log = tmp_path / "play.db", tmp_path / "play.db-wal"
    db = Database.open(migrated_file(path))
    await write(db, "before")
    for part in (path, log):
        part.rename(part.with_suffix(".away"))
    path.write_bytes(b"another file")
    log.write_bytes(b"and what it does not hold yet")
    await db.close()
    assert log.read_bytes() == b"and what it does not hold yet"


def test_what_keeps_failing_is_one_line_a_minute_with_how_often(
    clock: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    quiet = QuietLog(logging.getLogger("tests"), clock)
    for _ in range(200):
        quiet.error("away", "the server does not answer")
        quiet.error("other", "another thing")
        clock.now_s += 0.5
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "the server does not answer",
        "another thing",
        "the server does not answer (119 times more since the last line)",
        "another thing (119 times more since the last line)",
    ]
