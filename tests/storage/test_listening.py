"""On PostgreSQL a process is woken by what another commits, whatever program that is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from storage.database import Database
from storage.waking import Subscription, Topic
from tests.bot.harness import HANG_S
from tests.storage.postgres import Server
from tests.storage.worlds import START

BODY = {"text": "hello"}
_END = text(
    "SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity"
    " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
)
CHANGES = (  # a statement wakes, whatever it finds to change
    ("INSERT INTO outbox SELECT * FROM outbox", Topic.OUTBOX),
    ("INSERT INTO room_messages SELECT * FROM room_messages", Topic.ROOM),
    ("UPDATE room_messages SET edited_ms = 2", Topic.ROOM),
    ("UPDATE people SET merged_into = 1 WHERE id = 2", Topic.PEOPLE),
    ("DELETE FROM links WHERE person = 2", Topic.PEOPLE),
    ("UPDATE config SET tick = 2, head = 'a'", Topic.MARKET),
    ("UPDATE config SET status = 'PAUSED'", Topic.MARKET),
    ("UPDATE users SET display_name = 'Ann'", Topic.MARKET),
    ("INSERT INTO users SELECT * FROM users", Topic.MARKET),
    ("INSERT INTO wordings SELECT * FROM wordings", Topic.MARKET),
    ("INSERT INTO alerts SELECT * FROM alerts", Topic.MARKET),
    ("DELETE FROM alerts", Topic.MARKET),
    ("INSERT INTO telegram_inbox SELECT * FROM telegram_inbox", Topic.TELEGRAM_INBOX),
)


@asynccontextmanager
async def listening(db: Database) -> AsyncIterator[dict[Topic, Subscription]]:
    """Once it can be heard what others say; the subscriptions of every topic."""
    subscriptions = {topic: db.subscribe(topic) for topic in Topic}
    db.listen()
    for subscription in subscriptions.values():
        assert await subscription.woken(HANG_S)
    yield subscriptions


@asynccontextmanager
async def two_processes(server: Server) -> AsyncIterator[tuple[Database, Database]]:
    url = await server.create_migrated()
    databases = Database.open(url), Database.open(url)
    try:
        yield databases
    finally:
        for database in databases:
            await database.close()


async def say(db: Database, *statements: str) -> None:
    async with db.writing() as uow:
        for statement in statements:
            await uow.run(text(statement))
        await uow.commit()


async def test_whatever_another_process_writes_wakes_those_who_wait_for_it_and_nobody_else(postgres: Server) -> None:
    async with two_processes(postgres) as (ours, other), listening(ours) as subscriptions:
        for statement, topic in CHANGES:
            await say(other, statement)
            assert await subscriptions[topic].woken(HANG_S), statement
            assert [name for name, waiting in subscriptions.items() if await waiting.woken(0)] == [], statement


async def test_what_is_undone_wakes_nobody(postgres: Server) -> None:
    async with two_processes(postgres) as (ours, other), listening(ours) as subscriptions:
        async with other.writing() as uow:
            await uow.room.append("main", "talk", BODY, now_ms=START)
        await say(other, CHANGES[0][0])
        assert await subscriptions[Topic.OUTBOX].woken(HANG_S)
        assert not await subscriptions[Topic.ROOM].woken(0)


async def test_who_is_who_is_asked_anew_when_another_process_has_changed_it(postgres: Server) -> None:
    async with two_processes(postgres) as (ours, other), listening(ours) as subscriptions:
        async with other.writing() as uow:
            ann = await uow.people.identify("room", "1", "Ann", START)
            bob = await uow.people.identify("room", "2", "Bob", START)
            await uow.commit()
        before = ours.cache.people_changed
        async with other.writing() as uow:
            await uow.personal_data.hold(ann.id, bob.id)
            await uow.personal_data.hold_messages(bob.id)
            await uow.personal_data.merge(ann.id, bob.id)
            await uow.commit()
        assert await subscriptions[Topic.PEOPLE].woken(HANG_S)
        assert ours.cache.people_changed == before + 1


async def test_what_this_process_commits_wakes_it_once(postgres: Server) -> None:
    async with two_processes(postgres) as (ours, other), listening(ours) as subscriptions:
        async with ours.writing() as uow:
            await uow.room.append("main", "talk", BODY, now_ms=START)
            await uow.commit()
        assert await subscriptions[Topic.ROOM].woken(0)
        await say(other, CHANGES[0][0])  # is heard after what was committed before
        assert await subscriptions[Topic.OUTBOX].woken(HANG_S)
        assert not await subscriptions[Topic.ROOM].woken(0)


async def test_after_a_lost_connection_everything_counts_as_changed_and_all_is_heard_again(postgres: Server) -> None:
    async with two_processes(postgres) as (ours, other), listening(ours) as subscriptions:
        async with other.reading() as uow:
            assert await uow.number(_END) == 1
        for subscription in subscriptions.values():
            assert await subscription.woken(HANG_S)
        await say(other, CHANGES[1][0])
        assert await subscriptions[Topic.ROOM].woken(HANG_S)


@pytest.mark.parametrize("closed", [False, True])
async def test_a_database_that_listens_is_closed_like_any_other(postgres: Server, closed: bool) -> None:
    db = Database.open(await postgres.create_migrated())
    db.listen()
    if not closed:
        assert await db.subscribe(Topic.ROOM).woken(HANG_S)
    await db.close()
    other = Database.open(db.address)
    async with other.reading() as uow:
        assert await uow.number(_END) == 0
    await other.close()
