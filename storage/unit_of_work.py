"""One transaction: the repositories on one connection. Rolls back unless `commit` was called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import CursorResult, Executable, Insert, RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.actions import Actions, Approvals
from storage.audit import Audit
from storage.chats import Chats
from storage.history import Events, Metrics, Ticks, Trades
from storage.identity import Forgetting, Linking
from storage.key_value import Codes, KeyValues, Lines
from storage.ledger import Ledger
from storage.markets import Markets
from storage.members import Members
from storage.orders import Orders
from storage.outbox import Outbox
from storage.people import People, Pings, PreferencesOf
from storage.room_messages import RoomMessages
from storage.seasons import Seasons
from storage.tickets import Tickets

if TYPE_CHECKING:
    from storage.records import Market
    from storage.session import StateCache

T = TypeVar("T")
Values: TypeAlias = Mapping[str, object]
Result: TypeAlias = CursorResult[*tuple[Any, ...]]  # rows are made into records right where they are read
BATCH = 5_000  # rows a statement: a longer one could not be waited out when its task is cancelled


async def finish(work: Awaitable[T]) -> T:
    """Await to the end even when cancelled, and only then let the cancellation through.

    A cancelled SQLite statement runs on in its thread and keeps the file locked; so nothing is ever left half-way.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = not task.cancelled()
        except BaseException:  # the work's own failure: `task.result` below raises it
            break
    if cancelled:
        task.exception()  # seen: the cancellation is what the caller hears of
        raise asyncio.CancelledError
    return task.result()


class UnitOfWork:
    """Made by `Database.reading()` and `Database.writing()` only."""

    def __init__(
        self,
        connection: AsyncConnection,
        cache: StateCache,
        outbox_filled: Callable[[], None],
        crash: Callable[[str], None],
        *,
        reading: bool,
    ) -> None:
        self.connection = connection
        self.cache = cache
        self.outbox_filled = outbox_filled
        self.crash = crash
        self.seen: dict[int, Market] | None = {} if reading else None  # a snapshot's markets do not change
        self.over = False
        self.after_commit: list[Callable[[], None]] = []
        self.people = People(self)
        self.chats = Chats(self)
        self.codes = Codes(self)
        self.markets = Markets(self)
        self.members = Members(self)
        self.orders = Orders(self)
        self.actions = Actions(self)
        self.approvals = Approvals(self)
        self.tickets = Tickets(self)
        self.trades = Trades(self)
        self.ticks = Ticks(self)
        self.events = Events(self)
        self.metrics = Metrics(self)
        self.ledger = Ledger(self)
        self.outbox = Outbox(self)
        self.room = RoomMessages(self)
        self.audit = Audit(self)
        self.facts = KeyValues(self)
        self.lines = Lines(self)
        self.preferences = PreferencesOf(self)
        self.pings = Pings(self)
        self.linking = Linking(self)
        self.forgetting = Forgetting(self)
        self.seasons = Seasons(self)

    @property
    def dialect(self) -> str:
        """sqlite | postgresql"""
        return self.connection.dialect.name

    async def commit(self) -> None:
        """Make everything permanent; the unit is over. Cannot be cancelled half-way."""
        self._check()
        try:
            await finish(self.connection.commit())
        except asyncio.CancelledError:
            self._committed()  # the commit itself was waited out
            raise
        self._committed()

    def _committed(self) -> None:
        self.over = True
        for act in self.after_commit:
            act()

    def _check(self) -> None:
        if self.over:
            raise RuntimeError("this unit of work has been committed; open another")

    async def serialise(self, key: str) -> None:
        """Nobody else makes a row under this key until the unit ends. SQLite has one writer anyway."""
        if self.dialect == "postgresql":
            await self.run(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))

    async def run(self, statement: Executable, values: Values | None = None) -> Result:
        """Execute one statement."""
        self._check()
        return await finish(self.connection.execute(statement, values))

    async def run_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Execute one statement for many rows (executemany); no rows, no statement."""
        self._check()
        for start in range(0, len(rows), BATCH):
            await finish(self.connection.execute(statement, rows[start : start + BATCH]))

    async def add(self, statement: Insert, values: Values) -> int:
        """Insert one row whose id the database gives; returns the id."""
        self._check()
        made = await finish(self.connection.execute(statement, values))
        if made.inserted_primary_key is None:
            raise LookupError("the database gave no id")
        return int(made.inserted_primary_key[0])

    async def rows(self, query: Executable, values: Values | None = None) -> Sequence[RowMapping]:
        return (await self.run(query, values)).mappings().all()

    async def row(self, query: Executable, values: Values | None = None) -> RowMapping | None:
        return (await self.run(query, values)).mappings().first()

    async def number(self, query: Executable) -> int:
        """The one number a query asks for; no row or NULL counts as 0. PostgreSQL sums to Decimal, hence int()."""
        return int((await self.run(query)).scalar() or 0)
