"""Every row of every table but the leases, from one database into another, whichever of SQLite and PostgreSQL it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.backups.files import Progress
from storage.database import Database
from storage.schema import leases, metadata

PAGE = 500  # rows in memory at once
WRITTEN_BY_PEOPLE = ("people", "chats", "config", "journal")
"""A database without a row in these has nothing to lose."""
_COPIED = [table for table in metadata.sorted_tables if table is not leases]  # those are of processes, not of people


async def copy_rows(source: Database, target: AsyncConnection, progress: Progress) -> None:
    """From one snapshot, tables in the order of their references, in the place of whatever the target has in them."""
    async with source.reading(at_length=True) as uow:
        read = uow.connection
        sizes = [await uow.number(select(func.count()).select_from(table)) for table in _COPIED]
        await _empty(target)
        done, of = 0, max(1, sum(sizes))
        for table in _COPIED:
            async with read.stream(select(table).execution_options(yield_per=PAGE)) as rows:
                async for page in rows.mappings().partitions(PAGE):
                    await target.execute(insert(table), [dict(row) for row in page])
                    done += len(page)
                    progress(done / of)


async def _empty(target: AsyncConnection) -> None:
    """Every row of our tables is gone."""
    for table in reversed(metadata.sorted_tables):
        await target.execute(table.delete())


async def count_on(target: AsyncConnection) -> None:
    """PostgreSQL gives the ids of rows from counters, which know nothing of rows that came with their ids."""
    if target.dialect.name == "postgresql":
        await target.run_sync(_count_on)


def _count_on(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        keys: Sequence[str] = [column.name for column in table.primary_key.columns]
        if len(keys) != 1:
            continue
        name, key = table.name, keys[0]
        counter = connection.execute(
            text("SELECT pg_get_serial_sequence(:name, :key)"), {"name": f'"{name}"', "key": key}
        ).scalar()
        largest = connection.execute(select(func.max(table.c[key]))).scalar() if counter else None
        if counter and largest is not None:
            connection.execute(text("SELECT setval(:counter, :largest)"), {"counter": counter, "largest": largest})
