"""A winner who is claimed first and paid later, through the real tick on both databases; a start that comes late."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.market import membership
from engine.params import MarketParams
from engine.state import Side, Status
from engine.units import MICRO
from scheduler.due import step_times
from scheduler.jobs import Jobs
from scheduler.tick import halt, run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.records import Declined, Market, NextStep, OutboxRow, Payload
from storage.verify import Mismatch, Verified, verify
from tests.scheduler.replay import replay
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, lobby, params, started

WINDOW = 10 * MINUTE
ROUNDS = [{"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "winner": 2}]


def terms() -> MarketParams:
    return params(rounds=ROUNDS, dispute_window=WINDOW)


async def act(db: Database, world: World, kind: str, *outcomes: int, at: int) -> None:
    async with db.writing() as uow:
        payload: Payload = {"kind": kind, "outcomes": list(outcomes)}
        request = f"{kind}-{outcomes}-{at}"
        done = await uow.actions.append(
            world.market, "control", payload, actor=world.people[0], request_id=request, now_ms=at
        )
        assert not isinstance(done, Declined)
        await uow.commit()


async def market_of(db: Database, world: World) -> Market:
    async with db.reading() as uow:
        return await uow.markets.get_one(world.market)


async def told(db: Database) -> list[OutboxRow]:
    """Everything that waits to leave, and it leaves."""
    found: list[OutboxRow] = []
    async with db.writing() as uow:
        while rows := await uow.deliveries.claim(["room"], START + 10**9, 1_000, 500):
            for row in rows:
                found.append(row)
                await uow.deliveries.done(row, None, START)
        await uow.commit()
    return found


async def traded(db: Database) -> World:
    """Ann holds 10 YES of 0, Bee 20 YES of 1 and has an order in the book."""
    world = await started(db, terms=terms())
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(0, 10), "a", at_ms=START + 1)
    await append(db, world, world.people[1], buy(1, 20), "b", at_ms=START + 2)
    await append(db, world, world.people[1], limit(buy(2, 20), 5), "c", at_ms=START + 3)
    await run_tick(db, world.market, START + MINUTE)
    return world


async def test_a_scheduled_winner_is_claimed_on_time_and_paid_when_the_window_has_passed(db: Database) -> None:
    world = await traded(db)
    await run_tick(db, world.market, START + 10 * MINUTE)
    await run_tick(db, world.market, START + 20 * MINUTE)
    market = await market_of(db, world)
    assert (market.status, market.over, market.winners, market.ended_ms) == (Status.DISPUTED, False, (), None)
    assert market.next_step is not None
    assert (market.next_step.kind, market.next_step.at_ms) == ("pay", START + 30 * MINUTE)
    assert step_times([market]) == {world.market: START + 30 * MINUTE}
    async with db.reading() as uow:
        assert not [row for row in await uow.ledger.entries(world.market) if row.kind == "payout"]
        assert [one.id for one in await uow.markets.queued(START + 30 * MINUTE)] == [world.market]
        assert not await uow.markets.queued(START + 30 * MINUTE - 1)
        member = await uow.members.get(world.market, world.people[1])
        assert member is not None
        assert member.escrow == 0
    await run_tick(db, world.market, START + 30 * MINUTE)
    market = await market_of(db, world)
    assert (market.status, market.over, market.winners, market.next_step) == (Status.CLOSED, True, (1,), None)
    assert market.ended_ms == START + 30 * MINUTE
    async with db.reading() as uow:
        paid = [(row.account, row.amount) for row in await uow.ledger.entries(world.market) if row.kind == "payout"]
        assert (f"user:{world.people[1]}", 20 * MICRO) in paid
        assert (await uow.ledger.audit(world.market)).ok
    await replay(db, world.market)
    assert isinstance((await verify(db))[0], Verified)


async def test_a_correction_moves_the_payout_and_everybody_hears_of_it(db: Database) -> None:
    world = await traded(db)
    await act(db, world, "resolve", 0, at=START + 2 * MINUTE)
    await run_tick(db, world.market, START + 2 * MINUTE)
    await told(db)
    await act(db, world, "correct", 1, at=START + 5 * MINUTE)
    await run_tick(db, world.market, START + 5 * MINUTE)
    rows = {row.kind: row.payload for row in await told(db)}
    facts = rows["corrected"]
    assert (facts["before"], facts["winners"], facts["due"]) == ([0], [1], 20 * MICRO)
    assert facts["until_ms"] == START + 15 * MINUTE
    await run_tick(db, world.market, START + 12 * MINUTE, idle=False)
    assert (await market_of(db, world)).status is Status.DISPUTED
    await run_tick(db, world.market, START + 45 * MINUTE)
    rows = {row.kind: row.payload for row in await told(db)}
    assert (rows["resolved"]["at_ms"], rows["resolved"]["late_ms"]) == (START + 15 * MINUTE, 30 * MINUTE)
    assert (await market_of(db, world)).winners == (1,)
    assert isinstance((await verify(db))[0], Verified)


async def test_a_round_is_claimed_first_and_the_clock_knows_when_it_is_paid(db: Database) -> None:
    """One of the timetable whose losers it names, then one by hand."""
    planned = {"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "count": 1, "losers": [2]}
    final = {"freeze_at": 90 * MINUTE, "decide_at": 95 * MINUTE, "winner": "ask"}
    names = ["Ant", "Bee", "Cat", "Dog"]
    world = await started(db, terms=params(outcome_names=names, rounds=[planned, final], round_window=WINDOW))
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 20, Side.NO), "a", at_ms=START + 1)
    await run_tick(db, world.market, START + 20 * MINUTE)
    for round_number, at, who in ((0, 20 * MINUTE, 1), (None, 60 * MINUTE, 3)):
        if round_number is None:
            await act(db, world, "eliminate", who, at=START + at)
            await run_tick(db, world.market, START + at)
        market = await market_of(db, world)
        step = market.next_step
        assert (market.status, step) == (
            Status.FROZEN,
            NextStep(kind="pay", at_ms=START + at + WINDOW, round=round_number, final=False),
        )
        assert step_times([market]) == {world.market: START + at + WINDOW}
        await run_tick(db, world.market, START + at + WINDOW - 1, idle=False)
        assert (await market_of(db, world)).status is Status.FROZEN
        await run_tick(db, world.market, START + at + WINDOW, idle=False)
        assert (await market_of(db, world)).status is Status.RUNNING
        assert isinstance((await verify(db))[0], Verified)
    async with db.reading() as uow:
        paid = [(row.account, row.amount) for row in await uow.ledger.entries(world.market) if row.kind == "payout"]
        assert (f"user:{world.people[0]}", 20 * MICRO) in paid
    await replay(db, world.market)


async def test_a_claim_is_verified_while_it_stands_and_survives_a_halt(db: Database) -> None:
    world = await traded(db)
    await act(db, world, "resolve", 0, at=START + 2 * MINUTE)
    await run_tick(db, world.market, START + 2 * MINUTE)
    assert isinstance((await verify(db))[0], Verified)
    await halt(db, world.market, "supply: 1 > 0", START + 3 * MINUTE)
    await run_tick(db, world.market, START + 30 * MINUTE)
    assert (await market_of(db, world)).winners == ()
    await act(db, world, "resume", at=START + 40 * MINUTE)
    await run_tick(db, world.market, START + 40 * MINUTE)
    assert (await market_of(db, world)).status is Status.CLOSED
    assert isinstance((await verify(db))[0], Verified)


async def test_a_claimed_market_takes_no_orders_no_grants_and_no_new_terms(db: Database) -> None:
    world = await traded(db)
    await act(db, world, "resolve", 0, at=START + 2 * MINUTE)
    await run_tick(db, world.market, START + 2 * MINUTE)
    found = await append(db, world, world.people[0], buy(), "late", at_ms=START + 3 * MINUTE)
    assert found == Declined(code="disputed")
    async with db.writing() as uow:
        left = await membership.leave(uow, world.market, world.people[2], "l", START + 3 * MINUTE, None)
        assert left == Declined(code="disputed")
    async with db.writing() as uow:
        who = await uow.people.identify("room", "late", "Late", START)
        joined = await membership.join(uow, world.market, who.id, "", START + 3 * MINUTE)
        assert joined == Declined(code="not_running")


async def test_other_rules_are_named_and_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "outcry.db"
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    world = await traded(db)
    with closing(sqlite3.connect(path)) as other:
        other.execute("update config set rules = 7")
        other.commit()
    (found,) = await verify(db)
    await db.close()
    assert isinstance(found, Mismatch)
    assert (found.market, found.table, found.field, found.expected, found.found) == (
        world.market,
        "config",
        "rules",
        2,
        7,
    )


@pytest.mark.parametrize("late", [0, 4 * MINUTE, 12 * MINUTE])
async def test_a_start_that_comes_late_leaves_every_moment_where_it_was_planned(db: Database, late: int) -> None:
    """What came due meanwhile is applied by the first tick, once, and told as late."""
    world = await lobby(db, terms=params(rounds=ROUNDS))
    async with db.writing() as uow:
        await uow.markets.update(world.market, planned_start_ms=START + 5 * MINUTE)
        await uow.commit()
    clock = ManualClock(START + 5 * MINUTE + late)
    jobs = Jobs(db, clock)
    await jobs.sweep()
    await jobs.tick_all()
    market = await market_of(db, world)
    assert market.start_ms == START + 5 * MINUTE
    assert market.next_step is not None
    rows = {row.kind: row.payload for row in await told(db)}
    assert rows["started"]["late_ms"] == late
    if late > 10 * MINUTE:
        assert (market.status, market.next_step.at_ms) == (Status.FROZEN, START + 25 * MINUTE)
        assert rows["frozen"]["late_ms"] == late - 10 * MINUTE
    else:
        assert (market.status, market.next_step.at_ms) == (Status.RUNNING, START + 15 * MINUTE)
    await jobs.tick_all()
    assert not [row for row in await told(db) if row.kind in ("started", "frozen")]
    async with db.reading() as uow:
        members = await uow.members.of(world.market)
        assert all(member.balance == 1_000 * MICRO for member in members)
    assert isinstance((await verify(db))[0], Verified)
