"""The scripts make exactly the tables the code speaks of."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database
from storage.migrations import HEAD
from storage.own_tables import SCRIPTS
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


async def test_a_failed_migration_leaves_the_database_as_it_was(db: Database) -> None:
    async with db.writing() as uow:
        await uow.run(text("UPDATE alembic_version SET version_num = '0003'"))  # what the next script makes is there
        await uow.run(text("ALTER TABLE counters ADD COLUMN kept INTEGER"))
        await uow.commit()
    before = await _tables(db)
    with pytest.raises(DBAPIError, match=r"already exists|duplicate column"):
        await db.migrate()
    assert await _tables(db) == before
    async with db.reading() as uow:
        versions = await uow.rows(text("SELECT version_num FROM alembic_version"))
    assert [row["version_num"] for row in versions] == ["0003"]


async def _tables(db: Database) -> list[str]:
    async with db.reading(at_length=True) as uow:
        return list(map(str, await uow.connection.run_sync(_differences)))
