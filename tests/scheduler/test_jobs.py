"""Jobs: markets tick by themselves, one in trouble troubles nobody, and a stop cuts nothing off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.state import Status
from scheduler import jobs as jobs_module
from scheduler.due import step_times, tick_due
from scheduler.jobs import FAILURES, Jobs
from scheduler.tick import TickReport, run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.key_value import BRIEF, BRIEF_MS, KEPT_MS, KeptLine
from tests.storage.worlds import MINUTE, START, append, buy, lobby, params, started


async def test_what_is_overdue_at_the_start_is_applied_once(db: Database) -> None:
    await started(db)
    clock = ManualClock(START + 25 * MINUTE)
    seen: list[TickReport] = []

    async def note(report: TickReport) -> None:
        seen.append(report)

    jobs = Jobs(db, clock, on_tick=note, grid_ms=20)
    await jobs.start()
    for _ in range(3):
        await jobs.tick_all()
    await jobs.stop()
    assert [report.tick for report in seen] == [1]
    assert [type(event).__name__ for event in seen[0].events[3:]] == ["Frozen", "Eliminated", "Resumed"]


async def test_an_order_is_run_without_anybody_asking(db: Database) -> None:
    world = await started(db)
    clock = ManualClock(START)
    done = asyncio.Event()

    async def note(report: TickReport) -> None:
        if report.orders:
            done.set()

    jobs = Jobs(db, clock, on_tick=note, grid_ms=20)
    await jobs.start()
    clock.advance(2_000)
    await append(db, world, world.people[0], buy(1, 5), "r", at_ms=clock.now_ms())
    async with asyncio.timeout(120):
        await done.wait()
    await jobs.stop()


async def test_a_start_nobody_has_joined_yet_is_told_by_the_first_tick(db: Database) -> None:
    async with db.writing() as uow:
        place = await uow.chats.open("room", "town", "room", "Town", START)
        admin = await uow.people.identify("room", "boss", "Boss", START)
        market = await uow.markets.create(
            chat=place.id, title="Zoo", params=params(), draft={}, creator=admin.id, now_ms=START
        )
        await uow.markets.update(market.id, status=Status.LOBBY)
        await uow.markets.start(market.id, START)
        await uow.commit()
    seen: list[TickReport] = []

    async def note(report: TickReport) -> None:
        seen.append(report)

    jobs = Jobs(db, ManualClock(START), on_tick=note)
    await jobs.start()
    await jobs.tick_all()
    await jobs.stop()
    assert [report.tick for report in seen] == [1]
    async with db.writing() as uow:
        told = await uow.deliveries.claim(["room"], START, 1_000)
    assert "started" in [row.kind for row in told]


async def test_a_planned_start_starts_the_lobby(db: Database) -> None:
    world = await lobby(db)
    async with db.writing() as uow:
        await uow.markets.update(world.market, planned_start_ms=START + 5 * MINUTE)
        await uow.commit()
    clock = ManualClock(START)
    jobs = Jobs(db, clock)
    await jobs.sweep()
    assert await _status(db, world.market) is Status.LOBBY
    clock.advance(5 * MINUTE)
    await jobs.sweep()
    assert await _status(db, world.market) is Status.RUNNING


async def _status(db: Database, market: int) -> Status:
    async with db.reading() as uow:
        return (await uow.markets.get_one(market)).status


async def test_a_market_whose_tick_fails_is_retried_later_and_halted_after_a_few_times(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sick, well = await started(db, chat="sick"), await started(db, chat="well")
    tried = []

    async def fails(
        database: Database, market: int, now_ms: int, *, idle: bool, **more: Any
    ) -> TickReport:  # Any: handed on as it comes
        if market == sick.market:
            tried.append(now_ms - START)
            raise OSError("disk")
        return await run_tick(database, market, now_ms, idle=idle, **more)

    monkeypatch.setattr(jobs_module, "run_tick", fails)
    clock = ManualClock(START)
    jobs = Jobs(db, clock)
    for _ in range(40):
        await jobs.tick_all()
        clock.advance(500)
    assert tried == [0, 1_000, 3_000, 7_000, 15_000]
    assert len(tried) == FAILURES
    assert await _status(db, sick.market) is Status.FROZEN
    async with db.reading() as uow:
        assert (await uow.markets.get_one(sick.market)).halted == "tick_failed: OSError"
        assert (await uow.markets.get_one(well.market)).tick == 1
        assert await uow.outbox.backlog() > 0
    assert "disk" in caplog.text


async def test_a_slow_market_holds_up_nobody_and_a_stop_waits_for_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = await started(db, chat="slow"), await started(db, chat="fast")
    release, entered, ticked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stalls(
        database: Database, market: int, now_ms: int, *, idle: bool, **more: Any
    ) -> TickReport:  # Any: handed on as it comes
        if market == slow.market:
            entered.set()
            await release.wait()
        return await run_tick(database, market, now_ms, idle=idle, **more)

    async def note(report: TickReport) -> None:
        if report.orders:
            ticked.set()

    clock = ManualClock(START)
    jobs = Jobs(db, clock, on_tick=note, grid_ms=20)
    await jobs.start()
    monkeypatch.setattr(jobs_module, "run_tick", stalls)
    for number in range(2):
        clock.advance(2_000)
        for world in (slow, fast):
            request = f"{world.market}-{number}"
            await append(db, world, world.people[0], buy(1, 5), request, at_ms=clock.now_ms())
        async with asyncio.timeout(120):
            await entered.wait()
            await ticked.wait()
        ticked.clear()
    assert (await _tick(db, slow.market), await _tick(db, fast.market)) == (1, 3)
    stop = asyncio.create_task(jobs.stop())
    await asyncio.sleep(0.05)
    assert not stop.done()
    release.set()
    await stop
    assert await _tick(db, slow.market) == 2
    await jobs.tick_all()
    assert await _tick(db, slow.market) == 2


async def _tick(db: Database, market: int) -> int:
    async with db.reading() as uow:
        return (await uow.markets.get_one(market)).tick


async def test_the_timetable_knows_what_is_due_and_what_is_next(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    async with db.reading() as uow:
        market = await uow.markets.get_one(world.market)
        assert step_times([market]) == {world.market: START + 10 * MINUTE}
        assert market.next_step is not None
        assert (market.next_step.kind, market.next_step.round, market.next_step.final) == ("freeze", 0, False)
        assert await uow.markets.queued(START + 10 * MINUTE - 1) == []
        assert [one.id for one in await uow.markets.queued(START + 10 * MINUTE)] == [world.market]
    assert not tick_due(market, START + 1_999)
    assert tick_due(market, START + 2_000)
    assert tick_due(market, START + 500, 500)


async def test_what_nobody_can_want_any_more_is_thrown_away(db: Database) -> None:
    async with db.writing() as uow:
        for key in (f"{BRIEF}token", "line"):
            await uow.lines.keep(key, KeptLine(line="/board", person=None, chat_ext=None), START)
        await uow.commit()
    clock = ManualClock(START)
    jobs = Jobs(db, clock)
    kept = []
    for ahead in (BRIEF_MS, 1, 60_000, KEPT_MS):
        clock.advance(ahead)
        await jobs.sweep()
        async with db.reading() as uow:
            kept.append([key for key in (f"{BRIEF}token", "line") if await uow.lines.get(key) is not None])
    await jobs.stop()
    assert kept == [[f"{BRIEF}token", "line"], [f"{BRIEF}token", "line"], ["line"], []]
