"""Bring a database up to date: Alembic's scripts on our own engine, in one transaction.

A database that is not ours is left alone: one with another program's tables, or of a newer version that this program
cannot use. Each script says whether programs of the version before can use what it leaves (`breaking`), and the oldest
version that can stands in the database: so old and new programs run together, and an upgrade has a way back.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.migrations import HEAD
from storage.own_tables import SCRIPTS, Found, check_current
from storage.schema import upgrades
from storage.unit_of_work import UnitOfWork

LOCK = 6_288_279  # any number, the same in every process: on PostgreSQL one starter migrates, the others wait
LOCK_WAIT_MS = 2_000
"""How long a script waits for a table. Whoever comes after it waits behind it, so it makes way for them, and the whole
of it is tried again: an old program that reads at length does not stop all the others."""
PAUSE_S = 1.0
TRIES = 300
WAITED = ("55P03", "40P01")  # not within that time; in a circle with somebody
LOOKS = "0005"
"""Programs before this version do not look which newer tables they can use, and start on none."""


async def upgrade(engine: AsyncEngine, place: str) -> None:
    """From whatever is there, nothing included, to HEAD; tables of a newer version that this program can use stay. A
    failed script leaves the database as it was. Raises CannotOpenError for a database that this program cannot use;
    `place` is how it calls it.

    On SQLite the engine must have foreign keys off (a rebuilt table would else take its children with it); they are
    checked before the transaction is committed.
    """
    for left in reversed(range(TRIES)):
        try:
            await _upgrade(engine, place)
        except DBAPIError as error:
            if not left or getattr(error.orig, "sqlstate", None) not in WAITED:
                raise
            await asyncio.sleep(PAUSE_S)
        else:
            return


async def _upgrade(engine: AsyncEngine, place: str) -> None:
    async with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}"))
        revision = (await found_on(connection)).revision(place)
        if revision is not None and revision >= HEAD:
            return
        await connection.run_sync(run_scripts)
        if connection.dialect.name == "sqlite":
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise RuntimeError(f"the migration would break {len(broken)} references; nothing was changed")


async def check(uow: UnitOfWork, place: str) -> None:
    """For who only reads: raises CannotOpenError where this program cannot use the tables."""
    check_current((await found(uow)).revision(place), place)


async def found(uow: UnitOfWork) -> Found:
    async def column(query: str) -> list[str]:
        return [str(value) for row in await uow.rows(text(query)) for value in row.values()]

    return await Found.read(column, uow.dialect)


async def found_on(connection: AsyncConnection) -> Found:
    async def column(query: str) -> list[str]:
        return [str(value) for value in (await connection.execute(text(query))).scalars()]

    return await Found.read(column, connection.dialect.name)


async def made_by(uow: UnitOfWork) -> str | None:
    """The version of Outcry that brought the tables to what they are; None where it did not say."""
    rows = await uow.rows(select(upgrades.c.program).order_by(upgrades.c.version.desc()).limit(1))
    return next((row["program"] for row in rows), None)


def run_scripts(connection: Connection, to: str = HEAD) -> None:
    """Up to one of them."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    if to == HEAD:
        row = {"version": HEAD, "compatible_from": compatible_from(), "program": version("outcry")[:32]}
        connection.execute(delete(upgrades).where(upgrades.c.version == HEAD))
        connection.execute(insert(upgrades).values(**row))


def compatible_from() -> str:
    """The version of the oldest program that can use the tables of HEAD, by what the scripts say."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    oldest = HEAD
    for script in ScriptDirectory.from_config(config).walk_revisions("base", HEAD):
        if script.revision <= LOOKS or script.module.breaking is not None:
            return max(script.revision, LOOKS)
        oldest = str(script.down_revision)
    return oldest
