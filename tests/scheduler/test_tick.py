"""The market tick as a transaction: what it applies, once; what it saves; what it tells."""

from __future__ import annotations

from engine.state import Status
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import OrderRow
from tests.storage.worlds import MINUTE, START, append, buy, sell, started


async def test_a_market_lives_from_lobby_to_resolution_with_balanced_books(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    first = await run_tick(db, world.market, START)
    assert (first.tick, len(first.events)) == (1, 3)
    for number, (person, draft) in enumerate([(ann, buy(1, 100)), (bob, buy(2, 50)), (ann, sell(1, 40))]):
        row = await append(db, world, person, draft, f"r{number}", at_ms=START + 1_000 + number)
        assert isinstance(row, OrderRow)
    second = await run_tick(db, world.market, START + 2_000)
    assert len(second.fills) == 3
    for at in (10, 20, 30, 40):
        report = await run_tick(db, world.market, START + at * MINUTE)
        assert report.tick is not None
    async with db.reading() as uow:
        market = await uow.markets.known(world.market)
        assert (market.status, market.winner, market.tick) == (Status.RESOLVED, 1, 6)
        audit = await uow.ledger.audit(world.market)
        assert audit.ok, audit.problems
        ann_now = await uow.members.get(world.market, ann)
        assert ann_now is not None
        assert ann_now.tokens == ((0, 0), (0, 0), (0, 0))
        assert ann_now.balance == 1_000 * MICRO + ann_now.net_pnl
        assert ann_now.stake == 1_000 * MICRO
    done = await run_tick(db, world.market, START + 50 * MINUTE)
    assert done.tick is None
