"""Drawing never stalls the loop, survives the death of its process, and is done once for many who ask."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from bot.charts import worker
from bot.charts.service import Charts
from bot.chat.chart_data import ChartData, ThemeName
from tests.bot.charts.samples import leaderboard, prices


@pytest.fixture
async def drawing() -> AsyncIterator[Charts]:
    charts = Charts()
    yield charts
    await charts.close()


async def test_charts_come_from_another_process_and_the_loop_runs_on(drawing: Charts) -> None:
    await drawing.start()
    assert await drawing.pool.run(os.getpid) != os.getpid()
    task = asyncio.create_task(drawing.draw(prices()))
    await asyncio.sleep(0)  # the task has begun and the loop is free again
    assert not task.done()
    assert (await task).startswith(b"\x89PNG")


async def test_without_processes_a_thread_draws() -> None:
    drawing = Charts(processes=False)
    try:
        assert (await drawing.draw(leaderboard(), "light")).startswith(b"\x89PNG")
    finally:
        await drawing.close()


async def test_a_drawing_that_fails_tells_its_caller(drawing: Charts, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(data: ChartData, theme: ThemeName) -> bytes:
        raise ValueError("no")

    monkeypatch.setattr(worker, "draw", fail)
    drawing.pool.starts_left = 0
    with pytest.raises(ValueError, match="no"):
        await drawing.draw(leaderboard())
