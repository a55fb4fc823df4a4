"""After the demo's event the room goes on as `outcry run` would."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from bot.cli.demo import _Show
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from engine.state import Status
from scheduler.clock import ManualClock
from storage.records import Market
from tests.bot.harness import BOSS, CREATE, START, Play, town


async def test_a_market_planned_after_the_event_starts_ticks_and_is_told_of(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        clock = ManualClock(START + 60_000)
        announcer = Announcer(play.db, clock.now_ms, {"room": play.chat})
        play.dispatcher = Dispatcher(play.db, clock.now_ms)
        for line in (CREATE, "/admin open in 1m"):
            assert (await play.say(BOSS, line)).ok
        clock.advance(61_000)
        show = cast("_Show", SimpleNamespace(db=play.db, clock=clock, announcer=announcer))
        serving = asyncio.create_task(_Show.serve_on(show))
        try:
            for _ in range(400):
                await asyncio.sleep(0.05)
                if (await market(play)).status is Status.RUNNING and (await market(play)).tick:
                    break
            for _ in range(200):
                await asyncio.sleep(0.05)
                if any("is open for trading" in text for text in play.chat.texts("post")):
                    break
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(serving, 20)
        assert (await market(play)).tick
        assert any("is open for trading" in text for text in play.chat.texts("post"))


async def market(play: Play) -> Market:
    async with play.db.reading() as uow:
        found = await uow.markets.get(1)
    assert found is not None
    return found
