"""One order of locks for every unit; what meets somebody else's lock all the same is done again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Executable, delete, insert, select, text, update

from storage.again import again
from storage.database import Database
from storage.lock_order import BY_THEMSELVES, ORDER, UNDER_A_MARKET, LockOrder, LockOrderError
from storage.schema import config, metadata, orders, outbox, people, tickets
from storage.session import upsert
from tests.paths import ROOT
from tests.storage.postgres import Server
from tests.storage.worlds import started

LOCKED_ALONE = {"secrets"}  # made once, at its first need, and never changed
UPSERT = upsert("postgresql", outbox, ["key"], ["key", "payload"])


def test_every_table_has_its_place_in_the_order_and_the_manual_tells_it() -> None:
    placed = {*ORDER, *UNDER_A_MARKET, *BY_THEMSELVES, *LOCKED_ALONE}
    assert set(metadata.tables) <= placed
    manual = (ROOT / "storage/README.md").read_text(encoding="utf-8")
    missing = [name for name in ORDER if name in metadata.tables and f"`{name}`" not in manual]
    assert not missing


@pytest.mark.parametrize(
    ("first", "then", "refused"),
    [
        (update(people), update(tickets), ""),
        (update(tickets), update(people), "people must be locked before tickets"),
        (delete(outbox), update(tickets), "tickets must be locked before outbox"),
        (UPSERT, update(tickets), "tickets must be locked before outbox"),
        (insert(outbox), update(tickets), ""),  # a row of its own
        (select(outbox), update(tickets), ""),
        (update(people), update(orders), "orders is written under the lock of a market"),
        (insert(config), update(config), "config is written under the lock of a market"),
    ],
)
def test_a_unit_that_goes_back_in_the_order_is_refused(first: Executable, then: Executable, refused: str) -> None:
    locks = LockOrder()
    locks.check(first)
    if not refused:
        locks.check(then)
        return
    with pytest.raises(LockOrderError, match=refused):
        locks.check(then)


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ("market 1, market 2", ""),
        ("market 2, market 1", "market 1 must be locked before market 2"),
        ("market 2, market 2", ""),
        ("take outbox, market 1", "config must be locked before outbox"),
        ("take people, take outbox, take people", "people must be locked before outbox"),
        ("hold people, take outbox, take people", ""),
        ("market 1, need 2", "market 2 must be locked for this"),
    ],
)
def test_markets_are_locked_by_number_and_what_was_held_ahead_may_be_written_late(steps: str, refused: str) -> None:
    locks = LockOrder()
    *before, last = steps.split(", ")
    for step in before:
        _step(locks, step)
    if not refused:
        _step(locks, last)
        return
    with pytest.raises(LockOrderError, match=refused):
        _step(locks, last)


def _step(locks: LockOrder, step: str) -> None:
    verb, what = step.split()
    if verb == "market":
        locks.take_markets([int(what)])
    elif verb == "need":
        locks.need(int(what))
    elif verb == "take":
        locks.take(what)
    else:
        locks.hold(what)


async def test_what_the_server_rolls_back_for_somebody_else_is_done_again_and_nobody_hears_of_it(
    postgres: Server,
) -> None:
    db = Database.open(await postgres.create_migrated())
    try:
        world = await started(db, people=2)
        both, tries, (first, second) = asyncio.Barrier(2), [0, 0], world.people

        async def lock(mine: int, *accounts: int) -> None:
            tries[mine] += 1
            async with db.writing() as uow:  # statements of its own, past the order that would refuse them
                await uow.connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
                for account in accounts:
                    await uow.connection.execute(update(people).where(people.c.id == account).values(market=mine))
                    if tries[mine] == 1 and account == accounts[0]:
                        await both.wait()
                await uow.commit()

        await asyncio.gather(again(lambda: lock(0, first, second)), again(lambda: lock(1, second, first)))
        assert max(tries) > 1, "one of them is undone, and done again; the other too where the server wakes it late"
    finally:
        await db.close()
