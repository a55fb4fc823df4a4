"""Bring a database up to date: Alembic's scripts on our own engine, in one transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.migrations import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 6_288_279  # any number, the same in every process: on PostgreSQL one starter migrates, the others wait


async def upgrade(engine: AsyncEngine) -> None:
    """From whatever is there, nothing included, to HEAD. A failed script leaves the database as it was.

    On SQLite the engine must have foreign keys off (a rebuilt table would else take its children with it); they are
    checked before the transaction is committed.
    """
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        if await connection.run_sync(_revision) == HEAD:
            return
        await connection.run_sync(_run)
        if connection.dialect.name == "sqlite":
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise RuntimeError(f"the migration would break {len(broken)} references; nothing was changed")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
