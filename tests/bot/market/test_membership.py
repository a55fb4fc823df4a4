"""Closing an account that was never used, tokens that are not sold twice, one market a chat: on both databases."""

from __future__ import annotations

import asyncio

import pytest

from bot.market import membership
from bot.market.membership import Departure
from engine.state import Status
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.rankings import standings
from storage.records import Declined, Market, Member, OrderRow, OrderStatus, Payload
from storage.verify import Verified, verify
from tests.scheduler.replay import replay
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, lobby, params, sell, started


async def leave(db: Database, world: World, person: int, *, at: int, request: str = "leave") -> Departure | Declined:
    async with db.writing() as uow:
        found = await membership.leave(uow, world.market, person, request, at, person)
        await uow.commit()
    return found


async def rejoin(db: Database, world: World, person: int, *, at: int) -> Member | Declined:
    async with db.writing() as uow:
        found = await membership.join(uow, world.market, person, "", at)
        await uow.commit()
    return found


async def people_of(db: Database, world: World) -> list[int]:
    async with db.reading() as uow:
        market, members = await uow.markets.get_one(world.market), await uow.members.of(world.market)
        ranked = standings(market, await uow.markets.state(market), members)
        assert await uow.members.count(world.market) == len(members) == len(ranked)
    return [member.person for member in members]


async def test_in_a_lobby_the_account_goes_at_once(db: Database) -> None:
    world = await lobby(db)
    gone, *rest = world.people
    assert await leave(db, world, gone, at=START) == Departure(market=world.market, person=gone, cash=0, action=None)
    assert await people_of(db, world) == rest
    assert await leave(db, world, gone, at=START) == Declined(code="not_member")
    assert isinstance(await rejoin(db, world, gone, at=START), Member)
    assert await leave(db, world, gone, at=START) == Departure(market=world.market, person=gone, cash=0, action=None)
    async with db.writing() as uow:
        assert isinstance(await uow.markets.start(world.market, START), Market)
        await uow.commit()
    await run_tick(db, world.market, START)
    assert await people_of(db, world) == rest
    assert isinstance((await verify(db))[0], Verified)


async def test_in_a_running_market_the_tick_closes_it_and_the_bank_has_its_money_back(db: Database) -> None:
    world = await started(db)
    gone, other, _ = world.people
    await run_tick(db, world.market, START)
    await append(db, world, other, buy(), "b", at_ms=START + 1)
    found = await leave(db, world, gone, at=START + 1)
    assert isinstance(found, Departure)
    assert found.cash == 1_000 * MICRO
    again = await leave(db, world, gone, at=START + 2)
    assert isinstance(again, Departure)
    assert again.action == found.action
    assert gone in await people_of(db, world)
    await run_tick(db, world.market, START + MINUTE)
    assert gone not in await people_of(db, world)
    async with db.reading() as uow:
        state = await uow.markets.state(world.market)
        assert gone not in state.accounts
        balances = await uow.ledger.balances(world.market)
        assert balances[f"user:{gone}"] == 0
        back = [row for row in await uow.ledger.entries(world.market) if row.kind == "return"]
        assert [(row.account, row.amount, row.ref) for row in back] == [
            (f"user:{gone}", -1_000 * MICRO, "leave"),
            ("bank", 1_000 * MICRO, "leave"),
        ]
        assert (await uow.ledger.audit(world.market)).ok
    await replay(db, world.market)
    assert isinstance((await verify(db))[0], Verified)


async def test_who_left_can_come_back_and_is_funded_anew(db: Database) -> None:
    world = await started(db)
    gone = world.people[0]
    await run_tick(db, world.market, START)
    for minute in (1, 4):
        await leave(db, world, gone, at=START + minute * MINUTE, request=f"leave-{minute}")
        await run_tick(db, world.market, START + minute * MINUTE)
        assert gone not in await people_of(db, world)
        await rejoin(db, world, gone, at=START + (minute + 1) * MINUTE)
        await run_tick(db, world.market, START + (minute + 1) * MINUTE)
        async with db.reading() as uow:
            member = await uow.members.get(world.market, gone)
        assert member is not None
        assert (member.balance, member.stake, member.coming) == (1_000 * MICRO, 1_000 * MICRO, 0)
    assert isinstance((await verify(db))[0], Verified)


async def test_a_grant_that_comes_with_the_leave_keeps_a_new_account(db: Database) -> None:
    world = await started(db)
    gone = world.people[0]
    await run_tick(db, world.market, START)
    await leave(db, world, gone, at=START + 1)
    async with db.writing() as uow:
        grant = {"user": gone, "cash": 5 * MICRO}
        await uow.actions.append(world.market, "join", grant, actor=None, request_id="g", now_ms=START + 2)
        await uow.commit()
    await run_tick(db, world.market, START + MINUTE)
    async with db.reading() as uow:
        member = await uow.members.get(world.market, gone)
    assert member is not None
    assert (member.balance, member.stake, member.coming) == (5 * MICRO, 5 * MICRO, 0)
    assert isinstance((await verify(db))[0], Verified)


@pytest.mark.parametrize("why", ["has_traded", "has_orders", "has_orders_waiting", "has_paid", "not_running"])
async def test_a_used_account_stays(db: Database, why: str) -> None:
    world = await started(db)
    person = world.people[0]
    await run_tick(db, world.market, START)
    if why == "has_traded":
        await append(db, world, person, buy(), "b", at_ms=START + 1)
    elif why == "has_orders":
        await append(db, world, person, limit(buy(), 5), "b", at_ms=START + 1)
    elif why == "has_paid":
        await append(db, world, person, sell(), "s", at_ms=START + 1)
    elif why == "not_running":
        async with db.writing() as uow:
            body: Payload = {"kind": "void", "outcomes": []}
            await uow.actions.append(world.market, "control", body, actor=None, request_id="v", now_ms=START + 1)
            await uow.commit()
    await run_tick(db, world.market, START + MINUTE)
    if why == "has_orders_waiting":
        await append(db, world, person, buy(), "b", at_ms=START + MINUTE + 1)
    code = "has_paid" if why == "has_orders" else why.removesuffix("_waiting")  # its gas was paid first
    before = await people_of(db, world)
    assert await leave(db, world, person, at=START + 2 * MINUTE) == Declined(code=code)
    assert await people_of(db, world) == before


async def test_who_trades_before_the_leave_has_run_stays(db: Database) -> None:
    """The tick looks again: an order accepted first runs first."""
    world = await started(db)
    person = world.people[0]
    await run_tick(db, world.market, START)
    async with db.writing() as uow:  # both in one moment; the order has the smaller number
        await uow.orders.append(world.market, person, buy(), request_id="o", reserve=10_000, now_ms=START + 5)
        body = {"user": person}
        await uow.actions.append(world.market, "leave", body, actor=person, request_id="l", now_ms=START + 5)
        await uow.commit()
    report = await run_tick(db, world.market, START + MINUTE)
    assert [event.to_json()["reason"] for event in report.events if type(event).__name__ == "ControlRefused"] == [
        "has_traded"
    ]
    assert person in await people_of(db, world)
    assert isinstance((await verify(db))[0], Verified)


async def test_tokens_a_sale_on_its_way_has_taken_are_not_sold_again(db: Database) -> None:
    world = await started(db)
    person = world.people[0]
    await run_tick(db, world.market, START)
    await append(db, world, person, buy(0, 100), "b", at_ms=START + 1)
    await run_tick(db, world.market, START + MINUTE)
    at = START + MINUTE + 1
    assert isinstance(await append(db, world, person, limit(sell(0, 30), 95), "r", at_ms=at), OrderRow)
    await run_tick(db, world.market, START + 2 * MINUTE)
    at = START + 2 * MINUTE + 1
    first = await append(db, world, person, sell(0, 50), "s1", at_ms=at)
    assert isinstance(first, OrderRow)
    second = await append(db, world, person, sell(0, 21), "s2", at_ms=at)
    assert second == Declined(code="no_tokens", available=20 * MICRO, needed=21 * MICRO, waiting=50 * MICRO)
    assert isinstance(await append(db, world, person, sell(0, 20), "s3", at_ms=at), OrderRow)
    assert isinstance(await append(db, world, person, sell(0, 50), "s1", at_ms=at), OrderRow)  # the same request
    async with db.writing() as uow:
        await uow.orders.withdraw(world.market, person, first.number)
        await uow.commit()
    assert isinstance(await append(db, world, person, sell(0, 50), "s4", at_ms=at), OrderRow)
    await run_tick(db, world.market, START + 3 * MINUTE)
    async with db.reading() as uow:
        rows = await uow.orders.of(world.market, person)
    assert OrderStatus.REFUSED not in {row.status for row in rows}


async def test_of_two_markets_made_at_once_in_a_chat_one_is(db: Database) -> None:
    async with db.writing() as uow:
        chat = await uow.chats.open("room", "town", "room", "Town", START)
        person = await uow.people.identify("room", "ann", "Ann", START)
        await uow.commit()

    async def create(title: str) -> bool:
        async with db.writing() as uow:
            await uow.chats.lock(chat.id)
            there = await uow.markets.of_chat(chat.id)
            await asyncio.sleep(0.05)
            if there is not None and not there.over:
                return False
            await uow.markets.create(
                chat=chat.id, title=title, params=params(), draft={}, creator=person.id, now_ms=START
            )
            await uow.commit()
        return True

    assert sorted(await asyncio.gather(create("One"), create("Two"))) == [False, True]
    async with db.reading() as uow:
        assert [market.status for market in await uow.markets.all()] == [Status.DRAFT]
