"""Accepting orders: once, within their means, and never into a tick that has run."""

from __future__ import annotations

import asyncio

import pytest

from bot.market import membership
from engine.state import Status
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import Declined, OrderRow, OrderStatus, TicketStatus
from tests.storage.worlds import MINUTE, START, World, append, buy, lobby, started

DOLLARS = 1_000 * MICRO


async def _running(db: Database) -> World:
    world = await started(db)
    await run_tick(db, world.market, START)
    return world


async def _counts(db: Database, world: World) -> tuple[int, int]:
    """(pending orders, money reserved by the first person)."""
    async with db.reading() as uow:
        member = await uow.members.get_one(world.market, world.people[0])
        return len(await uow.orders.pending(world.market)), member.reserved


async def test_confirming_twice_is_one_order(db: Database) -> None:
    world = await _running(db)
    first = await append(db, world, world.people[0], buy(), "ticket:1", at_ms=START + 1, reserve=5 * MICRO)
    again = await append(db, world, world.people[0], buy(2, 99), "ticket:1", at_ms=START + 9, reserve=7 * MICRO)
    assert isinstance(first, OrderRow)
    assert isinstance(again, OrderRow)
    assert (first.created, again.created) == (True, False)
    assert (again.number, again.draft) == (first.number, first.draft)
    assert await _counts(db, world) == (1, 5 * MICRO)


async def test_confirming_many_times_at_once_is_one_order(db: Database) -> None:
    world = await _running(db)
    rows = await asyncio.gather(
        *(append(db, world, world.people[0], buy(), "ticket:1", at_ms=START + 1) for _ in range(10))
    )
    assert sum(isinstance(row, OrderRow) and row.created for row in rows) == 1
    assert (await _counts(db, world))[0] == 1


async def test_a_redelivered_confirm_after_the_fill_meets_the_filled_order(db: Database) -> None:
    world = await _running(db)
    await append(db, world, world.people[0], buy(), "ticket:1", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    again = await append(db, world, world.people[0], buy(), "ticket:1", at_ms=START + 3_000)
    assert isinstance(again, OrderRow)
    assert (again.created, again.status, again.tick) == (False, OrderStatus.FILLED, 2)
    async with db.reading() as uow:
        assert len(await uow.trades.all(world.market)) == 1


@pytest.mark.parametrize(
    ("reserves", "taken"),
    [
        ([DOLLARS], [True]),
        ([DOLLARS + 1], [False]),
        ([600 * MICRO, 400 * MICRO, 1], [True, True, False]),
        ([600 * MICRO, 400 * MICRO + 1, 400 * MICRO], [True, False, True]),
    ],
)
async def test_queued_orders_never_exceed_their_cash(db: Database, reserves: list[int], taken: list[bool]) -> None:
    world = await _running(db)
    held = 0
    for number, (reserve, expected) in enumerate(zip(reserves, taken, strict=True)):
        row = await append(db, world, world.people[0], buy(), f"r{number}", at_ms=START + 1, reserve=reserve)
        if expected:
            held += reserve
            assert isinstance(row, OrderRow)
        else:
            assert row == Declined(code="no_cash", available=DOLLARS - held, needed=reserve)
        assert (await _counts(db, world))[1] == held


async def test_orders_sent_at_once_cannot_spend_the_same_cash_twice(db: Database) -> None:
    world = await _running(db)
    rows = await asyncio.gather(
        *(append(db, world, world.people[0], buy(), f"r{i}", at_ms=START + 1, reserve=300 * MICRO) for i in range(12))
    )
    assert sum(isinstance(row, OrderRow) for row in rows) == 3
    assert await _counts(db, world) == (3, 900 * MICRO)


async def test_an_order_is_accepted_no_earlier_than_the_last_tick(db: Database) -> None:
    world = await _running(db)
    await run_tick(db, world.market, START + 5_000)
    late = await append(db, world, world.people[0], buy(), "r", at_ms=START + 4_000)
    assert isinstance(late, OrderRow)
    assert (late.accepted_ms, late.ts_ms) == (5_000, START + 5_000)


@pytest.mark.parametrize(
    ("at_ms", "code"),
    [(10 * MINUTE, "frozen"), (40 * MINUTE, "not_running")],
)
async def test_a_market_that_stands_still_takes_no_order(db: Database, at_ms: int, code: str) -> None:
    world = await _running(db)
    await run_tick(db, world.market, START + at_ms)
    assert await append(db, world, world.people[0], buy(), "r", at_ms=START + at_ms) == Declined(code=code)
    assert await _counts(db, world) == (0, 0)


async def test_a_lobby_and_a_stranger_take_no_order(db: Database) -> None:
    waiting = await lobby(db, chat="other")
    assert await append(db, waiting, waiting.people[0], buy(), "r", at_ms=START) == Declined(code="not_running")
    world = await _running(db)
    assert await append(db, world, waiting.people[0], buy(), "r", at_ms=START) == Declined(code="not_member")


async def test_somebody_who_just_joined_can_order_with_the_money_that_is_coming(db: Database) -> None:
    world = await _running(db)
    async with db.writing() as uow:
        new = await uow.people.identify("room", "late", "Late", START)
        member = await membership.join(uow, world.market, new.id, "", START + 100)
        assert not isinstance(member, Declined)
        assert (member.funded, member.balance, member.available) == (False, 0, DOLLARS)
        await uow.commit()
    row = await append(db, world, new.id, buy(1, 10), "r", at_ms=START + 100, reserve=20 * MICRO)
    assert isinstance(row, OrderRow)
    await run_tick(db, world.market, START + 2_000)
    async with db.reading() as uow:
        done = await uow.orders.get(world.market, row.number)
        funded = await uow.members.get(world.market, new.id)
    assert done is not None
    assert funded is not None
    assert done.status is OrderStatus.FILLED
    assert (funded.funded, funded.stake, funded.tokens[1]) == (True, DOLLARS, (10 * MICRO, 0))


async def test_a_withdrawn_order_frees_its_reserve_and_is_never_run(db: Database) -> None:
    world = await _running(db)
    row = await append(db, world, world.people[0], buy(), "r", at_ms=START + 1, reserve=50 * MICRO)
    assert isinstance(row, OrderRow)
    async with db.writing() as uow:
        assert await uow.orders.withdraw(world.market, world.people[1], row.number) == []
        taken = await uow.orders.withdraw(world.market, world.people[0], row.number)
        assert [one.number for one in taken] == [row.number]
        await uow.commit()
    assert await _counts(db, world) == (0, 0)
    assert (await run_tick(db, world.market, START + 2_000, idle=False)).tick is None


async def test_a_ticket_is_settled_once(db: Database) -> None:
    world = await _running(db)
    async with db.writing() as uow:
        made = await uow.tickets.create(
            world.market, world.people[0], buy(), reserve=1, terms={"shown": "x"}, request_id="room:1", now_ms=START
        )
        again = await uow.tickets.create(
            world.market, world.people[0], buy(2), reserve=2, terms={}, request_id="room:1", now_ms=START
        )
        assert again == made
        await uow.tickets.bind(made.id, "room", "town", "m7")
        assert await uow.tickets.settle(made.id, TicketStatus.CONFIRMED, 4)
        assert not await uow.tickets.settle(made.id, TicketStatus.CANCELLED)
        found = await uow.tickets.get(made.id)
        assert found is not None
        assert (found.status, found.order, found.ref) == (TicketStatus.CONFIRMED, 4, "m7")
        assert (found.draft, found.terms, found.request_id) == (buy(), {"shown": "x"}, f"ticket:{made.id}")


async def test_parameters_change_only_before_the_start(db: Database) -> None:
    world = await lobby(db)
    async with db.writing() as uow:
        await uow.markets.start(world.market, START)
        assert await uow.markets.update(world.market, title="Other") == Declined(code="bad_status")
        assert await uow.markets.start(world.market, START) == Declined(code="bad_status")
        assert await uow.markets.close(world.market) == Declined(code="bad_status")
        assert (await uow.markets.get_one(world.market)).status is Status.RUNNING
