"""SQLAlchemy's engines: PostgreSQL's, and those of SQLite for what does not run in place."""

from __future__ import annotations

import json

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from storage import sqlite
from storage.in_place import BUSY_MS, READERS

CONNECTIONS = 5  # kept; as many again for a while
CONNECT_S = 10.0  # how long a server may take to let us in
ANSWER_S = 10.0  # to answer one statement, locks it waits for and its COMMIT included
AT_LENGTH_S = 120.0  # to answer one that reads very many rows
PLACE_S = 20.0  # how long a unit waits for one of the connections
OLD_S = 60  # from when on a connection that is seldom used is not trusted: what lies between may have forgotten it
CLOSE_S = 2.0  # how long a server is asked to stop what it is at, before a connection is dropped all the same
# Canonical: equal values give equal bytes; a float or an unknown type is a mistake, and said so.
to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def postgres_engine(url: URL, *, at_length: bool = False, migrating: bool = False) -> AsyncEngine:
    """For all that is done on PostgreSQL. A server that hangs, or whose packets are lost, tells nobody: a statement
    without an answer in time raises TimeoutError. Migrations take as long as they take, and keep no connection."""
    answer_s = None if migrating else AT_LENGTH_S if at_length else ANSWER_S
    waits = {"timeout": CONNECT_S, "command_timeout": answer_s, "connection_class": _closed_in_time()}
    if migrating:
        return create_async_engine(url, poolclass=NullPool, json_serializer=to_json, connect_args=waits)
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_timeout=PLACE_S,
        pool_recycle=OLD_S if at_length else -1,
        pool_pre_ping=True,
        json_serializer=to_json,
        connect_args=waits,
    )

    @event.listens_for(engine.sync_engine, "handle_error")
    def _drop(context: ExceptionContext) -> Exception | None:
        if not isinstance(context.original_exception, TimeoutError):
            return None
        context.is_disconnect = True  # nobody knows what it would answer next; the others are not trusted either
        return TimeoutError(f"not within {answer_s:g} s")

    return engine


def _closed_in_time() -> type:
    """asyncpg's connection, whose end would else wait for a server that hangs."""
    from asyncpg import Connection  # an extra: who has SQLite needs none

    class ClosedInTime(Connection):  # type: ignore[misc]  # asyncpg has no types
        __slots__ = ()

        async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncpg's own
            await super().close(timeout=CLOSE_S if timeout is None else min(timeout, CLOSE_S))

    return ClosedInTime


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
