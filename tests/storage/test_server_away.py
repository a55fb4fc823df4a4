"""A PostgreSQL that is away is waited for: at the start, and in the middle of everything."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from bot import app
from bot.__main__ import main
from bot.cli import database as cli
from bot.cli.database import open_database
from bot.notifications.announcer import Announcer
from bot.settings import Settings
from scheduler.jobs import Jobs
from storage import watch
from storage.clock import SystemClock
from storage.database import Database
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
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
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
