"""The wall's clock is set back and forth, and the machine sleeps: markets tick on, and nobody waits for an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import pairwise

import pytest

from scheduler.jobs import GRID_MS, Jobs
from scheduler.pace import Pace
from scheduler.signals import MarketSnapshot, Memo, detect
from scheduler.tick import TickReport, run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.records import Notice
from tests.storage.worlds import MINUTE, START, World, append, buy, params, started

HOUR = 60 * MINUTE
INTERVAL_MS = 2_000
JUMPS = {
    "none": (),
    "back an hour": (-HOUR,),
    "forward an hour": (HOUR,),
    "forward and back": (HOUR, -HOUR),
    "back and forward": (-HOUR, HOUR),
    "back a second": (-1_000,),
    "back again and again": (-700,) * 4,
}


@dataclass
class Looking:
    """A market whose jobs look for what is due as often as in earnest, as time is let pass."""

    db: Database
    world: World
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    ticks: list[tuple[int, TickReport]] = field(default_factory=list)  # and how much time had passed

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.db, self.clock, on_tick=self._note)

    async def _note(self, report: TickReport) -> None:
        self.ticks.append((self.clock.monotonic_ms(), report))

    async def pass_time(self, ms: int, *, orders: bool = True) -> None:
        """Somebody orders every second."""
        for passed in range(GRID_MS, ms + 1, GRID_MS):
            self.clock.advance(GRID_MS)
            if orders and passed % 1_000 == 0:
                request = f"at {self.clock.monotonic_ms()}"
                await append(self.db, self.world, self.world.people[0], buy(0, 1), request, at_ms=self.clock.now_ms())
            await self.jobs.tick_all()

    async def moments(self) -> Sequence[int]:
        """When the market's own history says that it ticked."""
        async with self.db.reading() as uow:
            return [row.ts_ms for row in await uow.ticks.series(self.world.market)]


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_a_market_keeps_its_pace_wherever_the_clock_is_set(db: Database, jumps: Sequence[int]) -> None:
    looking = Looking(
        db, await started(db, terms=params(rounds=[{"freeze_at": 90 * HOUR, "decide_at": 91 * HOUR, "winner": 2}]))
    )
    await looking.jobs.tick_all()
    await looking.pass_time(6_000)
    for by_ms in jumps:
        looking.clock.jump(by_ms)
        await looking.pass_time(6_000)
    await looking.pass_time(INTERVAL_MS + GRID_MS, orders=False)
    apart = [later - earlier for (earlier, _), (later, _) in pairwise(looking.ticks)]
    assert len(apart) >= 2 * (1 + len(jumps)), "it ticked after each jump"
    assert max(apart) <= INTERVAL_MS + 1_000, "no wait was longer than a tick and an order"
    early = sum(gap < INTERVAL_MS for gap in apart)
    assert early <= sum(by_ms > 0 for by_ms in jumps), "no burst: a clock set forward brings one tick forward"
    moments = await looking.moments()
    assert list(moments) == sorted(moments), "no tick is dated before the one before it"
    assert sum(report.orders for _, report in looking.ticks) == 6 * (1 + len(jumps)), "each order ran once"


async def test_a_process_that_starts_while_the_clock_is_behind_ticks_too(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(0, 1), "r", at_ms=START)
    looking = Looking(db, world, ManualClock(START - HOUR))
    await looking.pass_time(INTERVAL_MS + GRID_MS)
    assert [report.orders for _, report in looking.ticks] == [3], "the one that waited, and two of these seconds"
    assert set(await looking.moments()) == {START}


async def test_a_machine_that_slept_decides_what_is_overdue_once_and_in_order(db: Database) -> None:
    looking = Looking(db, await started(db))
    await looking.jobs.tick_all()
    looking.clock.advance(8 * HOUR)
    for _ in range(8):
        await looking.jobs.tick_all()
        looking.clock.advance(GRID_MS)
    (_, first), (_, woken) = looking.ticks
    assert first.tick == 1
    kinds = [type(event).__name__ for event in woken.events]
    assert kinds == ["Frozen", "Eliminated", "Resumed", "Frozen", "Resolved", "Paid"][: len(kinds)]
    assert kinds.count("Resolved") == 1


class SetWall(datetime):
    """What APScheduler asks for the time."""

    by_s = 0.0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime will do
        return datetime.fromtimestamp(datetime.now(tz).timestamp() + cls.by_s, tz or UTC)


@pytest.mark.parametrize("by_ms", [-HOUR, HOUR], ids=["back an hour", "forward an hour"])
async def test_the_running_jobs_go_on_when_the_wall_of_the_whole_machine_is_set(
    db: Database, monkeypatch: pytest.MonkeyPatch, by_ms: int
) -> None:
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", SetWall)
    monkeypatch.setattr(SetWall, "by_s", 0.0)
    world, clock, ran = await started(db), ManualClock(START), asyncio.Event()

    async def note(report: TickReport) -> None:
        if report.orders:
            ran.set()

    jobs = Jobs(db, clock, on_tick=note, grid_ms=20)
    await jobs.start()
    try:
        SetWall.by_s = by_ms / 1_000
        clock.jump(by_ms)
        await append(db, world, world.people[0], buy(0, 1), "r", at_ms=clock.now_ms())
        async with asyncio.timeout(120):
            while not ran.is_set():  # time passes, four looks a second
                clock.advance(GRID_MS)
                await asyncio.wait([asyncio.ensure_future(ran.wait())], timeout=0.02)
    finally:
        await jobs.stop()


async def test_a_tick_that_failed_is_tried_again_after_a_wait_not_at_a_time(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, tried = Looking(db, await started(db)), []

    async def fails(database: Database, market: int, now_ms: int, **_: object) -> TickReport:
        tried.append(looking.clock.monotonic_ms())
        raise OSError("disk")

    monkeypatch.setattr("scheduler.jobs.run_tick", fails)
    await looking.jobs.tick_all()
    looking.clock.jump(-HOUR)
    for _ in range(4):
        await looking.jobs.tick_all()
        looking.clock.advance(500)
    assert tried == [0, 1_000]


def snapshot(now_ms: int, volume: int) -> MarketSnapshot:
    return MarketSnapshot(
        now_ms=now_ms, yes=(400_000, 300_000, 300_000), active=(0, 1, 2), volume=volume, trades=1, ticked=False
    )


async def test_a_digest_and_a_reminder_wait_their_time_and_no_hour_more(db: Database) -> None:
    """What was told last is a moment of the market's row; one still to come was written before the clock was set."""
    world, pace = await started(db), Pace()
    await run_tick(db, world.market, START)
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
    memo, told = Memo(digest_ms=START, leader=0), list[Notice]()
    back = START - HOUR
    for now_ms in (back, back + pace.digest_ms - 1):
        notices, memo = detect(market, memo, snapshot(now_ms, 5_000_000), pace)
        told += notices
    assert [notice.kind for notice in told] == []
    notices, memo = detect(market, memo, snapshot(back + pace.digest_ms, 5_000_000), pace)
    assert [notice.kind for notice in notices] == ["digest"]
    assert notices[0].payload["since_ms"] == back


async def test_notices_of_a_tick_are_due_by_the_clock_as_it_is_now(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(0, 1), "r", at_ms=START - HOUR)
    await run_tick(db, world.market, START - HOUR + INTERVAL_MS)
    async with db.writing() as uow:
        rows = await uow.deliveries.claim(["room"], START - HOUR + INTERVAL_MS, 1_000, 50)
    assert {row.due_ms for row in rows if row.kind == "order"} == {START - HOUR + INTERVAL_MS}
