"""All of it works through a pooler in transaction mode: each transaction on whichever of its servers is free."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from engine.units import MICRO
from storage import settling
from storage.again import again
from storage.clock import SystemClock
from storage.database import Database
from storage.schema import counters, people
from storage.settling import NotCommittedError
from storage.waking import Topic
from tests.bot.harness import HANG_S, ChatHarness, button, running
from tests.bot.test_app import outcry
from tests.storage.pgbouncer import Pooler, pooling
from tests.storage.postgres import Server
from tests.storage.proxy import proxied
from tests.storage.worlds import START, buy, started

PROCESSES, UNITS = 4, 12


@asynccontextmanager
async def behind(
    server: Server, count: int = 1, *, migrated: bool = True
) -> AsyncIterator[tuple[Pooler, list[Database]]]:
    """So many processes on one database behind a pooler."""
    url = await (server.create_migrated() if migrated else server.create())
    async with pooling(server) as pooler:
        databases = [Database.open(pooler.url(url)) for _ in range(count)]
        try:
            yield pooler, databases
        finally:
            for db in databases:
                await db.close()


async def test_a_pooler_is_recognised_without_a_setting(postgres: Server) -> None:
    async with behind(postgres) as (_, [db]):
        direct = Database.open(await postgres.create())
        for database, pooled in ((db, True), (direct, False)):
            async with database.reading() as uow:
                assert await uow.number(text("SELECT 1")) == 1
            assert database._server.pooled is pooled
        await direct.close()


async def test_an_empty_database_is_migrated_through_a_pooler_by_all_who_start_at_once(postgres: Server) -> None:
    async with behind(postgres, PROCESSES, migrated=False) as (_, databases):
        await asyncio.gather(*(db.migrate() for db in databases))
        async with databases[0].reading() as uow:
            assert await uow.number(select(people.c.id)) == 0


async def mixture(db: Database, process: int) -> None:
    """What units do: find or make, raise, write many, read one moment, stream."""
    for number in range(UNITS):

        async def write(number: int = number) -> None:
            async with db.writing() as uow:
                await uow.people.identify("room", f"{process}-{number}", f"P {number}", START)
                await uow.room.append("main", "talk", {"text": f"{process}-{number}"}, now_ms=START)
                await uow.run_many(insert(counters), [{"name": f"{process}-{number}-{i}", "value": 1} for i in (1, 2)])
                await uow.run(update(counters).where(counters.c.name == "all").values(value=counters.c.value + 1))
                await uow.commit()

        await again(write)
        async with db.reading() as uow:
            first = await uow.room.heads()
            assert await uow.people.find("room", f"{process}-{number}") is not None
            assert await uow.room.heads() == first
        async with db.reading(at_length=True) as uow:
            streamed = await uow.connection.stream(select(counters.c.name).where(counters.c.name.like(f"{process}-%")))
            assert len([row async for row in streamed]) == 2 * (number + 1)


async def test_units_of_several_processes_share_three_servers_and_nothing_is_lost_or_mixed_up(postgres: Server) -> None:
    async with behind(postgres, PROCESSES) as (_, databases):
        async with databases[0].writing() as uow:
            await uow.run(insert(counters), {"name": "all", "value": 0})
            await uow.commit()
        async with asyncio.timeout(HANG_S):
            await asyncio.gather(*(mixture(db, number) for number, db in enumerate(databases)))
        async with databases[0].reading() as uow:
            assert await uow.number(select(counters.c.value).where(counters.c.name == "all")) == PROCESSES * UNITS
            assert (await uow.room.heads()).seq == PROCESSES * UNITS
            assert await uow.number(text("SELECT count(*) FROM pg_prepared_statements")) == 0


async def test_a_frozen_process_behind_a_pooler_holds_no_locks(postgres: Server) -> None:
    async with behind(postgres, 2) as (_, [db, other]):
        async with db.writing() as uow:
            await uow.run(insert(counters), {"name": "all", "value": 0})
            await uow.commit()
        more = update(counters).where(counters.c.name == "all").values(value=counters.c.value + 1)
        async with db.writing() as uow:
            await uow.run(more)
            await uow.run(text("SET LOCAL idle_in_transaction_session_timeout = 20"))

            async def write() -> None:
                async with asyncio.timeout(HANG_S), other.writing() as unit:
                    await unit.run(more)
                    await unit.commit()

            await asyncio.create_task(write())
            with pytest.raises(NotCommittedError):
                await uow.commit()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_that_was_not_answered_is_settled_through_a_pooler(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(settling, "SETTLE_S", 20.0)
    url = await postgres.create_migrated()
    async with pooling(postgres) as pooler, proxied(pooler.port) as proxy:
        db = Database.open(proxy.url(url))
        proxy.cut = when
        outcome: Exception | None = None
        try:
            async with db.writing() as uow:
                await uow.run(insert(counters), {"name": "it", "value": 1})
                await uow.commit()
        except NotCommittedError as error:
            outcome = error
        async with db.reading() as uow:
            assert await uow.number(select(counters.c.value)) == (0 if outcome else 1)
        assert (outcome is None) == (when == "after")
        await db.close()


async def test_people_trade_through_a_pooler(postgres: Server) -> None:
    async with behind(postgres) as (_, [db]):
        harness = ChatHarness(db, Path())
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes $5")
        assert (await harness.say("ada", button(ticket, "Confirm"))).ok
        await harness.tick()
        async with db.reading() as uow:
            assert await uow.trades.count(1) > 0


async def test_a_process_behind_a_pooler_ticks_and_fills(postgres: Server, tmp_path: Path) -> None:
    async with behind(postgres) as (_, [db]):
        world = await started(db)
        async with db.writing() as uow:
            now_ms = SystemClock().now_ms()
            await uow.orders.append(1, world.people[0], buy(), request_id="r1", reserve=10 * MICRO, now_ms=now_ms)
            await uow.commit()
        process = outcry(tmp_path, "run", "--only", "ticks", DATABASE_URL=db.address, OUTCRY_TICK_MS="200")
        try:
            async with asyncio.timeout(HANG_S):
                while True:
                    async with db.reading() as uow:
                        if await uow.trades.count(1):
                            break
                    await asyncio.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait) == 0
        finally:
            process.kill()
            _, told = process.communicate()
        assert not [word for word in (" WARNING ", " ERROR ", "Traceback") if word in told], told


async def test_behind_a_pooler_nobody_listens_and_whoever_waits_looks(
    postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "storage.listening")
    async with behind(postgres) as (_, [db]):
        room = db.subscribe(Topic.ROOM)
        db.listen()
        assert db._listening is not None
        async with asyncio.timeout(HANG_S):
            await db._listening
        assert "looks every second instead" in caplog.text
        async with db.writing() as uow:
            await uow.room.append("main", "talk", {}, now_ms=START)
            await uow.commit()
        assert await room.woken(0)
