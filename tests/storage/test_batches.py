"""Many rows by one statement are written as they are one by one."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from storage.database import Database
from storage.schema import events, outbox, users

EVENTS = insert(events)
WAITING = insert(outbox)
MEMBERS = insert(users)
EVENT = {"market": 1, "tick_id": 1, "ts_ms": 5, "type": "Frozen"}
ROWS = [
    {**EVENT, "event_id": 1, "payload": {"b": [1, None, True], "a": "Ägypten"}},
    {**EVENT, "event_id": 2, "payload": {}},
]


async def test_json_and_nothing_are_written_as_they_are_one_by_one(db: Database) -> None:
    async with db.writing() as uow:
        await uow.markets.lock_all()
        await uow.run_many(EVENTS, [ROWS[0]])
        await uow.run(EVENTS, ROWS[1])
        assert [dict(row) for row in await uow.rows(select(events).order_by(events.c.event_id))] == ROWS


async def test_defaults_and_what_the_statement_says_itself_hold_for_every_row(db: Database) -> None:
    waits: dict[str, object] = {
        "market": None,
        "kind": "board",
        "platform": "room",
        "target": "room",
        "audience": "chat",
    }
    waits |= {"person": None, "ticket": None, "slot": None, "payload": {"n": 1}, "created_ms": 1, "due_ms": 1}
    keyed = [{**waits, "key": key, "salt": ""} for key in ("a", "b")]
    async with db.writing() as uow:
        await uow.run_many(WAITING, keyed)
        rows = await uow.rows(select(outbox).order_by(outbox.c.key))
        assert [(row["attempts"], row["lease_ms"], row["dropped"], row["payload"]) for row in rows] == [
            (0, 0, False, {"n": 1})
        ] * 2
        drop = update(outbox).where(outbox.c.key == bindparam("b_key")).values(dropped=True, attempts=3)
        await uow.run_many(drop, [{"b_key": "a"}, {"b_key": "none"}])
        rows = await uow.rows(select(outbox).order_by(outbox.c.key))
        assert [(row["dropped"], row["attempts"]) for row in rows] == [(True, 3), (False, 0)]
        await uow.run_many(delete(outbox).where(outbox.c.key == bindparam("b_key")), [{"b_key": "a"}, {"b_key": "b"}])
        assert not await uow.rows(select(outbox))


async def test_a_row_that_lacks_a_column_of_the_first_writes_nothing(db: Database) -> None:
    async with db.writing() as uow:
        await uow.markets.lock_all()
        with pytest.raises(KeyError, match="payload"):
            await uow.run_many(EVENTS, [ROWS[0], {name: ROWS[1][name] for name in (*EVENT, "event_id")}])
        assert not await uow.rows(select(events))


async def test_no_rows_are_no_statement(db: Database) -> None:
    async with db.writing() as uow:
        await uow.run_many(MEMBERS, [])
        assert not await uow.rows(select(users))
