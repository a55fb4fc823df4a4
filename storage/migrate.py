"""Bring a database up to date: Alembic's scripts on our own engine, in one transaction.

A database that is not ours is left alone: one with another program's tables, or of a newer version than this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.migrations import HEAD
from storage.own_tables import SCRIPTS, TABLES, VERSION, VERSION_TABLE, check_current, revision_of
from storage.unit_of_work import UnitOfWork

LOCK = 6_288_279  # any number, the same in every process: on PostgreSQL one starter migrates, the others wait


async def upgrade(engine: AsyncEngine, place: str) -> None:
    """From whatever is there, nothing included, to HEAD. A failed script leaves the database as it was. Raises
    CannotOpenError for a database that is not ours; `place` is how it calls it.

    On SQLite the engine must have foreign keys off (a rebuilt table would else take its children with it); they are
    checked before the transaction is committed.
    """
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})

        async def column(query: str) -> list[str]:
            return [str(name) for name in (await connection.execute(text(query))).scalars()]

        if await _revision(column, connection.dialect.name, place) == HEAD:
            return
        await connection.run_sync(_run)
        if connection.dialect.name == "sqlite":
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise RuntimeError(f"the migration would break {len(broken)} references; nothing was changed")


async def check(uow: UnitOfWork, place: str) -> None:
    """For who only reads: raises CannotOpenError where the tables are not those this version knows."""

    async def column(query: str) -> list[str]:
        return [str(name) for row in await uow.rows(text(query)) for name in row.values()]

    check_current(await _revision(column, uow.dialect, place), place)


async def _revision(column: Callable[[str], Awaitable[list[str]]], dialect: str, place: str) -> str | None:
    """`column` is the one column that a query asks for. Raises CannotOpenError for what is not ours."""
    tables = await column(TABLES[dialect])
    return revision_of(tables, await column(VERSION) if VERSION_TABLE in tables else [], place)


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
