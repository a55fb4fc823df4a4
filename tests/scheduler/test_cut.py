"""A cut through the real tick on both databases: every table is that of a market which never got the orders."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.events import ControlRefused, Cut, Reason
from engine.state import Side, Status, fingerprint
from engine.units import MICRO
from scheduler.tick import TickReport, run_tick
from storage.cutting import GivenUpError, work_out
from storage.database import Database
from storage.export import write_trades
from storage.records import ActionRow, OrderDraft, OrderRow, OrderStatus, Payload
from storage.schema import lob_pools, orders, positions, trades, users
from storage.tick_rows import Row
from storage.verify import Verified, verify
from tests.storage.worlds import MINUTE, START, World, append, buy, limit, params, sell, started

ROUNDS = [{"freeze_at": 50 * MINUTE, "decide_at": 60 * MINUTE, "winner": "ask"}]
T = START + 3 * MINUTE
LATE = START + 4 * MINUTE


async def act(db: Database, world: World, at_ms: int, kind: str, body: Payload | None = None) -> ActionRow:
    control = kind in ("freeze", "resume", "resolve", "cut")
    payload: Payload = {"kind": kind, "outcomes": [], **(body or {})} if control else body or {}
    async with db.writing() as uow:
        request = f"{world.market}-{kind}-{at_ms}"
        done = await uow.actions.append(
            world.market, "control" if control else kind, payload, actor=None, request_id=request, now_ms=at_ms
        )
        await uow.commit()
    assert isinstance(done, ActionRow)
    return done


async def order(db: Database, world: World, who: int, draft: OrderDraft, name: str, at_ms: int) -> None:
    await append(db, world, world.people[who], draft, f"{name}-{world.market}", at_ms=at_ms)


async def early(db: Database, chat: str) -> World:
    """Ann and Bee trade and have orders in the book, Cat has a sale in it."""
    world = await started(db, terms=params(rounds=ROUNDS), chat=chat)
    await run_tick(db, world.market, START)
    await order(db, world, 0, buy(0, 40), "a1", START + MINUTE)
    await order(db, world, 1, limit(buy(0, 30), 30), "b1", START + MINUTE + 1)
    await order(db, world, 2, buy(1, 20), "c1", START + MINUTE + 2)
    await run_tick(db, world.market, START + 2 * MINUTE)
    await order(db, world, 2, limit(sell(1, 15), 45), "c2", START + 2 * MINUTE + 1)
    await order(db, world, 1, limit(buy(2, 10), 20), "b2", START + 2 * MINUTE + 2)
    await run_tick(db, world.market, T - 1)
    return world


async def late(db: Database, world: World) -> None:
    """After the moment: one who knows sells into Bee's order, takes Cat's, buys all they can and waits for more."""
    await order(db, world, 0, sell(0, 30), "a2", LATE)
    await order(db, world, 0, buy(1, 15), "a3", LATE + 1)
    await order(db, world, 0, limit(buy(1, 5), 40), "a4", LATE + 2)
    await order(db, world, 0, buy(1, 10**6), "a5", LATE + 3)
    await run_tick(db, world.market, LATE + 4)
    await order(db, world, 0, buy(1, 400), "a6", LATE + 5)
    await run_tick(db, world.market, LATE + 6)


async def common(db: Database, world: World) -> None:
    """Whatever else happened: it is no order, so it stays."""
    await act(db, world, LATE + 10, "join", {"user": world.people[2], "cash": 5 * MICRO})
    await act(db, world, LATE + 11, "cancel", {"user": world.people[1], "order": None})
    await run_tick(db, world.market, LATE + 12)
    await act(db, world, LATE + 20, "freeze")
    await run_tick(db, world.market, LATE + 20)


async def cut(db: Database, world: World, at_ms: int, moment_ms: int = T) -> TickReport:
    await act(db, world, at_ms, "cut", {"moment": moment_ms - START})
    return await run_tick(db, world.market, at_ms)


async def tables(db: Database, world: World) -> dict[str, list[Row]]:
    """All that must be the same, whatever the numbers of rows: people as members count, orders by their request."""
    member: Row = {str(person): place for place, person in enumerate(world.people)}
    found: dict[str, list[Row]] = {}
    async with db.reading() as uow:
        for table in (orders, users, positions, lob_pools, trades):
            rows = await uow.rows(select(table).where(table.c.market == world.market).order_by(*table.primary_key))
            found[table.name] = [dict(row) for row in rows]
    names: Row = {str(row["number"]): row["request_id"].rpartition("-")[0] for row in found["orders"]}
    found["orders"] = [row for row in found["orders"] if row["status"] != "cut"]
    found["trades"] = [row for row in found["trades"] if row["undone_tick"] is None]
    found["positions"] = [row for row in found["positions"] if row["tokens"]]
    renamed = {"user": member, "buy_user": member, "sell_user": member, "order": names, "resting": names}
    for row in (row for rows in found.values() for row in rows):
        for column in NUMBERS & row.keys():
            del row[column]
        for column in renamed.keys() & row.keys():
            row[column] = renamed[column].get(str(row[column]))
        if "shares" in row:
            row["shares"] = {member[person]: size for person, size in row["shares"].items()}
    return found


NUMBERS = {"market", "number", "request_id", "tick_id", "ts_ms", "accepted_ms", "trade_id", "display_name"}


async def test_every_table_is_that_of_a_market_which_never_got_the_orders(db: Database) -> None:
    world, twin = await early(db, "town"), await early(db, "twin")
    await late(db, world)
    await common(db, world)
    await common(db, twin)
    report = await cut(db, world, LATE + 30)
    assert [type(event) for event in report.events] == [Cut]
    assert await tables(db, world) == await tables(db, twin)
    async with db.reading() as uow:
        states = [await uow.markets.state(await uow.markets.get_one(each.market)) for each in (world, twin)]
        markets = [await uow.markets.get_one(each.market) for each in (world, twin)]
        assert markets[0].volume == markets[1].volume
        assert (await uow.ledger.audit(world.market)).ok
        kinds = {row.kind for row in await uow.ledger.entries(world.market) if row.tick == report.tick}
        assert kinds == {"cut"}
        counts = [await uow.trades.activity(each.market) for each in (world, twin)]
        assert counts[0] == counts[1]
    assert [account.cash for account in states[0].accounts.values()] == [
        account.cash for account in states[1].accounts.values()
    ]
    db.cache.forget(world.market)  # and as it is loaded from its rows
    async with db.reading() as uow:
        loaded = await uow.markets.state(await uow.markets.get_one(world.market))
        assert fingerprint(loaded) == fingerprint(states[0])
    for result in await verify(db):
        assert isinstance(result, Verified), result


async def test_what_never_was_is_marked_and_left_out_of_the_file(db: Database) -> None:
    world = await early(db, "town")
    await late(db, world)
    await common(db, world)
    async with db.reading() as uow:
        held = await uow.trades.count(world.market)
    report = await cut(db, world, LATE + 30)
    async with db.reading() as uow:
        rows = {row.request_id.rpartition("-")[0]: row for row in await _orders(db, world)}
        assert {name for name, row in rows.items() if row.status is OrderStatus.CUT} == {"a2", "a3", "a4", "a5", "a6"}
        gone = [rows[name] for name in ("a2", "a3", "a4", "a5", "a6")]
        assert all((row.amount, row.fee, row.gas, row.remaining) == (0, 0, 0, row.draft.size) for row in gone)
        assert (rows["b1"].status, rows["b1"].amount) == (
            OrderStatus.CANCELLED,
            0,
        )
        assert (rows["c2"].status, rows["c2"].remaining) == (OrderStatus.RESTING, 15 * MICRO)
        assert await uow.trades.count(world.market) == 2 < held
        marks = await uow.rows(select(trades.c.undone_tick).where(trades.c.undone_tick.is_not(None)))
        assert {row["undone_tick"] for row in marks} == {report.tick}
        out = Lines()
        assert await write_trades(uow, await uow.markets.get_one(world.market), out) == 2


class Lines(list[str]):
    def write(self, text: str, /) -> object:
        self.append(text)
        return len(text)


async def _orders(db: Database, world: World) -> list[OrderRow]:
    async with db.reading() as uow:
        return [row for person in world.people for row in await uow.orders.of(world.market, person)]


async def test_an_order_that_a_freeze_refused_stays_refused(db: Database) -> None:
    world = await early(db, "town")
    await order(db, world, 0, buy(0, 5), "a2", LATE)
    await order(db, world, 1, buy(0, 7), "b3", LATE + 1)
    await run_tick(db, world.market, LATE + 2)
    await act(db, world, LATE + 3, "freeze")
    await order(db, world, 2, buy(0, 6), "c3", LATE + 4)
    await run_tick(db, world.market, LATE + 5)
    await cut(db, world, LATE + 30)
    async with db.reading() as uow:
        refused = await uow.orders.by_request(f"c3-{world.market}")
        undone = await uow.orders.by_request(f"a2-{world.market}")
    assert undone is not None
    assert refused is not None
    assert undone.status is OrderStatus.CUT
    assert (refused.status, refused.reason, refused.remaining) == (OrderStatus.REFUSED, "frozen", refused.draft.size)
    (checked,) = await verify(db, world.market)
    assert isinstance(checked, Verified)


async def test_trading_goes_on_after_a_cut_and_a_second_one_goes_on_from_it(db: Database) -> None:
    world, twin = await early(db, "town"), await early(db, "twin")
    await late(db, world)
    for each in (world, twin):
        await common(db, each)
    await cut(db, world, LATE + 30)
    for each in (world, twin):
        await act(db, each, LATE + 40, "resume")
        await run_tick(db, each.market, LATE + 40)
        await order(db, each, 2, buy(2, 12, Side.NO), "d1", LATE + 50)
        await run_tick(db, each.market, LATE + 50)
    await order(db, world, 1, buy(0, 70), "d2", LATE + 60)
    await run_tick(db, world.market, LATE + 60)
    for each in (world, twin):
        await act(db, each, LATE + 70, "freeze")
        await run_tick(db, each.market, LATE + 70)
    assert (await cut(db, world, LATE + 80, LATE + 55)).tick is not None
    assert await tables(db, world) == await tables(db, twin)
    for result in await verify(db):
        assert isinstance(result, Verified), result


async def test_a_cut_worked_out_before_is_carried_out_as_it_is_and_anew_where_the_market_moved_on(db: Database) -> None:
    world = await early(db, "town")
    await late(db, world)
    await common(db, world)
    branch = await work_out(db, world.market, T - START)
    assert branch is not None
    assert await work_out(db, world.market, T - START) is branch
    await act(db, world, LATE + 25, "cancel", {"user": world.people[2], "order": None})
    await run_tick(db, world.market, LATE + 25)
    anew = await work_out(db, world.market, T - START)
    assert anew is not None
    assert anew is not branch
    assert [type(event) for event in (await cut(db, world, LATE + 30)).events] == [Cut]
    async with db.reading() as uow:
        assert (await uow.ledger.audit(world.market)).ok


async def test_a_refused_cut_changes_nothing_and_says_why(db: Database) -> None:
    world = await early(db, "town")
    await late(db, world)
    report = await cut(db, world, LATE + 30)
    assert [event.reason for event in report.events if isinstance(event, ControlRefused)] == [Reason.NOT_FROZEN]
    async with db.reading() as uow:
        assert (await uow.markets.get_one(world.market)).status is Status.RUNNING
    assert isinstance((await verify(db))[0], Verified)


async def test_a_process_that_stops_gives_up_working_and_nothing_is_written(db: Database) -> None:
    world = await early(db, "town")
    await late(db, world)
    await common(db, world)
    with pytest.raises(GivenUpError):
        await work_out(db, world.market, T - START, given_up=lambda: True)
    await act(db, world, LATE + 30, "cut", {"moment": T - START})
    assert (await run_tick(db, world.market, LATE + 30, given_up=lambda: True)).tick is None
    assert [type(event) for event in (await run_tick(db, world.market, LATE + 31)).events] == [Cut]
