"""Who is told what of a tick."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.state import Side
from engine.units import MICRO
from scheduler.pace import Pace
from scheduler.reminders import run_reminders
from scheduler.tick import run_tick
from storage.database import Database
from storage.rankings import standings
from storage.records import NoticeAudience, OrderRow, OutboxRow
from tests.scheduler.test_tick import act, control
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, params, sell, started


async def drain(db: Database) -> list[OutboxRow]:
    """Everything waiting, in the order it was written."""
    found: list[OutboxRow] = []
    async with db.writing() as uow:
        while rows := await uow.deliveries.claim(["room"], START + 10**9, 1_000, 500):
            for row in rows:
                found.append(row)
                await uow.deliveries.done(row, None, START)
        await uow.commit()
    return sorted(found, key=lambda row: row.id)


def kinds(rows: list[OutboxRow], audience: NoticeAudience) -> list[str]:
    return [row.kind for row in rows if row.audience is audience]


async def test_the_first_tick_tells_that_trading_began(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    rows = await drain(db)
    assert kinds(rows, NoticeAudience.CHAT) == ["started", "board"]
    assert rows[0].payload == {"people": 3, "late_ms": 0}


async def test_each_order_is_answered_to_its_owner_alone_filled_or_not(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    await run_tick(db, world.market, START)
    await drain(db)
    await append(db, world, ann, buy(1, 10), "r1", at_ms=START + 1)
    await append(db, world, bob, sell(1, 10), "r2", at_ms=START + 2)
    await run_tick(db, world.market, START + 2_000)
    rows = await drain(db)
    assert [(row.person, row.payload["order"]) for row in rows if row.kind == "order"] == [(ann, 4), (bob, 5)]
    assert kinds(rows, NoticeAudience.CHAT) == ["board"]


async def test_a_tick_in_which_nothing_happened_tells_nothing(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await drain(db)
    await run_tick(db, world.market, START + 2_000)
    assert await drain(db) == []


async def test_a_round_and_the_end_are_told_in_order_with_their_numbers(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    await run_tick(db, world.market, START)
    await act(db, world, "join", {"user": ann, "cash": 5_000 * MICRO}, START + 1)
    await append(db, world, bob, buy(1, 50), "r2", at_ms=START + 3)
    await run_tick(db, world.market, START + 2_000)
    await drain(db)
    await append(db, world, ann, buy(0, 300, Side.NO), "r1", at_ms=START + 3_000)
    await run_tick(db, world.market, START + 4_000)
    rows = await drain(db)
    (big,) = [row for row in rows if row.kind == "big_trade"]
    assert (big.payload["outcome"], big.payload["size"], big.person) == (0, 300 * MICRO, None)

    await run_tick(db, world.market, START + 10 * MINUTE)
    (frozen,) = [row for row in await drain(db) if row.kind == "frozen"]
    assert frozen.payload == {
        "round": 0,
        "at_ms": START + 10 * MINUTE,
        "decide_ms": START + 20 * MINUTE,
        "final": False,
        "late_ms": 0,
        "takes": 1,
    }

    await run_tick(db, world.market, START + 20 * MINUTE)
    rows = await drain(db)
    assert [kind for kind in kinds(rows, NoticeAudience.CHAT) if kind != "board"] == ["eliminated", "resumed"]
    (out,) = [row.payload for row in rows if row.kind == "eliminated"]
    assert (out["outcomes"], out["paid"], out["holders_no"], out["late_ms"]) == ([0], 300 * MICRO, 1, 0)
    (paid,) = [row for row in rows if row.kind == "paid"]
    assert (paid.person, paid.payload) == (ann, {"total": 300 * MICRO, "paid": [[0, "no", 300 * MICRO, 300 * MICRO]]})

    await run_tick(db, world.market, START + 40 * MINUTE)
    rows = await drain(db)
    (end,) = [row.payload for row in rows if row.kind == "resolved"]
    async with db.reading() as uow:
        market, members = await uow.markets.get_one(world.market), await uow.members.of(world.market)
        ranked = [row for row in standings(market, await uow.markets.state(market), members) if row.rank is not None]
    assert end["podium"] == [[row.rank, row.person, row.gain, row.final] for row in ranked]
    assert end["winners"] == [1]


async def test_a_void_refunds_in_private_and_is_told_in_public(db: Database) -> None:
    world = await started(db)
    ann = world.people[0]
    await run_tick(db, world.market, START)
    await append(db, world, ann, buy(1, 10), "r1", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    await drain(db)
    await control(db, world, "void", START + 3_000)
    await run_tick(db, world.market, START + 4_000)
    rows = await drain(db)
    (refund,) = [row for row in rows if row.kind == "refunded"]
    (voided,) = [row for row in rows if row.kind == "voided"]
    assert [[refund.person, refund.payload["amount"]]] == voided.payload["amounts"]
    assert (refund.person, voided.audience) == (ann, NoticeAudience.CHAT)


async def test_a_refused_control_is_told_to_who_asked(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await drain(db)
    await control(db, world, "eliminate", START + 1_000, 0, 1)
    await run_tick(db, world.market, START + 2_000)
    (row,) = [row for row in await drain(db) if row.kind == "refused"]
    assert (row.person, row.payload["reason"]) == (world.people[0], "too_few_left")


async def _asking(db: Database) -> World:
    rounds = [
        {"freeze_at": 10 * MINUTE, "decide_at": 20 * MINUTE, "count": 1, "losers": "ask"},
        {"freeze_at": 900 * MINUTE, "decide_at": 901 * MINUTE, "winner": "ask"},
    ]
    world = await started(db, terms=params(rounds=rounds))
    for at in (0, 10, 20):
        await run_tick(db, world.market, START + at * MINUTE)
    return world


async def test_admins_are_asked_for_a_round_and_reminded_until_they_answer(db: Database) -> None:
    world = await _asking(db)
    (asked,) = [row for row in await drain(db) if row.kind == "round_asked"]
    assert (asked.audience, asked.payload["count"], asked.payload["again"]) == (NoticeAudience.ADMINS, 1, False)
    told = []
    for minutes in range(21, 45):
        await run_reminders(db, world.market, START + minutes * MINUTE, Pace(remind_ms=10 * MINUTE))
        told += [minutes for row in await drain(db) if row.kind == "round_asked"]
    assert told == [31, 41]
    await control(db, world, "eliminate", START + 45 * MINUTE, 2)
    await run_tick(db, world.market, START + 45 * MINUTE)
    await drain(db)
    for minutes in range(46, 60):
        await run_reminders(db, world.market, START + minutes * MINUTE, Pace(remind_ms=10 * MINUTE))
    assert [row.kind for row in await drain(db) if row.kind == "round_asked"] == []


async def test_a_late_decision_is_told_to_the_chat_once_however_often_admins_are_reminded(db: Database) -> None:
    world = await _asking(db)
    rows = []
    for minutes in range(20, 45):
        await run_reminders(db, world.market, START + minutes * MINUTE, Pace(remind_ms=10 * MINUTE))
        rows += [(minutes, row) for row in await drain(db) if row.kind == "overdue"]
    ((minutes, told),) = rows
    assert (minutes, told.audience, told.payload["round"]) == (21, NoticeAudience.CHAT, 0)
    assert told.payload["at_ms"] == START + 20 * MINUTE


async def test_a_market_gone_quiet_still_gets_its_digest(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 10), "r1", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    await drain(db)
    assert await run_reminders(db, world.market, START + 9 * MINUTE, Pace(countdown_ms=0)) == 0
    assert await run_reminders(db, world.market, START + 10 * MINUTE, Pace(countdown_ms=0)) == 1
    assert [row.kind for row in await drain(db)] == ["digest"]
    assert await run_reminders(db, world.market, START + 10 * MINUTE, Pace(countdown_ms=0)) == 0


async def _big_trades(db: Database) -> list[dict[str, Any]]:
    return [dict(row.payload) for row in await drain(db) if row.kind == "big_trade"]


async def test_a_big_trade_is_what_that_order_itself_traded(db: Database) -> None:
    """Not the other leg of a mint, and not what auto-fills it set off traded: those are others' trades."""
    world = await started(db, terms=params(starting_balance=2_000))
    ann, bob, cy = world.people
    await run_tick(db, world.market, START)
    await append(db, world, ann, limit(buy(0, 300, Side.NO), 50), "mint", at_ms=START + 1)
    await append(db, world, cy, limit(buy(2, 300), 33, autofill=True), "fill", at_ms=START + 2)
    await run_tick(db, world.market, START + 2_000)
    await drain(db)
    row = await append(db, world, bob, buy(0, 2_500), "big", at_ms=START + 2_001)
    await run_tick(db, world.market, START + 4_000)
    (big,) = await _big_trades(db)
    assert isinstance(row, OrderRow)
    async with db.reading() as uow:
        done = await uow.orders.get(world.market, row.number)
        legs = [trade for trade in await uow.trades.all(world.market) if trade.order == row.number]
        ticks = await uow.ticks.last(world.market, 2)
    assert done is not None
    assert {"mint", "autofill"} <= {leg.kind for leg in legs if leg.resting is not None}, "there were others' legs"
    assert sum(leg.amount for leg in legs) > big["amount"]
    assert (big["size"], big["amount"]) == (done.done, done.amount - done.fee)
    assert (big["yes_before"], big["yes_after"]) == (ticks[1].yes[0], ticks[0].yes[0])


async def test_a_big_trade_met_in_the_book_is_told_once(db: Database) -> None:
    world = await started(db)
    ann, bob, _ = world.people
    await run_tick(db, world.market, START)
    await append(db, world, ann, buy(0, 400), "r1", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    await append(db, world, ann, limit(sell(0, 400), 40), "r2", at_ms=START + 2_001)
    await run_tick(db, world.market, START + 4_000)
    await drain(db)
    await append(db, world, bob, limit(buy(0, 400), 41), "r3", at_ms=START + 4_001)
    await run_tick(db, world.market, START + 6_000)
    (big,) = await _big_trades(db)
    assert (big["buy"], big["size"]) == (True, 400 * MICRO)


async def test_the_move_of_a_big_trade_ends_where_a_round_of_its_tick_begins(db: Database) -> None:
    world = await started(db)
    ann = world.people[0]
    await run_tick(db, world.market, START)
    await append(db, world, ann, buy(1, 350), "r1", at_ms=START + 1)
    await run_tick(db, world.market, START + 20 * MINUTE)
    rows = await drain(db)
    told: dict[str, Any] = {row.kind: row.payload for row in rows}
    big, out = told["big_trade"], told["eliminated"]
    before = {number: yes for number, yes, _ in out["prices_before"]}
    after = {number: yes for number, yes, _ in out["prices_after"]}
    assert big["yes_after"] == before[1] != after[1]


async def test_less_than_a_cent_is_no_news(db: Database) -> None:
    """An order that waits gets a few thousandths of a token of what its pool trades."""
    world = await started(db)
    ann, bob, cy = world.people
    await run_tick(db, world.market, START)
    await append(db, world, ann, limit(buy(0, 300, Side.NO), 66), "r1", at_ms=START + 1)
    small = await append(db, world, cy, replace(limit(buy(0, 1, Side.NO), 66), size=20_000), "r2", at_ms=START + 2)
    await run_tick(db, world.market, START + 2_000)
    await drain(db)
    await append(db, world, bob, limit(buy(0, 100), 36), "r3", at_ms=START + 2_001)
    await run_tick(db, world.market, START + 4_000)
    assert {row.person for row in await drain(db) if row.kind == "order"} == {ann, bob}
    assert isinstance(small, OrderRow)
    async with db.reading() as uow:
        after = await uow.orders.get(world.market, small.number)
    assert after is not None
    assert 0 < after.done < 20_000, "it did trade"
