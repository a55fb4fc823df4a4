"""A database that the last version of rules 1 wrote, on any server: see README.md for what is in it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, Boolean, Connection, MetaData, Table, insert, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.own_tables import SCRIPTS

FILE = Path(__file__).with_name("rules_1.db.gz")
REVISION = "0002"
NOW = 1_404_374_000_000 + 4_000_000
"""A moment after its last tick."""
TOWN, OLD, OFF, CLAIM, SOON = 1, 2, 3, 4, 5
"""Its markets: one that runs, one that was paid out, one called off, one whose winner is claimed, one in its lobby."""


def unpack_rules_1(path: Path) -> Path:
    """The file itself, at `path`."""
    path.write_bytes(gzip.decompress(FILE.read_bytes()))
    return path


async def write_rules_1(url: str, folder: Path) -> None:
    """Put it where `url` points, an empty database."""
    if url.startswith("sqlite"):
        unpack_rules_1(Path(url.removeprefix("sqlite:///")))
        return
    copy = unpack_rules_1(folder / "rules_1.db")
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(_copy, copy)
    await engine.dispose()


def _copy(connection: Connection, path: Path) -> None:
    """The tables of that version by its own scripts, and every row of the file."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISION)
    metadata = MetaData()
    metadata.reflect(connection)
    with closing(sqlite3.connect(path)) as source:
        source.row_factory = sqlite3.Row
        for table in metadata.sorted_tables:
            rows = list(_rows(source, table))
            if rows and table.name != "alembic_version":
                connection.execute(insert(table), rows)
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            if column.autoincrement is True or "nextval" in str(getattr(column.server_default, "arg", "")):
                sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
                last = f'SELECT setval({sequence}, (SELECT coalesce(max("{column.name}"), 0) + 1 FROM "{table.name}"))'
                connection.execute(text(last))


def _rows(source: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:  # Any: every column has its own type
    for row in source.execute(f'SELECT * FROM "{table.name}"'):
        yield {column.name: _value(row[column.name], column.type) for column in table.columns}


def _value(stored: Any, kind: object) -> Any:  # Any: as above
    if stored is None:
        return None
    return bool(stored) if isinstance(kind, Boolean) else json.loads(stored) if isinstance(kind, JSON) else stored
