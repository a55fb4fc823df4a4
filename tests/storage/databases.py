"""Fixtures: every test that asks for `db` runs on a real SQLite file and on PostgreSQL where one is found."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from storage.database import Database
from tests.storage.postgres import Server, find_server

MISSING = "PostgreSQL was not found (initdb, pg_ctl, postgres): its half of the storage tests did not run"


@cache
def server() -> Server | None:
    """The session's PostgreSQL, started when first asked for."""
    programs = find_server()
    if programs is None:
        return None
    started = Server(programs)
    atexit.register(started.stop)
    return started


@cache
def _migrated() -> bytes:
    """A SQLite file with all tables and nothing in them; in a thread of its own, since a loop runs in this one."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        path = Path(folder) / "outcry.db"
        thread.submit(asyncio.run, _migrate(f"sqlite:///{path}")).result()
        return path.read_bytes()


async def _migrate(url: str) -> None:
    database = Database.open(url)
    try:
        await database.migrate()
    finally:
        await database.close()


def migrated_file(path: Path) -> str:
    """The address of a SQLite database with all tables: the one that is there, or a copy of one that was migrated."""
    if not path.exists():
        path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, or for a test that asks for `db` too, of that one."""
    has_tables = "db" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "outcry.db"
        return migrated_file(path) if has_tables else f"sqlite:///{path}"
    found = server_or_skip()
    return await (found.create_migrated() if has_tables else found.create())


@pytest.fixture
def postgres() -> Server:
    """The session's server, for a test of it alone."""
    return server_or_skip()


def server_or_skip() -> Server:
    found = server()
    if found is None:
        if "postgres" in os.environ.get("OUTCRY_REQUIRE", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return found


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = Database.open(database_url)
    yield database
    await database.close()
