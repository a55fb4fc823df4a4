"""SQLAlchemy's engines: PostgreSQL's, and those of SQLite for what does not run in place."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from storage import sqlite
from storage.in_place import BUSY_MS, READERS
from storage.sqlite import Connect

if TYPE_CHECKING:
    from storage.postgres_connection import PostgresServer

WRITERS = READERS_KEPT = 4  # connections kept for units; half as many more for a while. More writers are no faster
FIRST = 3  # for ticks, which wait for no command
HOLDING = 1  # for the leases, which wait for nobody: a process with much to do must not lose what it holds
AT_LENGTH = 2
CONNECT_S = 10.0  # how long a server may take to let us in
ANSWER_S = 10.0  # to answer one statement, locks it waits for and its COMMIT included
AT_LENGTH_S = 120.0  # to answer one that reads very many rows
PLACE_S = 20.0  # how long a unit waits for one of the connections
OLD_S = 60  # from when on a connection that is seldom used is not trusted: what lies between may have forgotten it
IDLE_MS = 3_000  # how long a unit that writes may ask nothing: frozen or cut off, it would hold its locks for ever
IDLE_READING_MS = 30_000  # one that reads: it keeps others from changing tables
# Canonical: equal values give equal bytes; a float or an unknown type is a mistake, and said so.
to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def begin_writing() -> str:
    """One trip, and for this transaction alone, so that it holds behind a pooler too. The second limit is that of who
    froze while rows are sent to them."""
    return f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = {IDLE_MS}; SET LOCAL tcp_user_timeout = {IDLE_MS}"


def begin_reading(*, at_length: bool = False) -> str:
    """A snapshot; one that is read at length may be read slowly."""
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    return begin if at_length else f"{begin}; SET LOCAL idle_in_transaction_session_timeout = {IDLE_READING_MS}"


def postgres_engine(
    url: URL, server: PostgresServer, begin: str, connections: int, *, at_length: bool = False
) -> AsyncEngine:
    """For units of work on PostgreSQL, with so many connections kept: one comes with its transaction begun by `begin`,
    which also shows that it is alive, and whoever takes it ends that. A server that hangs, or whose packets are lost,
    tells nobody: a statement without an answer in time raises TimeoutError."""
    answer_s = AT_LENGTH_S if at_length else ANSWER_S
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",  # SQLAlchemy begins and ends nothing
        pool_size=connections,
        max_overflow=connections // 2,
        pool_timeout=PLACE_S,
        pool_recycle=OLD_S if at_length else -1,
        json_serializer=to_json,
        connect_args=_connecting(server, answer_s),
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def _begin(connection: Any, entry: ConnectionPoolEntry, _: object) -> None:  # Any: SQLAlchemy's own
        is_new = "opened" not in entry.info
        if entry.info.setdefault("opened", time.monotonic()) < server.distrusted_s:
            raise DisconnectionError("another connection got no answer")
        try:
            connection.run_async(lambda driver: driver.execute(begin, timeout=ANSWER_S))
        except TimeoutError:
            server.distrust()
            entry.invalidate()
            raise TimeoutError(f"not within {ANSWER_S:g} s") from None
        except Exception as error:
            if not connection.driver_connection.is_closed():
                raise
            raise (ConnectionResetError if is_new else DisconnectionError)(str(error)) from error  # another is opened

    @event.listens_for(engine.sync_engine, "handle_error")
    def _drop(context: ExceptionContext) -> Exception | None:
        if not isinstance(context.original_exception, TimeoutError):
            return None
        context.is_disconnect = True  # nobody knows what it would answer next; the others are not trusted either
        server.distrust()
        return TimeoutError(f"not within {answer_s:g} s")

    return engine


def migrating_engine(url: URL, server: PostgresServer) -> AsyncEngine:
    """Migrations take as long as they take, and keep no connection."""
    return create_async_engine(url, poolclass=NullPool, json_serializer=to_json, connect_args=_connecting(server, None))


def listening_options(engine: AsyncEngine) -> dict[str, Any]:  # Any: as asyncpg takes them
    """How asyncpg connects where the engine does, for a connection that is no unit's."""
    _, options = engine.dialect.create_connect_args(engine.url)
    return {**options, "timeout": CONNECT_S, "command_timeout": ANSWER_S}


def _connecting(server: PostgresServer, answer_s: float | None) -> dict[str, object]:
    return {"async_creator_fn": server.connect, "timeout": CONNECT_S, "command_timeout": answer_s}


def sqlite_engine(
    url: URL, begin: str, *, query_only: bool = False, migrating: bool = False, connect: Connect = sqlite.connect
) -> AsyncEngine:
    """For migrations and reading at length. Our own BEGIN: the driver sends none for a SELECT."""
    path, uri = str(url.database), url.query.get("uri") == "true"
    engine = create_async_engine(
        url,
        async_creator=lambda: connect(path, uri=uri),
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
