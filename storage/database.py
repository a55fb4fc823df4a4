"""One database, opened once: a single writer, readers beside it, migrations, the lock on a SQLite file."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from sqlalchemy import Executable, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import settling, sqlite
from storage.address import parse_url
from storage.adoption import adopt
from storage.awaited import Awaited
from storage.cannot_open import CannotOpenError, check_path, explaining, place
from storage.engines import (
    AT_LENGTH,
    FIRST,
    HOLDING,
    READERS_KEPT,
    WRITERS,
    begin_reading,
    begin_writing,
    listening_options,
    migrating_engine,
    postgres_engine,
    sqlite_engine,
    to_json,
)
from storage.file_lock import DatabaseInUseError, FileLock
from storage.group_commit import GroupCommit
from storage.in_flight import InFlight, finish
from storage.in_place import InPlace, Readers
from storage.listening import Listening
from storage.own_tables import Found, check_file
from storage.read_only import address as read_only_address
from storage.read_only import log_of
from storage.session import StateCache, Surroundings, Transaction
from storage.sqlite import Connect
from storage.unit_of_work import UnitOfWork
from storage.waking import Subscription, Topic, Waking
from storage.watch import Watch, WatchedFile

__all__ = ["CannotOpenError", "Database", "DatabaseInUseError"]

WRITING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
_LEFT_OPEN: list[Database] = []  # see `Database._is_replaced_whole`
CLOSE_S = 10.0  # how long a close waits for units that are open


def _untouched(url: URL) -> URL:
    """The same file for one who may not even tidy up."""
    address = read_only_address(Path(str(url.database)))
    return url if address is None else url.set(database=address).update_query_dict({"uri": "true"})


class Database:
    """`sqlite:///outcry.db` or `postgresql://user:password@host/name`; driver names are accepted."""

    def __init__(self, url: URL, lock: FileLock | None, *, read_only: bool, connect: Connect) -> None:
        self.url = url
        self._connect = connect
        self._simulated = connect is not sqlite.connect
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.cache = StateCache()
        self.crash: Callable[[str], None] = _no_crash  # told the name of each point a crash test may stop at
        self.draw: Callable[[int], bytes] = secrets.token_bytes  # a demo draws by its seed
        self.seen: Callable[[Executable], None] | None = None  # told each statement
        self.watch = Watch(WatchedFile(Path(str(url.database))) if self.is_sqlite else None)
        self._lock = lock
        self._read_only = read_only
        self._seen = _untouched(url) if self.is_sqlite and read_only else url
        if self.is_sqlite:
            self._at_length = sqlite_engine(self._seen, "BEGIN", query_only=True, connect=connect)
        else:
            from storage.postgres_connection import PostgresServer  # an extra: who has SQLite needs no asyncpg

            server = self._server = PostgresServer()
            self._writer = postgres_engine(url, server, begin_writing(), WRITERS)
            self._first = postgres_engine(url, server, begin_writing(), FIRST)
            self._holding = postgres_engine(url, server, begin_writing(), HOLDING)
            self._reader = postgres_engine(url, server, begin_reading(), READERS_KEPT)
            self._at_length = postgres_engine(url, server, begin_reading(at_length=True), AT_LENGTH, at_length=True)
        self._readers = Readers(self._open_reader)
        self._group = GroupCommit(self._open_writer)
        self._writing: set[asyncio.Task[object]] = set()
        self._waking = Waking()
        self._waking.call(Topic.PEOPLE, self.cache.forget_people)
        self._filled = self.subscribe(Topic.OUTBOX)
        self._listening: asyncio.Task[None] | None = None
        self._units = InFlight()  # those that are open
        self._closing = False

    @classmethod
    def open(
        cls, url: str, *, read_only: bool = False, replaced: bool = False, simulated: Connect | None = None
    ) -> Database:
        """Take the database; raises CannotOpenError, DatabaseInUseError among them, or ValueError (an address nobody
        understands). Connects lazily. `read_only` takes no lock and can run beside the process that writes. `replaced`:
        whatever is in the file now is about to be deleted, and need not be a database.

        `simulated`: how the simulation, whose processes are all in one and share the file, opens a connection; no lock
        is taken then. For nothing else: two real processes could corrupt the file."""
        parsed = parse_url(url)
        lock = None
        if parsed.get_backend_name() == "sqlite":
            path = Path(str(parsed.database))
            with explaining(parsed):
                check_path(path, read_only=read_only)
                if not replaced:
                    check_file(path)
                lock = None if read_only or simulated else FileLock.take(path)
        return cls(parsed, lock, read_only=read_only, connect=simulated or sqlite.connect)

    @property
    def alone(self) -> bool:
        """Whether no other process can be here: a SQLite file belongs to one."""
        return self.is_sqlite and not self._simulated

    @property
    def address(self) -> str:
        """What `open` takes, password and all: never for a log or a command line."""
        return self.url.render_as_string(hide_password=False)

    @property
    def writer(self) -> InPlace | None:
        """The one that writes to a SQLite file, once somebody has."""
        return self._group.writer

    def engine_of_its_own(self) -> AsyncEngine:
        """For one transaction that takes as long as it takes, outside of the units of work; who asks disposes of it.
        On SQLite references are not checked."""
        if self.is_sqlite:
            return sqlite_engine(self.url, "BEGIN IMMEDIATE", migrating=True)
        return migrating_engine(self.url, self._server)

    async def migrate(self) -> None:
        """Bring the tables up to date; nothing to do is quick. Raises CannotOpenError."""
        from storage.migrate import upgrade  # alembic takes half a second to import; most starts need none of it

        engine = self.engine_of_its_own()
        with explaining(self.url):
            try:
                await upgrade(engine, place(self.url))
            finally:
                await engine.dispose()
            async with self.writing() as uow:
                if not self.is_sqlite:
                    await uow.run(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # as long as it takes
                if await adopt(uow):
                    await uow.commit()
        self.watch.begin()

    async def found(self) -> Found:
        """What it says of itself, whatever version it is of. Raises CannotOpenError where it cannot be read, or is of a
        version that this program cannot use."""
        from storage.migrate import found

        with explaining(self.url):
            async with self.reading() as uow:
                tables = await found(uow)
            tables.revision(place(self.url))
        return tables

    async def check(self) -> None:
        """For who only reads: raises CannotOpenError where it cannot be read, or is not of this version."""
        from storage.migrate import check

        with explaining(self.url):
            async with self.reading() as uow:
                await check(uow, place(self.url))

    async def close(self) -> None:
        """Give back every connection, then the lock. Units that are open are waited for, but not for ever; one that
        ends later closes its connection itself, since no pool would close it any more."""
        self._closing = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        idle = await self._units.idle(CLOSE_S)
        if self.is_sqlite and self._is_replaced_whole():
            _LEFT_OPEN.append(self)
        elif self.is_sqlite:
            await self._at_length.dispose()
            await self._readers.close()
            await self._group.close(wait=idle)
        else:
            for engine in (self._at_length, self._reader, self._first, self._holding, self._writer):
                await engine.dispose()
        if self._lock is not None:
            self._lock.release()

    @asynccontextmanager
    async def reading(self, *, at_length: bool = False) -> AsyncIterator[UnitOfWork]:
        """A consistent snapshot; writes fail. `at_length`: for very many rows or streams. On SQLite such statements run
        in a thread of their own; those of an ordinary unit run in place, and hold the loop as long as they take. On
        PostgreSQL they may take longer than others to be answered."""
        with self.watch.within(writing=False):
            if self.is_sqlite and not at_length:
                unit = self._reading_in_place()
            else:
                unit = self._unit(self._at_length if at_length else self._reader, snapshot=True)
            async with unit as uow:
                yield uow

    @asynccontextmanager
    async def writing(self, *, first: bool = False, holding: bool = False) -> AsyncIterator[UnitOfWork]:
        """The one writer's transaction (BEGIN IMMEDIATE): rolled back unless `await uow.commit()`. Units do not nest:
        opening one inside another raises RuntimeError. Cancelling waits for the statement under way.

        `first`: before all others that wait, a tick; `holding`: it renews leases. On SQLite units that wait share one
        durable commit, see `group_commit`."""
        if self._read_only:
            raise RuntimeError("this database was opened read-only")
        task = asyncio.current_task()
        if task in self._writing:
            raise RuntimeError("a writing unit inside a writing unit would wait for itself: pass the outer one down")
        if task is not None:
            self._writing.add(task)
        try:
            with self.watch.within(writing=True):
                if self.is_sqlite:
                    unit = self._writing_in_place(first or holding)
                else:
                    engine = self._holding if holding else self._first if first else self._writer
                    unit = self._unit(engine, snapshot=False)
                async with unit as uow:
                    yield uow
        finally:
            if task is not None:
                self._writing.discard(task)

    @asynccontextmanager
    async def _reading_in_place(self) -> AsyncIterator[UnitOfWork]:
        with self._units:
            reader = await self._readers.take()
            try:
                yield self._unit_of_work(Transaction(in_place=reader, commit=_no_commit, snapshot=True))
            finally:
                await self._readers.give_back(reader)

    @asynccontextmanager
    async def _writing_in_place(self, first: bool) -> AsyncIterator[UnitOfWork]:
        with self._units:
            turn, writer = await self._group.turn(first=first)

            async def commit(on_durable: Callable[[], None]) -> None:
                await turn.keep(on_durable)

            try:
                yield self._unit_of_work(Transaction(in_place=writer, commit=commit, snapshot=False))
            except BaseException:
                with suppress(Exception):
                    await finish(turn.undo())
                raise
            await finish(turn.undo())

    @asynccontextmanager
    async def _unit(self, engine: AsyncEngine, *, snapshot: bool) -> AsyncIterator[UnitOfWork]:
        awaited = Awaited(engine)

        async def commit(on_durable: Callable[[], None]) -> None:
            await settling.commit(awaited, engine, uow.name, on_durable, wrote=uow.locks.writes)

        with self._units:
            try:
                await finish(awaited.begin())
                uow = self._unit_of_work(Transaction(awaited=awaited, commit=commit, snapshot=snapshot))
                yield uow
            finally:
                await finish(awaited.end(drop=self._closing))

    def _unit_of_work(self, transaction: Transaction) -> UnitOfWork:
        around = Surroundings(
            cache=self.cache, wake=self._waking.wake, crash=self.crash, draw=self.draw, seen=self.seen
        )
        return UnitOfWork(transaction, around)

    def subscribe(self, *topics: Topic) -> Subscription:
        """Be woken by what changes one of these topics: `await subscription.woken(timeout_s)`. Commits of this process
        wake at once, those of others where they can be heard: look once a second or five all the same."""
        return self._waking.subscribe(*topics)

    def listen(self) -> None:
        """From now on until the close what other processes commit wakes, too. On SQLite there are none."""
        if not self.is_sqlite and self._listening is None:
            connect = partial(self._server.connect, **listening_options(self._writer))
            self._listening = asyncio.create_task(Listening(connect, self._server.is_ours, self._waking).run())

    async def outbox_filled(self, timeout_s: float) -> bool:
        """Wait until a commit added outbox rows, at most `timeout_s`; True if one did. One waits in a process."""
        return await self._filled.woken(timeout_s)

    async def _open_reader(self) -> InPlace:
        path, uri = str(self._seen.database), self._seen.query.get("uri") == "true"
        return await InPlace.open(path, ["query_only=1"], to_json, uri=uri, connect=self._connect)

    async def _open_writer(self) -> InPlace:
        writer = await InPlace.open(str(self.url.database), WRITING, to_json, connect=self._connect)
        log = WatchedFile(log_of(Path(str(self.url.database))))
        self.watch.log = None if log.is_moved() else log
        return writer

    def _is_replaced_whole(self) -> bool:
        """Whether another file with a log of its own has come in the place of ours. SQLite deletes the log by its name
        when the last connection is closed, and would take that one's; so ours are left to the end of the process."""
        file, log, beside = self.watch.file, self.watch.log, log_of(Path(str(self.url.database)))
        return file is not None and file.is_moved() and log is not None and log.is_moved() and beside.exists()


def _no_crash(point: str) -> None:
    """Outside the crash test nothing happens at a named point."""


async def _no_commit(on_durable: Callable[[], None]) -> None:
    """A snapshot has nothing to keep."""
    on_durable()
