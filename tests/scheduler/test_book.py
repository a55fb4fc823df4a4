"""Resting orders in the rows: escrow, fills out of the book over several ticks, cancels, rounds, restarts."""

from __future__ import annotations

import random

import pytest

from engine.state import Side
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import OrderRow, OrderStatus
from storage.schema import lob_pools, orders
from tests.scheduler.test_notices import drain
from tests.scheduler.test_tick import act, audited, control
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, params, sell, started


async def _order(db: Database, world: World, number: int) -> OrderRow:
    async with db.reading() as uow:
        row = await uow.orders.get(world.market, number)
    assert row is not None
    return row


async def _pools(db: Database) -> list[tuple[object, ...]]:
    async with db.reading() as uow:
        rows = await uow.rows(lob_pools.select().order_by(*lob_pools.primary_key.columns))
    names = ("outcome", "side", "is_buy", "tick", "volume", "shares")
    return [tuple(row[name] for name in names) for row in rows]


async def test_an_order_rests_fills_in_parts_and_is_cancelled_with_its_escrow_back(db: Database) -> None:
    odds = ["0.335", "0.3305", "0.3345"]
    world = await started(db, terms=params(odds=odds))
    ann, bob, cat = world.people
    await run_tick(db, world.market, START)
    row = await append(db, world, ann, limit(buy(1, 100), 33), "r1", at_ms=START + 1, reserve=40 * MICRO)
    assert isinstance(row, OrderRow)
    await run_tick(db, world.market, START + 2_000)
    waiting = await _order(db, world, row.number)
    assert (waiting.status, waiting.remaining, waiting.amount) == (OrderStatus.RESTING, 100 * MICRO, 0)
    assert await _pools(db) == [(1, "yes", True, 33, 100 * MICRO, {str(ann): 100 * MICRO})]
    await drain(db)

    await append(db, world, bob, buy(1, 60), "r2", at_ms=START + 3_000)
    await append(db, world, cat, buy(0, 600), "r3", at_ms=START + 3_001)  # lowers the price of the others
    await append(db, world, bob, sell(1, 60), "r4", at_ms=START + 3_002)
    await run_tick(db, world.market, START + 4_000)
    part = await _order(db, world, row.number)
    assert part.status is OrderStatus.RESTING
    assert 0 < part.remaining < 100 * MICRO
    assert part.amount > 0
    told = [(one.person, one.payload["order"]) for one in await drain(db) if one.kind == "order"]
    assert (ann, row.number) in told
    await audited(db, world)

    await act(db, world, "cancel", {"user": ann, "order": row.number}, START + 5_000)
    await run_tick(db, world.market, START + 6_000)
    gone = await _order(db, world, row.number)
    assert (gone.status, gone.remaining, gone.amount) == (OrderStatus.CANCELLED, part.remaining, part.amount)
    assert await _pools(db) == []
    async with db.reading() as uow:
        assert (await uow.ledger.balances(world.market)).get(f"escrow:{ann}", 0) == 0
    await audited(db, world)


async def test_a_round_gives_back_what_rests_on_who_leaves(db: Database) -> None:
    world = await started(db)
    ann = world.people[0]
    await run_tick(db, world.market, START)
    row = await append(db, world, ann, limit(buy(0, 100), 10), "r1", at_ms=START + 1, reserve=30 * MICRO)
    assert isinstance(row, OrderRow)
    for minutes in (1, 10, 20):
        await run_tick(db, world.market, START + minutes * MINUTE)
    gone = await _order(db, world, row.number)
    assert (gone.status, gone.remaining) == (OrderStatus.CANCELLED, 100 * MICRO)
    told = [one.payload["order"] for one in await drain(db) if one.kind == "order"]
    assert told == [row.number, row.number]
    await audited(db, world)


@pytest.mark.parametrize("seed", range(4))
async def test_the_books_balance_after_a_random_life_with_limits(database_url: str, seed: int) -> None:
    """Limits, auto-fill, cancels, rounds and restarts; what each order says it traded is what its fills say."""
    rng = random.Random(seed)
    db = Database.open(database_url)
    await db.migrate()
    rounds = [
        {"freeze_at": 15 * MINUTE, "decide_at": 16 * MINUTE, "losers": ["B"]},
        {"freeze_at": 60 * MINUTE, "decide_at": 61 * MINUTE, "winner": "ask"},
    ]
    terms = params(outcome_names=["A", "B", "C"], z=500, starting_balance=400, rounds=rounds)
    world = await started(db, people=5, terms=terms, chat=f"seed-{seed}")
    for step in range(30):
        now = START + step * MINUTE
        if step % 10 == 9:
            await db.close()
            db = Database.open(database_url)
        for i in range(rng.randrange(8)):
            make = rng.choice([buy, buy, sell])
            draft = make(rng.randrange(3), rng.randrange(1, 60), rng.choice([Side.YES, Side.NO]))
            if rng.random() < 0.7:
                draft = limit(draft, rng.randrange(2, 98), autofill=rng.random() < 0.5)
            await append(db, world, rng.choice(world.people), draft, f"{seed}-{step}-{i}", at_ms=now)
        if rng.random() < 0.3:
            await act(db, world, "cancel", {"user": rng.choice(world.people), "order": None}, now)
        await run_tick(db, world.market, now)
    await audited(db, world)
    if seed % 2:
        await control(db, world, "void", START + 40 * MINUTE)
        await run_tick(db, world.market, START + 40 * MINUTE)
        await audited(db, world)
    await _check_orders(db, world)
    await db.close()


async def _check_orders(db: Database, world: World) -> None:
    async with db.reading() as uow:
        state = await uow.markets.state(world.market)
        rows = await uow.rows(orders.select().where(orders.c.market == world.market))
        kinds = {trade.kind for trade in await uow.trades.all(world.market)}
        for row in rows:
            found = await uow.trades.of_order(world.market, row["number"])
            legs = [leg for leg in found if leg.order == row["number"] or leg.resting == row["number"]]
            assert sum(leg.size for leg in legs) == row["size"] - row["remaining"], row
            buying = row["is_buy"]
            paid = [leg.amount + leg.buy_fee if buying else leg.amount - leg.kept - leg.sell_fee for leg in legs]
            assert sum(paid) == row["amount"], row
            resting = row["status"] == OrderStatus.RESTING.value
            assert resting == (f"{row['number']:012d}" in state.resting)
        volume = sum(row["volume"] for row in await uow.rows(lob_pools.select()))
        assert volume == sum(order.rest for order in state.resting.values())
    assert len(kinds) >= 3, kinds  # the crowd met the house, the book and each other
