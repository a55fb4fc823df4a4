"""The one statement SQLite and PostgreSQL spell alike but SQLAlchemy imports from two places."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(dialect: str, table: Table, keys: Sequence[str], columns: Collection[str]) -> Executable:
    """Insert a row, or give the one with the same keys these values: absolute ones, so that repeating is harmless.

    `columns` are all that are set, the keys among them; with nothing but keys an existing row stays as it is.
    """
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {name: insert.excluded[name] for name in columns if name not in keys}
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)
