"""A drawing has its own time and its turn; a child that hangs or dies is replaced, and takes nothing else along."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.charts import pool, worker
from bot.charts.pool import DrawingPool
from bot.charts.service import GIVEN_UP_S, MOST_WAITING, Charts
from bot.chat.chart_data import LeaderboardData
from bot.chat.reply import Picture
from storage.unit_of_work import UnitOfWork
from tests.bot.charts import troubled
from tests.bot.harness import chat_harness

PICTURE = Picture(kind="prices", market=1, tick=1)


@pytest.fixture
async def drawing() -> AsyncIterator[DrawingPool]:
    started = DrawingPool()
    yield started
    await started.close()


async def test_a_child_that_hangs_or_dies_is_killed_and_replaced_and_those_behind_it_are_drawn(
    drawing: DrawingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "warm_up", os.getpid)  # what matplotlib takes to load is not waited for
    first = await drawing.run(os.getpid)
    monkeypatch.setattr(pool, "DRAW_S", 0.2)
    hanging = asyncio.create_task(drawing.run(time.sleep, 600.0))
    await asyncio.sleep(0)
    behind = asyncio.create_task(drawing.run(os.getpid))
    with pytest.raises(TimeoutError):
        await hanging
    second = await behind
    monkeypatch.setattr(pool, "DRAW_S", 60.0)
    assert second not in (first, os.getpid())
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    with pytest.raises(BrokenExecutor):
        await drawing.run(troubled.die)
    assert drawing.starts_left == pool.MOST_STARTS


async def test_where_no_child_comes_to_its_first_drawing_a_thread_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = DrawingPool()
    monkeypatch.setattr(worker, "warm_up", troubled.die)
    monkeypatch.setattr(drawing, "starts_left", 1)
    try:
        assert await drawing.run(os.getpid) == os.getpid()
    finally:
        await drawing.close()


async def test_the_time_a_drawing_waits_does_not_count_as_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = DrawingPool(processes=False)
    monkeypatch.setattr(pool, "DRAW_S", 0.5)
    try:
        waits = [asyncio.create_task(drawing.run(time.sleep, 0.15)) for _ in range(5)]
        assert await asyncio.gather(*waits) == [None] * 5
    finally:
        await drawing.close()


async def test_what_is_urgent_is_drawn_next_and_who_gives_up_waiting_loses_nobody_elses_turn() -> None:
    drawing, order = DrawingPool(processes=False), list[str]()
    try:
        running = asyncio.create_task(drawing.run(time.sleep, 0.05))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(drawing.run(order.append, name)) for name in ("first", "leaves", "second")]
        urgent = asyncio.create_task(drawing.run(order.append, "urgent", urgent=lambda: True))
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.gather(running, urgent, *waiting, return_exceptions=True)
        assert order == ["urgent", "first", "second"]
    finally:
        await drawing.close()


@dataclass
class Drawn:
    """Charts in a thread whose numbers need no market; what was drawn, in order. `fails`: nothing can be drawn."""

    charts: Charts
    order: list[str] = field(default_factory=list)
    fails: bool = False
    go: threading.Event = field(default_factory=threading.Event)  # no drawing ends before
    urgent: asyncio.Event = field(default_factory=asyncio.Event)  # something urgent waits for its turn

    def draw(self, data: LeaderboardData, theme: str) -> bytes:
        self.go.wait()
        self.order.append(data.market)
        if self.fails:
            raise ValueError("no")
        return b"png"


async def _named(uow: UnitOfWork, picture: Picture) -> LeaderboardData:
    return LeaderboardData(market=f"{picture.kind} {picture.tick}", at_ms=0, rows=(), people=0)


@pytest.fixture
async def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Drawn]:
    async with chat_harness(tmp_path) as harness:
        drawn = Drawn(Charts(harness.db, processes=False))
        enter = drawn.charts.pool._enter

        async def entered(urgent: Callable[[], bool]) -> None:
            if urgent():
                drawn.urgent.set()
            await enter(urgent)

        monkeypatch.setattr(drawn.charts.pool, "_enter", entered)
        monkeypatch.setattr(worker, "draw", drawn.draw)
        monkeypatch.setattr("bot.charts.service.load", _named)
        yield drawn
        drawn.go.set()
        await drawn.charts.close()


async def test_a_flood_is_drawn_once_a_picture_bounded_and_behind_what_is_announced(drawn: Drawn) -> None:
    asked = [Picture(kind="prices", market=1, tick=at) for at in range(2 * MOST_WAITING) for _ in range(3)]
    flood = [asyncio.create_task(drawn.charts.picture(picture)) for picture in asked]
    await asyncio.sleep(0)
    announced = asyncio.create_task(drawn.charts.announced(Picture(kind="maker", market=1, tick=1)))
    await drawn.urgent.wait()
    drawn.go.set()
    assert await announced == b"png"
    pictures = await asyncio.gather(*flood)
    assert pictures.count(b"png") == 3 * MOST_WAITING  # the others are told at once that there is none
    assert len(drawn.order) == MOST_WAITING + 1
    assert drawn.order[1] == "maker 1"  # behind the one that was being drawn


async def test_a_picture_is_drawn_anew_once_somebody_in_it_may_have_been_forgotten(drawn: Drawn) -> None:
    drawn.go.set()
    for times in (1, 1):
        assert await drawn.charts.picture(PICTURE) == b"png"
        assert len(drawn.order) == times
    assert drawn.charts.db is not None
    drawn.charts.db.cache.forget_people()
    assert await drawn.charts.picture(PICTURE) == b"png"
    assert len(drawn.order) == 2


async def test_what_could_not_be_drawn_is_not_tried_again_at_once(
    drawn: Drawn, caplog: pytest.LogCaptureFixture
) -> None:
    drawn.fails = True
    drawn.go.set()
    assert [await drawn.charts.picture(PICTURE) for _ in range(3)] == [None] * 3
    assert len(drawn.order) == 1
    drawn.charts._given_up = {key: until - GIVEN_UP_S for key, until in drawn.charts._given_up.items()}
    drawn.fails = False
    assert await drawn.charts.picture(PICTURE) == b"png"
    assert "could not be drawn" in caplog.text


async def test_a_pool_closes_at_once_though_its_child_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "warm_up", os.getpid)
    drawing = DrawingPool()
    child = await drawing.run(os.getpid)
    hanging = asyncio.create_task(drawing.run(time.sleep, 600.0))
    await asyncio.sleep(0)
    await drawing.close()
    with pytest.raises(BrokenExecutor):
        await hanging
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
