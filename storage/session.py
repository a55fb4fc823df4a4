"""One transaction on one connection, below all repositories: statements, commit, locks, and what a repository is.

Also here: the one statement SQLite and PostgreSQL spell alike but SQLAlchemy imports from two places (`upsert`), text
from outside made storable (`clean`), and the engine states a tick need not load again (`StateCache`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, CursorResult, Executable, Insert, RowMapping, Table, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.branch import Branch
from engine.state import MarketState
from storage.awaited import Awaited
from storage.in_flight import finish
from storage.in_place import InPlace
from storage.kept_figures import KeptFigures
from storage.lock_order import LockOrder, place_of
from storage.proofs.secret import Secret
from storage.settling import TransactionName
from storage.trouble import Telling, raise_trouble
from storage.waking import Topic

Values: TypeAlias = Mapping[str, object]
Result: TypeAlias = CursorResult[*tuple[Any, ...]]  # rows are made into records right where they are read
BATCH = 5_000  # rows a statement: a longer one could not be waited out when its task is cancelled
NAME_LENGTH = 200


class StateCache:
    """The latest state of each market, the last cut worked out for it, and figures (`storage.figures`). The head of the
    hash chain names a state: another head, another state.

    `people_changed` counts how often two people were merged, one was erased or somebody changed their settings, for
    whoever caches who is who and what they are called."""

    def __init__(self) -> None:
        self.people_changed = 0
        self.figures = KeptFigures()
        self.secret: Secret | None = None  # see `storage.proofs.repository`: it never changes
        self._states: dict[int, tuple[int, str, MarketState]] = {}
        self._branches: dict[int, tuple[str, Branch]] = {}

    def get(self, market: int, tick: int, head: str) -> MarketState | None:
        cached = self._states.get(market)
        return cached[2] if cached is not None and cached[:2] == (tick, head) else None

    def put(self, market: int, tick: int, head: str, state: MarketState) -> None:
        cached = self._states.get(market)
        if cached is None or cached[0] <= tick:
            self._states[market] = (tick, head, state)
        if self._branches.get(market, (head,))[0] != head:
            del self._branches[market]

    def branch(self, market: int, head: str, moment_ms: int) -> Branch | None:
        """What a cut back to this moment goes on from, where it has been worked out."""
        kept_head, kept = self._branches.get(market, ("", None))
        return kept if kept is not None and (kept_head, kept.moment_ms) == (head, moment_ms) else None

    def put_branch(self, market: int, head: str, branch: Branch) -> None:
        self._branches[market] = (head, branch)

    def forget_people(self) -> None:
        """Two people were merged, or one was erased."""
        self.people_changed += 1

    def forget(self, market: int) -> None:
        self._states.pop(market, None)
        self._branches.pop(market, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all units of a database share. `wake`: to be called after a commit that changed a topic. `crash`: told the
    name of each point a crash test may stop at. `draw`: so many bytes nobody can guess. `seen`: told each statement."""

    cache: StateCache
    wake: Callable[[Topic], None]
    crash: Callable[[str], None]
    draw: Callable[[int], bytes]
    seen: Callable[[Executable], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Where a unit's statements go: `in_place`, answered where they are called, or else `awaited`.

    `commit` makes them permanent and calls what it is given the moment they are, before any later unit begins.
    """

    commit: Callable[[Callable[[], None]], Awaitable[None]]
    snapshot: bool
    in_place: InPlace | None = None
    awaited: Awaited | None = None


class Session:
    """One transaction. Rolls back unless `commit` was called.

    `snapshot`: its rows do not change while it is open, so that they may be cached in it.
    """

    def __init__(self, transaction: Transaction, surroundings: Surroundings) -> None:
        self.cache = surroundings.cache
        self.crash = surroundings.crash
        self.draw = surroundings.draw
        self.snapshot = transaction.snapshot
        self._seen = surroundings.seen
        self._wake = surroundings.wake
        self._topics: dict[Topic, None] = {}  # that this unit changes
        self._transaction = transaction
        self._in_place = transaction.in_place
        self._telling = Telling(writing=not transaction.snapshot)
        self._committed = False
        self.locks = LockOrder()
        self.name: TransactionName | None = None  # on PostgreSQL, where a statement has asked for it
        self._before_commit: dict[tuple[int, str], Callable[[], Awaitable[None]]] = {}
        self._after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """sqlite | postgresql"""
        return "sqlite" if self._in_place is not None else self.connection.dialect.name

    @property
    def connection(self) -> AsyncConnection:
        """Of a unit whose statements are awaited: for streams."""
        return self._awaited.connection

    @property
    def _awaited(self) -> Awaited:
        if self._transaction.awaited is None:
            raise RuntimeError("this unit's statements run in place; one that reads at length has streams")
        return self._transaction.awaited

    async def commit(self) -> None:
        """Make everything permanent; the session is over. Cannot be cancelled half-way."""
        self._check_open()
        for place in sorted(self._before_commit):
            await self._before_commit[place]()
        self._committed = True
        try:
            await finish(self._transaction.commit(self._end))
        except Exception as error:
            raise_trouble(error, committing=True)
            raise

    def before_commit(self, name: str, write: Callable[[], Awaitable[None]], key: str = "") -> None:
        """Await it when the unit is committed, as the last thing in its transaction; what locks the same `name` and
        `key` is done once, and all of it in the order of locks."""
        self._before_commit[place_of(name), key] = write

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call it once when the commit is through; the same one added twice is called once."""
        if callback not in self._after_commit:
            self._after_commit.append(callback)

    def wakes(self, topic: Topic) -> None:
        """Whoever waits for this topic is woken when the commit is through, in this process; other processes hear of it
        by the triggers of the tables."""
        self._topics[topic] = None

    def _end(self) -> None:
        for callback in self._after_commit:
            callback()
        for topic in self._topics:
            self._wake(topic)

    def _check(self, statement: Executable) -> None:
        self._check_open()
        self.locks.check(statement)
        if self._seen is not None:
            self._seen(statement)

    def _check_open(self) -> None:
        if self._committed:
            raise RuntimeError("this unit of work has been committed; open another")

    async def serialise(self, name: str, key: object = "") -> None:
        """Nobody else makes a row under this key until the transaction ends; `name` is one of `lock_order.ORDER`.
        SQLite has one writer anyway."""
        self.locks.take(name)
        if self.dialect == "postgresql":
            await self.run(_BY_KEY, {"key": f"{name}:{key}"})

    async def hold(self, table: Table, condition: ColumnElement[bool], values: Values | None = None) -> None:
        """Lock these rows in the order of their keys, to write them later in this transaction. Rows that refer to them
        may still be made."""
        self.locks.hold(table.name)
        if self.dialect == "postgresql":
            built = _holding if values is None else _holding_again
            await self.rows(built(table, condition), values)

    async def run(self, statement: Executable, values: Values | None = None) -> Result:
        """Execute one statement."""
        self._check(statement)
        with self._telling:
            if self._in_place is None:
                return await finish(self._awaited.run(statement, values))
            return self._in_place.run(statement, values)

    async def run_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Execute one statement for many rows of the same columns (executemany); no rows, no statement."""
        if not rows:
            return
        for start in range(0, len(rows), BATCH):
            self._check(statement)
            some = rows[start : start + BATCH]
            with self._telling:
                if self._in_place is None:
                    await finish(self._awaited.run_many(statement, some))
                else:
                    self._in_place.run_many(statement, some)

    async def add(self, statement: Insert, values: Values) -> int:
        """Insert one row whose id the database gives; returns the id."""
        self._check(statement)
        with self._telling:
            if self._in_place is None:
                return await finish(self._awaited.add(statement, values))
            return self._in_place.add(statement, values)

    async def rows(self, query: Executable, values: Values | None = None) -> Sequence[RowMapping]:
        self._check(query)
        with self._telling:
            if self._in_place is None:
                return await finish(self._awaited.rows(query, values))
            return self._in_place.rows(query, values)

    async def row(self, query: Executable, values: Values | None = None) -> RowMapping | None:
        self._check(query)
        with self._telling:
            if self._in_place is None:
                return await finish(self._awaited.row(query, values))
            return self._in_place.row(query, values)

    async def number(self, query: Executable, values: Values | None = None) -> int:
        """The one number a query asks for; no row or NULL counts as 0. PostgreSQL sums to Decimal, hence int()."""
        row = await self.row(query, values)
        return 0 if row is None else int(next(iter(row.values())) or 0)

    async def upsert(self, table: Table, keys: Sequence[str], row: Values) -> None:
        """Insert a row, or give the one with the same keys these values: see `upsert`."""
        await self.run(upsert(self.dialect, table, keys, row), row)


_BY_KEY = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key"), 0)))


def _holding(table: Table, condition: ColumnElement[bool]) -> Executable:
    keys = table.primary_key.columns
    return select(*keys).where(condition).order_by(*keys).with_for_update(key_share=True)


_holding_again = lru_cache(maxsize=64)(_holding)  # a condition that takes values is a constant of its module


class Repository:
    """The statements on some tables. Gets the session and the repositories it needs in its constructor."""

    def __init__(self, session: Session) -> None:
        self._session = session


def upsert(dialect: str, table: Table, keys: Sequence[str], columns: Collection[str]) -> Executable:
    """Insert a row, or give the one with the same keys these values: absolute ones, so that repeating is harmless.

    `columns` are all that are set, the keys among them; with nothing but keys an existing row stays as it is. The same
    arguments give the same statement: it is built once.
    """
    return _upsert(dialect, table, tuple(keys), tuple(columns))


@cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Executable:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {name: insert.excluded[name] for name in columns if name not in keys}
    if not changed:
        return insert.on_conflict_do_nothing(index_elements=list(keys))
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)


def one_of(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether it is one of a few constants. `in_` with a list is expanded anew for each execution (`prepared`)."""
    return or_(*(column == str(value) for value in values))


def clean(text: str, limit: int = NAME_LENGTH) -> str:
    """Without NUL and lone surrogates, which PostgreSQL or UTF-8 cannot hold, and not longer than `limit`. Escaping
    for a chat, a page or a CSV cell is the business of those who print it."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")[:limit]
