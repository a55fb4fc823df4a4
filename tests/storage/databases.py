"""Fixtures: every test that asks for `db` runs on a real SQLite file and on PostgreSQL where one is found."""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

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


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outcry.db'}"
    found = server()
    if found is None:
        if "postgres" in os.environ.get("OUTCRY_REQUIRE", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return await found.create()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = Database.open(database_url)
    await database.migrate()
    yield database
    await database.close()
