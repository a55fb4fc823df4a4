"""The scripts make exactly the tables the code speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.migrate import SCRIPTS
from storage.migrations import HEAD
from storage.schema import metadata


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_an_empty_database_gets_every_table_and_nothing_else(db: Database) -> None:
    async with db.reading(at_length=True) as uow:
        assert await uow.connection.run_sync(_differences) == []


async def test_migrating_again_changes_nothing(db: Database) -> None:
    await db.migrate()
    async with db.reading(at_length=True) as uow:
        assert await uow.connection.run_sync(_differences) == []


def test_head_names_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_a_failed_migration_leaves_the_database_as_it_was(database_url: str, tmp_path: Path) -> None:
    db = Database.open(database_url)
    async with db.writing() as uow:
        await uow.run(text("CREATE TABLE config (market INTEGER PRIMARY KEY)"))
        await uow.commit()
    with pytest.raises(DBAPIError, match="config"):
        await db.migrate()
    async with db.reading(at_length=True) as uow:
        names = await uow.connection.run_sync(lambda c: c.dialect.get_table_names(c))
    assert names == ["config"]
    await db.close()
