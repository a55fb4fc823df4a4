"""What has happened, counted once."""

from __future__ import annotations

from engine.state import Side
from scheduler.tick import run_tick
from storage.database import Database
from storage.trades import Activity
from tests.storage.worlds import START, append, buy, limit, started


async def activity(db: Database, market: int, after: int = 0, until: int | None = None) -> Activity:
    async with db.reading() as uow:
        return await uow.trades.activity(market, after, until)


async def test_a_mint_is_one_trade_of_two_people(db: Database) -> None:
    world = await started(db)
    ann, bob, cy = world.people
    await run_tick(db, world.market, START)
    await append(db, world, ann, limit(buy(0, 50, Side.NO), 66), "r1", at_ms=START + 1)
    await append(db, world, bob, limit(buy(0, 50), 36), "r2", at_ms=START + 2)
    await run_tick(db, world.market, START + 2_000)
    async with db.reading() as uow:
        legs = await uow.trades.all(world.market)
        turnout = await uow.members.turnout(world.market)
    assert [(leg.kind, leg.resting is None) for leg in legs if leg.kind == "mint"] == [("mint", True), ("mint", False)]
    others = [leg for leg in legs if leg.kind != "mint"]
    assert await activity(db, world.market) == Activity(trades=1 + len(others), people=2)
    assert turnout == (3, 2), "who has joined has not traded"
    await append(db, world, cy, buy(1, 10), "r3", at_ms=START + 2_001)
    await run_tick(db, world.market, START + 4_000)
    assert await activity(db, world.market, after=len(legs)) == Activity(trades=1, people=1)
    assert await activity(db, world.market, until=len(legs)) == Activity(trades=1 + len(others), people=2)
    assert await activity(db, world.market, after=len(legs) + 1) == Activity(trades=0, people=0)
