"""A process that is frozen or cut off in the middle of a unit holds no lock for long, and goes on unharmed."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import bindparam, text, update

from storage import frozen
from storage.again import again, passes
from storage.clock import SystemClock
from storage.database import Database
from storage.holding import Holder
from storage.schema import counters
from storage.settling import NotCommittedError
from storage.trouble import Trouble, TroubleError
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import HANG_S
from tests.storage.postgres import Server

_RAISE = update(counters).where(counters.c.name == "it").values(value=counters.c.value + bindparam("by"))


@pytest.fixture
async def db(postgres: Server) -> Database:
    db = Database.open(await postgres.create_migrated())
    async with db.writing() as uow:
        await uow.run(counters.insert(), {"name": "it", "value": 0})
        await uow.commit()
    return db


async def raise_it(uow: UnitOfWork, by: int) -> None:
    assert (await uow.run(_RAISE, {"by": by})).rowcount == 1


async def raised(db: Database) -> int:
    async with db.reading() as uow:
        return await uow.number(counters.select().with_only_columns(counters.c.value))


async def freeze(db: Database, unit: UnitOfWork) -> None:
    """Another unit gets the row that one which asks nothing has locked: returns when the server has ended that one,
    which it is made to do soon."""
    await unit.run(text("SET LOCAL idle_in_transaction_session_timeout = 20"))

    async def get_the_row() -> None:
        async with asyncio.timeout(HANG_S), db.writing() as uow:
            await raise_it(uow, 10)
            await uow.commit()

    await asyncio.create_task(get_the_row())


async def test_a_unit_that_asks_nothing_loses_its_locks_and_at_its_next_statement_hears_what_passes(
    db: Database,
) -> None:
    async with db.writing() as uow:
        await raise_it(uow, 1)
        await freeze(db, uow)
        with pytest.raises(TroubleError) as lost:
            await raise_it(uow, 1)
    assert passes(lost.value), lost.value
    assert (lost.value.trouble, lost.value.unsettled) == (Trouble.AWAY, False)
    assert await raised(db) == 10
    await db.close()


async def test_a_unit_that_asks_nothing_before_its_commit_is_known_not_to_be_in(db: Database) -> None:
    async with db.writing() as uow:
        await raise_it(uow, 1)
        await freeze(db, uow)
        with pytest.raises(NotCommittedError):
            await uow.commit()
    assert await raised(db) == 10
    await db.close()


async def test_what_a_frozen_unit_was_at_is_done_again_by_whoever_began_it(db: Database) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        async with db.writing() as uow:
            await raise_it(uow, 1)
            if tries == 1:
                await freeze(db, uow)
            await uow.commit()

    await again(work)
    assert (tries, await raised(db)) == (2, 11)
    await db.close()


async def limit(uow: UnitOfWork) -> str:
    [row] = await uow.rows(text("SELECT current_setting('idle_in_transaction_session_timeout') AS limit"))
    return str(row["limit"])


async def test_the_limit_is_gone_with_the_transaction(db: Database) -> None:
    async with db.writing() as uow:
        assert await limit(uow) == "3s"
    async with db.reading() as uow:
        assert await limit(uow) == "30s"
    async with db.reading(at_length=True) as uow:
        assert await limit(uow) == "0"
    await db.close()


async def test_a_unit_that_froze_in_the_middle_of_a_statement_is_ended_by_whoever_is_alive(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "FROZEN_MS", 0)
    url = await postgres.create_migrated()
    other, db = await asyncpg.connect(url.replace("postgresql:", "postgres:")), Database.open(url)
    alive = Holder(db, SystemClock(), "alive")
    await alive.round()
    await alive.round()  # from the second time on a statement may be prepared
    await other.execute("INSERT INTO counters (name, value) VALUES ('it', 0)")
    await other.execute("BEGIN; UPDATE counters SET value = 1")
    await other.prepare("UPDATE counters SET value = value + $1")  # its first half: the second never comes
    async with asyncio.timeout(HANG_S):
        while not other.is_closed():
            await alive.round()
    async with db.writing() as uow:
        await raise_it(uow, 10)
        await uow.commit()
    assert await raised(db) == 10
    await db.close()
