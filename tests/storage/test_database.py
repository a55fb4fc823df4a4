"""One writer, no lost updates, no half-finished transactions."""

from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from storage.address import parse_url
from storage.database import CannotOpenError, Database
from storage.schema import counters
from tests.storage.worlds import START, started


async def _bump(db: Database) -> None:
    """Read, think, write: what loses updates unless the transaction is the only one."""
    async with db.writing() as uow:
        if not db.is_sqlite:  # PostgreSQL has many writers: the row lock that `Markets.lock` takes
            await uow.run(select(counters.c.value).where(counters.c.name == "n").with_for_update())
        value = await uow.number(select(counters.c.value).where(counters.c.name == "n"))
        await asyncio.sleep(0)
        await uow.run(update(counters).where(counters.c.name == "n").values(value=value + 1))
        await uow.commit()


async def test_concurrent_updates_are_never_lost(db: Database) -> None:
    async with db.writing() as uow:
        await uow.run(counters.insert(), {"name": "n", "value": 0})
        await uow.commit()
    await asyncio.gather(*(_bump(db) for _ in range(60)))
    async with db.reading() as uow:
        assert await uow.number(select(counters.c.value)) == 60


async def test_a_cancelled_unit_leaves_nothing_behind_and_locks_nobody_out(db: Database) -> None:
    async with db.writing() as uow:
        await uow.run(counters.insert(), {"name": "n", "value": 0})
        await uow.commit()
    for pause in range(12):
        task = asyncio.create_task(_bump(db))
        await asyncio.sleep(pause / 2_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(120):
        before = await _value(db)
        await _bump(db)
        assert await _value(db) == before + 1


async def _value(db: Database) -> int:
    async with db.reading() as uow:
        return await uow.number(select(counters.c.value))


async def test_a_commit_under_way_is_finished_although_cancelled(db: Database) -> None:
    async def add() -> None:
        async with db.writing() as uow:
            await uow.run(counters.insert(), {"name": "n", "value": 7})
            committing.set()
            await uow.commit()

    committing = asyncio.Event()
    task = asyncio.create_task(add())
    await committing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _value(db) == 7


async def test_a_reading_unit_cannot_write(db: Database) -> None:
    async with db.reading() as uow:
        with pytest.raises(DBAPIError):
            await uow.people.identify("room", "7", "Ann", START)


async def test_units_do_not_nest(db: Database) -> None:
    async with db.writing():
        with pytest.raises(RuntimeError, match="pass the outer one down"):
            async with db.writing():
                pass


async def test_a_committed_unit_is_over(db: Database) -> None:
    async with db.writing() as uow:
        await uow.commit()
        with pytest.raises(RuntimeError, match="open another"):
            await uow.people.get(1)


async def test_a_reader_sees_one_moment(db: Database) -> None:
    async with db.reading() as uow:
        assert await uow.people.find("room", "7") is None
        async with db.writing() as other:
            await other.people.identify("room", "7", "Ann", START)
            await other.commit()
        assert await uow.people.find("room", "7") is None
    async with db.reading() as uow:
        assert await uow.people.find("room", "7") is not None


async def test_waiting_for_the_outbox_ends_with_the_commit_that_fills_it(db: Database) -> None:
    assert not await db.outbox_filled(0.01)
    await started(db)
    assert not await db.outbox_filled(0.01)


async def test_sqlite_is_opened_for_money(tmp_path: Path) -> None:
    db = Database.open(f"sqlite:///{tmp_path / 'outcry.db'}")
    async with db.writing() as uow:
        found = {
            name: (await uow.run(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await db.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_reading_only_needs_a_file_and_no_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'outcry.db'}"
    with pytest.raises(CannotOpenError, match="There is no database at"):
        Database.open(url, read_only=True)
    writer = Database.open(url)
    await writer.migrate()
    world = await started(writer)
    reader = Database.open(url, read_only=True)
    async with reader.reading() as uow:
        assert (await uow.markets.get_one(world.market)).title == "Zoo"
    with pytest.raises(RuntimeError, match="read-only"):
        async with reader.writing():
            pass
    await reader.close()
    await writer.close()


async def test_a_unit_that_outlives_the_close_closes_its_connection_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.CLOSE_S", 0.0)
    db = Database.open(f"sqlite:///{tmp_path / 'late.db'}")
    await db.migrate()
    begun, end = asyncio.Event(), asyncio.Event()

    async def late() -> None:
        async with db.reading() as uow:
            await uow.number(select(counters.c.value))
            begun.set()
            await end.wait()

    unit = asyncio.create_task(late())
    await begun.wait()
    await db.close()
    end.set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await unit
        gc.collect()  # a connection that nobody closed is a ResourceWarning now


def test_a_folder_that_does_not_exist_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CannotOpenError, match="there is no folder"):
        Database.open(f"sqlite:///{tmp_path / 'none' / 'outcry.db'}")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///outcry.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///outcry.db", "sqlite+aiosqlite"),
        ("sqlite:////var/lib/outcry.db", "sqlite+aiosqlite"),
        ("postgresql://a:b@host/name", "postgresql+asyncpg"),
        ("postgres://a:b@host/name", "postgresql+asyncpg"),
        ("postgresql+psycopg://a:b@host/name", "postgresql+asyncpg"),
        ("postgresql+asyncpg://a:b@host/name", "postgresql+asyncpg"),
        ("postgresql://a:b@host/name?sslmode=require", "postgresql+asyncpg"),
    ],
)
def test_driver_names_are_accepted(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize("url", ["", "outcry.db", "sqlite://", "sqlite:///:memory:", "mysql://a/b", "mongodb://a"])
def test_an_address_nobody_understands_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        parse_url(url)
