"""A PostgreSQL that is away or hangs is waited for: at the start, and in the middle of everything."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, text

from bot import app
from bot.__main__ import main
from bot.cli import database as cli
from bot.cli.database import open_database
from bot.notifications.announcer import Announcer
from bot.settings import Settings
from scheduler.jobs import Jobs
from storage import engines, postgres_connection, settling, watch
from storage.clock import SystemClock
from storage.database import Database
from storage.postgres_connection import PostgresServer
from storage.schema import counters
from storage.settling import NAME, NotCommittedError, TransactionName
from storage.trouble import Trouble, TroubleError
from tests.bot.harness import HANG_S, RecordingPlatform
from tests.storage.postgres import Server


async def until(condition: Callable[[], bool]) -> None:
    """A server tells nobody that it has gone or come back."""
    async with asyncio.timeout(HANG_S):
        while not condition():  # noqa: ASYNC110  # nobody here is told
            await asyncio.sleep(0.02)


async def test_a_start_waits_for_its_server_and_says_so_once(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(cli, "FIRST_PAUSE_S", 0.02)
    url = await postgres.create()
    monkeypatch.setenv("DATABASE_URL", url)
    postgres.halt()
    try:
        with ThreadPoolExecutor(1) as pool:  # a command that is typed does not wait
            assert await asyncio.wrap_future(pool.submit(main, ["migrate"])) == 3
        assert "does not answer" in capsys.readouterr().err
        tries = 0
        migrate = Database.migrate

        async def counted(db: Database) -> None:
            nonlocal tries
            tries += 1
            await migrate(db)

        monkeypatch.setattr(Database, "migrate", counted)
        opening = open_database(url, migrate=True, patient=True)
        opened = asyncio.create_task(opening.__aenter__())
        await until(lambda: tries >= 4)
    finally:
        postgres.resume()
    assert await opened is not None
    told = capsys.readouterr().err
    assert (told.count("Waiting for it; Ctrl-C ends this."), told.count("answers now")) == (1, 1), told
    await opening.__aexit__(None, None, None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_start_that_waits_is_ended_by_ctrl_c(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: list[str] = []
    monkeypatch.setattr(app, "gone_in_time", lambda: ends.append("in time"))  # it would end the tests, too
    settings = Settings(database_url="postgresql://outcry:s3cret@127.0.0.1:1/outcry")
    serving = asyncio.create_task(app.serve(settings, "ticks"))
    told = ""

    def waits() -> bool:
        nonlocal told
        told += capsys.readouterr().err
        return "Waiting for it; Ctrl-C ends this." in told

    await until(waits)
    os.kill(os.getpid(), number)
    assert await serving == 0
    assert ends == ["in time"]
    assert "s3cret" not in told


@asynccontextmanager
async def at_work(db: Database) -> AsyncIterator[None]:
    """All that asks a database again and again."""
    jobs = Jobs(db, SystemClock(), grid_ms=10)
    await jobs.start()
    announcing = asyncio.create_task(Announcer(db, SystemClock(), {"room": RecordingPlatform()}).run())
    yield
    announcing.cancel()
    await asyncio.gather(announcing, return_exceptions=True)
    await jobs.stop()


async def test_while_a_server_is_away_the_log_has_one_line_and_then_all_goes_on(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "OVER_S", 0.0)
    db = Database.open(await postgres.create_migrated())
    await db.migrate()
    async with at_work(db):
        postgres.halt()
        try:
            await until(lambda: db.watch.failures >= 6)
            with pytest.raises(TroubleError, match="it does not answer"):
                async with db.writing():
                    pass
            assert db.watch.trouble is Trouble.AWAY
            lines = [record.getMessage() for record in caplog.records]
            assert len(lines) == 1, lines
            assert lines[0].startswith("the database cannot be used: it does not answer (")
        finally:
            postgres.resume()
        await until(lambda: db.watch.trouble is None)
    assert "takes writes again" in caplog.records[-1].getMessage()
    assert not [record for record in caplog.records if record.exc_info]
    await db.close()


def impatient(monkeypatch: pytest.MonkeyPatch, seconds: float = 1.5) -> None:
    """So long a statement may take: longer than what is to be answered takes on a busy machine."""
    monkeypatch.setattr(postgres_connection, "CLOSE_S", 0.05)
    for name in ("ANSWER_S", "CONNECT_S"):
        monkeypatch.setattr(engines, name, seconds)


async def kept(db: Database, name: str) -> bool:
    async with db.reading() as uow:
        return await uow.number(select(counters.c.value).where(counters.c.name == name)) == 1


async def write(db: Database, name: str, written: asyncio.Event, hangs: asyncio.Event) -> None:
    """A unit that knows its number, as one that has locked its market."""
    async with db.writing() as uow:
        uow.name = TransactionName.of((await uow.rows(select(*NAME)))[0])
        await uow.run(counters.insert(), {"name": name, "value": 1})
        written.set()
        await hangs.wait()
        await uow.commit()


async def test_a_server_that_hangs_is_given_up_in_time_and_all_goes_on_when_it_wakes(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    impatient(monkeypatch)
    monkeypatch.setattr(settling, "SETTLE_S", 0.1)
    monkeypatch.setattr(watch, "OVER_S", 0.0)
    db = Database.open(await postgres.create_migrated())
    await db.migrate()
    async with at_work(db):
        written, hangs = asyncio.Event(), asyncio.Event()
        writing = asyncio.create_task(write(db, "at COMMIT", written, hangs))
        async with asyncio.timeout(HANG_S):
            await written.wait()
        with postgres.hanging():
            hangs.set()
            lost, unread = await asyncio.gather(writing, kept(db, "at COMMIT"), return_exceptions=True)
            assert isinstance(lost, TroubleError)
            assert isinstance(unread, TroubleError)
            assert (str(lost), lost.unsettled) == ("it does not answer (not within 1.5 s)", True)
            assert (unread.trouble, unread.unsettled) == (Trouble.AWAY, False)
            await until(lambda: db.watch.failures >= 4)
        await until(lambda: db.watch.trouble is None)
        lines = [record.getMessage() for record in caplog.records if "cannot be used" in record.getMessage()]
        assert len(lines) == 1, lines
    assert not [record for record in caplog.records if record.exc_info]
    await db.close()


async def test_a_commit_that_a_hanging_server_did_not_answer_is_settled_when_it_wakes(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    impatient(monkeypatch)
    db = Database.open(await postgres.create_migrated())
    written, hangs = asyncio.Event(), asyncio.Event()
    writing = asyncio.create_task(write(db, "at COMMIT", written, hangs))
    async with asyncio.timeout(HANG_S):
        await written.wait()
    with postgres.hanging():
        hangs.set()
        await until(lambda: "the server is asked what became of it" in caplog.text)
    [outcome] = await asyncio.gather(writing, return_exceptions=True)
    assert outcome is None or isinstance(outcome, NotCommittedError), outcome
    assert await kept(db, "at COMMIT") == (outcome is None)
    await db.close()


async def test_what_takes_long_is_let_finish_where_it_may_and_else_ended_on_the_server_too(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ANSWER_S", 1.0)  # longer than what is to be answered takes on a busy machine
    db = Database.open(await postgres.create())
    long, longest = text("SELECT pg_sleep(1.2)"), text("SELECT pg_sleep(60)")
    with pytest.raises(TroubleError, match="not within"):
        async with db.reading() as uow:
            await uow.rows(longest)
    async with db.reading(at_length=True) as uow:
        await uow.rows(long)
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE :query"
        assert await uow.number(text(running), {"query": "SELECT pg_sleep(60)%"}) == 0
    migrating = engines.migrating_engine(db.url, PostgresServer())
    async with migrating.connect() as connection:
        await connection.execute(long)
    await migrating.dispose()
    await db.close()
