"""SQLAlchemy's engines: PostgreSQL's, and those of SQLite for what does not run in place."""

from __future__ import annotations

import json

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from storage import sqlite
from storage.in_place import BUSY_MS, READERS

CONNECT_S = 10.0  # how long a server may take to answer
CONNECTIONS = 5  # kept; as many again for a while
# Canonical: equal values give equal bytes; a float or an unknown type is a mistake, and said so.
to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def postgres_engine(url: URL, *, pooled: bool = True) -> AsyncEngine:
    """For all that is done on PostgreSQL; migrations keep no connection."""
    waits = {"timeout": CONNECT_S}
    if not pooled:
        return create_async_engine(url, poolclass=NullPool, json_serializer=to_json, connect_args=waits)
    return create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
        json_serializer=to_json,
        connect_args=waits,
    )


def sqlite_engine(url: URL, begin: str, *, query_only: bool = False, migrating: bool = False) -> AsyncEngine:
    """For migrations and reading at length. Our own BEGIN: the driver sends none for a SELECT."""
    path, uri = str(url.database), url.query.get("uri") == "true"
    engine = create_async_engine(
        url,
        async_creator=lambda: sqlite.connect(path, uri=uri),
        pool_size=READERS if query_only else 1,
        max_overflow=0,
        pool_timeout=60,
        json_serializer=to_json,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        if query_only:
            cursor.execute("PRAGMA query_only=1")
        else:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute(f"PRAGMA foreign_keys={'OFF' if migrating else 'ON'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(begin)
        finally:
            cursor.close()

    return engine
