"""Bugs that the simulation must find: each takes one precaution of the program away, for as long as it is applied.

`seeds` are known to find it, each alone, by which CI sees that the simulation still does; `--plant NAME` searches anew.
More than one, since another Python has callbacks of its own, and so other lives; the first does where nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any
from unittest import mock

from sqlalchemy import delete, update

from scheduler import tick
from storage import in_place
from storage.database import Database
from storage.deliveries import Deliveries
from storage.holding import Holder
from storage.orders import Orders
from storage.records import Declined, OrderRow, OutboxRow
from storage.schema import orders, outbox
from storage.trouble import Trouble, TroubleError
from storage.unit_of_work import UnitOfWork
from tests.simulation.deterministic.faults import Faults
from tests.simulation.deterministic.loop import running


@dataclass(frozen=True, slots=True)
class Plant:
    about: str
    seeds: tuple[int, ...]
    applied: Callable[[], AbstractContextManager[object]]


@contextmanager
def _no_fence() -> Iterator[None]:
    async def fence(self: Holder, uow: UnitOfWork, lease: object) -> None:
        """Nobody is asked whether it is still ours."""

    begin = Faults.begin

    def often_frozen(self: Faults) -> None:
        """It shows where a process is stopped between asking for its lease and getting at the database."""
        self.freeze_every_s, self.slowest_disk_s, self.crash_every_s = 2, 0.3, 0
        begin(self)

    with mock.patch.object(Holder, "fence", fence), mock.patch.object(Faults, "begin", often_frozen):
        yield


@contextmanager
def _request_ignored() -> Iterator[None]:
    append, numbers = Orders.append, count(1)

    async def anew(self: Orders, *args: Any, request_id: str, **kwargs: Any) -> OrderRow | Declined:
        return await append(self, *args, request_id=f"{request_id}-{next(numbers)}", **kwargs)

    with mock.patch.object(Orders, "append", anew):
        yield


@contextmanager
def _gone_when_claimed() -> Iterator[None]:
    claim = Deliveries.claim

    async def take(self: Deliveries, *args: Any, **kwargs: Any) -> list[OutboxRow]:
        rows = await claim(self, *args, **kwargs)
        for row in rows:
            await self._session.run(delete(outbox).where(outbox.c.id == row.id))
        return rows

    with mock.patch.object(Deliveries, "claim", take):
        yield


@contextmanager
def _kept_reserve() -> Iterator[None]:
    withdraw = Orders.withdraw

    async def take_back(self: Orders, market: int, person: int, number: int | None) -> list[OrderRow]:
        withdrawn = await withdraw(self, market, person, number)
        for row in withdrawn:
            condition = (orders.c.market == market) & (orders.c.number == row.number)
            await self._session.run(update(orders).where(condition).values(reserve=row.reserve))
        return withdrawn

    with mock.patch.object(Orders, "withdraw", take_back):
        yield


@contextmanager
def _told_afterwards() -> Iterator[None]:
    run, queue = tick._run, tick._queue_notices
    database: ContextVar[Database] = ContextVar("database")

    async def run_in(db: Database, *args: Any, **kwargs: Any) -> tick.TickReport:
        database.set(db)
        return await run(db, *args, **kwargs)

    async def queue_apart(uow: UnitOfWork, *args: Any) -> None:
        async def write(db: Database) -> None:
            with suppress(TroubleError):
                async with db.writing() as another:
                    await queue(another, *args)
                    await another.commit()

        db = database.get()

        def begin() -> None:
            running().create_task(write(db))

        uow.after_commit(begin)

    with mock.patch.object(tick, "_run", run_in), mock.patch.object(tick, "_queue_notices", queue_apart):
        yield


@contextmanager
def _unanswered_is_failed() -> Iterator[None]:
    commit = in_place.InPlace.commit

    async def settle(self: in_place.InPlace) -> None:
        try:
            await commit(self)
        except TroubleError as error:
            raise TroubleError(Trouble.LOCKED) from error

    with mock.patch.object(in_place.InPlace, "commit", settle):
        yield


PLANTS = {
    "no-fence": Plant("a process that no longer holds a market ticks it all the same", (1, 5, 11), _no_fence),
    "request-ignored": Plant("a request that comes again is another order", (4, 1, 2), _request_ignored),
    "gone-when-claimed": Plant("a notice leaves the outbox before its message stands", (4, 1, 2), _gone_when_claimed),
    "kept-reserve": Plant("an order taken back keeps its money set aside", (4, 2, 5), _kept_reserve),
    "told-afterwards": Plant(
        "what a tick has to tell is written after it, in a unit of its own", (4, 2, 22), _told_afterwards
    ),
    "unanswered-is-failed": Plant(
        "a COMMIT without an answer is told as one that failed", (4, 1), _unanswered_is_failed
    ),
}
