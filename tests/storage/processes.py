"""Several processes on one database whose time is moved."""

from __future__ import annotations

from sqlalchemy import update

from storage.clock import ManualClock
from storage.database import Database
from storage.holding import Holder, Wish
from storage.leases import Lease
from storage.records import Payload
from storage.schema import leases
from storage.unit_of_work import UnitOfWork


class Processes:
    """`log` is what they were told of leases; `names` are the leases that they share out."""

    def __init__(self, db: Database, now_ms: int) -> None:
        self.db = db
        self.clock = ManualClock(now_ms)
        self.log: list[str] = []
        self.names: tuple[str, ...] = ()

    def holder(self, process: str, *wants: str) -> Holder:
        holder = Holder(self.db, self.clock, process, alone=False)
        for name in wants:
            holder.want(name, self.wish(process, name))
        return holder

    def wish(self, process: str, name: str) -> Wish:
        async def gained(lease: Lease, state: Payload | None) -> None:
            self.log.append(f"{process} has {name} {lease.epoch} {dict(state) if state else ''}".strip())

        async def lost() -> None:
            self.log.append(f"{process} lost {name}")

        return Wish(gained=gained, lost=lost, state=lambda: {"by": process})

    async def all_names(self, uow: UnitOfWork) -> tuple[str, ...]:
        return self.names

    def sharing(self, process: str) -> Holder:
        holder = self.holder(process)
        holder.want_share("market", self.all_names)
        return holder

    async def pass_time(self, ms: int) -> None:
        """By our clock, and by the database's: PostgreSQL goes by its own."""
        self.clock.advance(ms)
        if not self.db.is_sqlite:
            async with self.db.writing() as uow:
                await uow.run(update(leases).values(until_ms=leases.c.until_ms - ms))
                await uow.commit()


async def rounds(*holders: Holder, times: int = 3) -> None:
    for _ in range(times):
        for holder in holders:
            await holder.round()
