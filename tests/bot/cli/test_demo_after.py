"""After the demo's event the room goes on as `outcry run` would."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from bot.cli.demo import serve_on
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.notifications.announcer import Announcer
from engine.state import Status
from storage.clock import ManualClock
from tests.bot.harness import ADMIN, CREATE, START, ChatHarness, chat_harness


async def test_a_market_planned_after_the_event_starts_ticks_and_is_told_of(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        clock = ManualClock(START + 60_000)
        announcer = Announcer(harness.db, clock, {"room": harness.platform})
        harness.dispatcher = Dispatcher(harness.db, clock, COMMANDS)
        for line in (CREATE, "/admin open in 1m"):
            assert (await harness.say(ADMIN, line)).ok
        clock.advance(61_000)
        serving = asyncio.create_task(serve_on(harness.db, clock, announcer))
        try:
            while not await opened(harness):
                assert not serving.done(), "the room closed before anybody ended it"
                await asyncio.sleep(0.05)
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
        finally:
            serving.cancel()


async def opened(harness: ChatHarness) -> bool:
    """Whether the market runs, has ticked, and its chat was told."""
    async with harness.db.reading() as uow:
        market = await uow.markets.get_one(1)
    told = any("is open for trading" in text for text in harness.platform.texts("post"))
    return market.status is Status.RUNNING and market.tick > 0 and told
