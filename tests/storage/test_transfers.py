"""Money that one account hands to another through the book is found; a crowd that trades among itself is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bot.words.reports import transfers
from engine.state import Side
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import OrderDraft
from storage.transfers import NetTransfer
from tests.storage.worlds import START, World, buy, limit, params, sell, started

TICK = 2_000
TENTH = 100 * MICRO  # of the starting balance


async def _play(db: Database, world: World, steps: list[list[tuple[int, OrderDraft]]], begin: int = 1) -> None:
    """Each step a tick: its orders, in order."""
    for number, step in enumerate(steps, begin):
        now = START + number * TICK
        async with db.writing() as uow:
            for place, (person, draft) in enumerate(step):
                who, request = world.people[person], f"{number}-{place}"
                await uow.orders.append(world.market, who, draft, request_id=request, reserve=10_000, now_ms=now)
            await uow.commit()
        await run_tick(db, world.market, now)


async def _found(db: Database, world: World, least: int = TENTH) -> list[NetTransfer]:
    async with db.reading() as uow:
        return await uow.transfers.net(world.market, least)


def _hand_over(giver: int, taker: int) -> list[list[tuple[int, OrderDraft]]]:
    """The taker offers dear and the giver takes it; the taker bids cheap and the giver lets it go."""
    return [
        [(taker, limit(sell(0, 50), 60))],
        [(giver, buy(0, 320))],
        [(taker, limit(buy(0, 50), 40))],
        [(giver, sell(0, 360))],
        [],
    ]


async def _pair(db: Database) -> World:
    """Two who hold tokens, in a thin market."""
    world = await started(db, people=3, terms=params(z=1_500, starting_balance=2_000))
    await _play(db, world, [[], [(0, buy(0, 90)), (1, buy(0, 90))], []])
    return world


async def test_who_buys_dear_and_sells_cheap_to_one_other_is_named_with_amount_and_fills(db: Database) -> None:
    world = await _pair(db)
    for time in range(2):
        await _play(db, world, _hand_over(0, 1), begin=4 + 5 * time)
    found = await _found(db, world, 10 * MICRO)
    assert [(row.loser, row.gainer) for row in found] == [(world.people[0], world.people[1])]
    assert found[0].fills >= 3
    told = str(transfers(found, {world.people[0]: "Ada", world.people[1]: "Bob"}))
    assert f"Ada (#{world.people[0]}) lost $" in told
    assert f"to Bob (#{world.people[1]}) in " in told
    assert await _found(db, world, found[0].amount) == found
    assert await _found(db, world, found[0].amount + 1) == []


async def test_what_comes_back_is_taken_off(db: Database) -> None:
    world = await _pair(db)
    await _play(db, world, [*_hand_over(0, 1), *_hand_over(0, 1)], begin=4)
    one_way = (await _found(db, world, 0))[0]
    await _play(db, world, [*_hand_over(1, 0), *_hand_over(1, 0)], begin=14)
    both_ways = await _found(db, world, 0)
    assert one_way.loser == world.people[0]
    assert not both_ways or both_ways[0].amount < one_way.amount


async def test_a_crowd_that_trades_among_itself_raises_none(tmp_path: Path) -> None:
    """A dozen people with opinions, thin enough that limits meet: makers, takers, mints and swaps."""
    rng = Random("an honest crowd")
    db = Database.open(f"sqlite:///{tmp_path / 'crowd.db'}")
    await db.migrate()
    world = await started(db, people=12, terms=params(z=500))
    believed = [rng.randrange(25, 45) for _ in world.people]
    steps: list[list[tuple[int, OrderDraft]]] = [[]]
    for _ in range(20):
        step = []
        for person in rng.sample(range(12), 10):
            draft = rng.choice((buy, buy, sell))(rng.randrange(3), rng.choice((5, 20, 60)), rng.choice(tuple(Side)))
            cents = believed[person] + rng.randrange(-4, 5) + (0 if draft.side is Side.YES else 30)
            step.append((person, draft if rng.randrange(3) == 0 else limit(replace(draft), cents)))
        steps.append(step)
    await _play(db, world, steps)
    async with db.reading() as uow:
        kinds = {trade.kind for trade in await uow.trades.all(world.market)}
    assert {"direct", "mint"} <= kinds  # they did meet
    assert await _found(db, world, 0)  # and gained and lost by it
    assert await _found(db, world) == []
    await db.close()
