"""The example bots trade a busy market by their keys alone, and cost their makers no more than their allowance."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

from engine.terms import MarketParams
from storage.allowance import Spending
from storage.records import OrderRow
from tests.bot.adapters.room.api.programs import DOLLARS, Program, program
from tests.bot.adapters.room.harness import RoomHarness, room_harness
from tests.bot.harness import HANG_S
from tests.paths import ROOT
from tests.storage import worlds

EXAMPLES = ROOT / "deploy" / "examples"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def playing(module: ModuleType, robot: Program) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(module.main(robot.url.rstrip("/"), robot.token))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def market_in(folder: Path, terms: MarketParams) -> AsyncIterator[RoomHarness]:
    async with room_harness(folder) as harness:
        await harness.open_market(terms)
        await harness.tick()
        yield harness


async def spent(harness: RoomHarness, robot: Program) -> Spending:
    """What the orders of its key cost so far and can still cost, and which tokens they have brought."""
    async with harness.db.reading() as uow:
        market = await uow.markets.get_one(robot.key.market)
        return await uow.keys.spending(robot.key, robot.key.person, market)


async def push(harness: RoomHarness, number: int) -> None:
    """Somebody drives a price up, and ten ticks later down again: there is something to follow, and bids are met."""
    if number % 10:
        return
    up = number % 20 == 0
    async with harness.db.writing() as uow:
        members = await uow.members.of(harness.market)
        draft = worlds.buy(tokens=400) if up else worlds.sell(tokens=400)
        reserve = 500 * DOLLARS if up else DOLLARS
        whale, now_ms = members[0].person, harness.clock.now_ms()
        pushed = await uow.orders.append(
            harness.market, whale, draft, request_id=f"push {number}", reserve=reserve, now_ms=now_ms
        )
        assert isinstance(pushed, OrderRow), pushed
        await uow.commit()


def test_they_are_as_short_as_promised() -> None:
    assert len((EXAMPLES / "follower.py").read_text(encoding="utf-8").splitlines()) <= 30
    assert len((EXAMPLES / "market_maker.py").read_text(encoding="utf-8").splitlines()) <= 60


async def test_both_trade_and_stay_within_their_allowance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follower, maker = example("follower"), example("market_maker")
    monkeypatch.setattr(maker, "PAUSE_S", 0.2)
    terms = worlds.params(
        rounds=[{"freeze_at": 10_000 * worlds.MINUTE, "decide_at": 10_001 * worlds.MINUTE, "winner": 2}]
    )
    async with (
        market_in(tmp_path, terms) as harness,
        program(harness, who="follower", dollars=40) as following,
        program(harness, who="maker", dollars=30) as making,
        playing(follower, following) as one,
        playing(maker, making) as other,
    ):
        async with asyncio.timeout(HANG_S):
            for number in itertools.count():
                await push(harness, number)
                await harness.tick()
                assert [task for task in (one, other) if task.done()] == []
                followed, made = await spent(harness, following), await spent(harness, making)
                assert (followed.cost <= 40 * DOLLARS, made.cost <= 30 * DOLLARS) == (True, True)
                if followed.tokens and made.tokens and number >= 30:
                    return
