"""A market is ticked by who has its lease; another goes on where that one died, and it changes nothing more."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from scheduler.jobs import Jobs
from scheduler.tick import TickReport, run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.holding import Holder
from storage.leases import LEASE_MS, FencedError
from tests.storage.processes import Processes, rounds
from tests.storage.worlds import START, append, buy, started


class Process:
    def __init__(self, processes: Processes, db: Database, name: str) -> None:
        self.ticks: list[TickReport] = []
        self.holder = Holder(db, processes.clock, name, alone=False)
        self.jobs = Jobs(db, processes.clock, on_tick=self._note, holder=self.holder)

    async def _note(self, report: TickReport) -> None:
        self.ticks.append(report)


async def test_one_of_two_ticks_a_market_and_the_other_goes_on_when_it_is_frozen(db: Database) -> None:
    world = await started(db)
    processes = Processes(db, START)
    ada, bob = Process(processes, db, "ada"), Process(processes, db, "bob")
    await rounds(ada.holder, bob.holder)
    for process in (bob, ada):
        await process.jobs.tick_all()
    assert [len(process.ticks) for process in (ada, bob)] == [1, 0]
    lease = ada.holder.lease("market 1")
    assert lease is not None

    await append(db, world, world.people[0], buy(1, 5), "r", at_ms=START + 1)
    await processes.pass_time(LEASE_MS)  # ada is frozen
    await ada.jobs.tick_all()
    await rounds(bob.holder)
    await bob.jobs.tick_all()
    assert [len(process.ticks) for process in (ada, bob)] == [1, 1]
    assert bob.ticks[0].orders == 1

    await append(db, world, world.people[0], buy(1, 5), "r2", at_ms=processes.clock.now_ms())
    await processes.pass_time(LEASE_MS)
    with pytest.raises(FencedError):  # ada wakes up in the middle of a tick
        await run_tick(db, 1, processes.clock.now_ms(), fence=partial(ada.holder.fence, lease=lease))
    async with db.reading() as uow:
        assert len(await uow.orders.pending(1)) == 1
        assert (await uow.markets.get_one(1)).halted is None


async def test_a_process_that_stops_gives_its_markets_away_at_once(db: Database) -> None:
    await started(db)
    processes = Processes(db, START)
    ada, bob = Process(processes, db, "ada"), Process(processes, db, "bob")
    await rounds(ada.holder, bob.holder)
    await ada.jobs.stop()
    await ada.holder.stop()
    await bob.holder.round()
    await bob.jobs.tick_all()
    assert len(bob.ticks) == 1


async def test_a_market_nobody_knew_of_yet_waits_for_no_round(db: Database) -> None:
    clock = ManualClock(START)
    holder = Holder(db, clock, "ada", alone=False)
    ticked = asyncio.Event()

    async def note(report: TickReport) -> None:
        ticked.set()

    jobs = Jobs(db, clock, on_tick=note, holder=holder, grid_ms=10)
    await holder.start()
    await jobs.start()
    await started(db)
    async with asyncio.timeout(120):
        await ticked.wait()
    await jobs.stop()
    await holder.stop()
