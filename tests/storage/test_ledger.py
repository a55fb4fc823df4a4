"""The books: entries that do not balance or do not match the engine are refused, and a tampered row is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Update, update

from engine.events import Fill, Gas, Joined, Paid
from engine.risk import InvariantBroken
from engine.state import Account, Side, open_market
from engine.units import MICRO
from scheduler.tick import run_tick
from storage.database import Database
from storage.entries import Posting, check_books, move, tick_entries
from storage.schema import config, ledger, positions, users
from tests.storage.worlds import START, append, buy, params, started

BUY = Fill(
    order="1",
    kind="maker",
    outcome=0,
    side=Side.YES,
    buyer=1,
    seller=None,
    size=2 * MICRO,
    price=500_000,
    amount=MICRO,
    buy_fee=10_000,
)

TABLE = [
    (BUY, {"user:1": -MICRO - 10_000, "house": MICRO + 10_000}),
    (replace(BUY, buyer=None, seller=1, buy_fee=0, sell_fee=7), {"house": -MICRO + 7, "user:1": MICRO - 7}),
    (replace(BUY, seller=2, sell_fee=3), {"user:1": -MICRO - 10_000, "user:2": MICRO - 3, "house": 10_003}),
    (Gas(user=1, amount=5, order="000000000007"), {"user:1": -5, "house": 5}),
    (Joined(user=1, cash=9, first=True), {"bank": -9, "user:1": 9}),
    (Paid(user=1, amount=4, outcome=0, side=Side.NO, tokens=4), {"house": -4, "user:1": 4}),
    (Paid(user=1, amount=4), {"house": -4, "user:1": 4}),
    (Gas(user=1, amount=0, order="1"), {}),
]


@pytest.mark.parametrize(("happened", "sums"), TABLE, ids=lambda one: type(one).__name__)
def test_every_movement_has_two_sides(happened: Fill | Gas | Joined | Paid, sums: dict[str, int]) -> None:
    fills, events = ([(happened, 1)], []) if isinstance(happened, Fill) else ([], [happened])
    found = tick_entries(fills, events)
    totals: dict[str, int] = {}
    for entry in found:
        totals[entry.account] = totals.get(entry.account, 0) + entry.amount
    assert totals == sums
    assert sum(totals.values()) == 0


@pytest.mark.parametrize(
    ("entries", "rule"),
    [
        ([Posting("user:1", 5, "grant", "x")], "ledger_sum"),
        (list(move("bank", "house", 5, "trade", "x")), "ledger_house"),
        (list(move("bank", "user:1", 5, "grant", "x")), "ledger_user"),
        (list(move("bank", "escrow:1", 5, "grant", "x")), "ledger_escrow"),
        (list(move("bank", "user:9", 5, "grant", "x")), "ledger_stranger"),
    ],
)
def test_entries_that_are_not_what_the_engine_did_are_refused(entries: list[Posting], rule: str) -> None:
    state = replace(open_market(params()), accounts={1: Account(cash=7, tokens=((0, 0),) * 3)})
    check_books(state, state, [])
    with pytest.raises(InvariantBroken) as caught:
        check_books(state, state, entries)
    assert caught.value.rule == rule


TAMPERED = [
    update(ledger).where(ledger.c.account == "house", ledger.c.kind == "gas").values(amount=1),
    update(ledger).where(ledger.c.kind == "fee").values(account="house"),
    update(users).values(balance=users.c.balance + 1),
    update(config).values(house=config.c.house - 1),
]


@pytest.mark.parametrize("change", TAMPERED, ids=range(len(TAMPERED)))
async def test_the_audit_finds_a_changed_row(db: Database, change: Update) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    await append(db, world, world.people[0], buy(1, 10), "r", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    async with db.writing() as uow:
        assert (await uow.ledger.audit(world.market)).ok
        await uow.markets.lock_all()
        await uow.run(change)
        found = await uow.ledger.audit(world.market)
    assert not found.ok
    assert found.problems


async def test_a_market_that_has_not_started_has_empty_books(db: Database) -> None:
    world = await started(db)
    async with db.writing() as uow:
        market = await uow.markets.create(
            chat=world.chat, title="Next", params=params(), draft={}, creator=world.people[0], now_ms=START
        )
        assert (await uow.ledger.audit(market.id)).ok
        assert await uow.ledger.total(market.id) == 0


async def test_positions_and_balances_are_the_engines(db: Database) -> None:
    world = await started(db)
    await run_tick(db, world.market, START)
    for number in range(6):
        await append(db, world, world.people[number % 3], buy(number % 3, 7 + number), f"r{number}", at_ms=START + 1)
    await run_tick(db, world.market, START + 2_000)
    async with db.reading() as uow:
        state = await uow.markets.state(world.market)
        members = await uow.members.of(world.market)
        assert {one.person: one.tokens for one in members} == {k: v.tokens for k, v in state.accounts.items()}
        assert {one.person: one.balance for one in members} == {k: v.cash for k, v in state.accounts.items()}
        rows = await uow.rows(positions.select())
        assert {row["tokens"] > 0 for row in rows} == {True}
        sums = await uow.ledger.balances(world.market)
        assert sums["bank"] == -(params().z + 3_000 * MICRO)
