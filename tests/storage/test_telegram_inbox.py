"""What Telegram reports is kept once, until it is done with."""

from __future__ import annotations

from storage import telegram_inbox
from storage.database import Database
from storage.records import Payload
from storage.schema import telegram_inbox as table
from storage.telegram_inbox import NUMBER_KEPT_MS, StoredUpdate
from storage.waking import Topic

NOW_MS = 1_790_000_000_000


def update_of(number: int, text: str = "hello", person: str | None = "7") -> StoredUpdate:
    return StoredUpdate(update_id=number, payload=f'{{"text":"{text}\\u0000"}}', person=person)


async def add(db: Database, *updates: StoredUpdate, now_ms: int = NOW_MS) -> None:
    async with db.writing() as uow:
        await uow.telegram_inbox.add(updates, now_ms)
        await uow.commit()


async def done_with(db: Database, *numbers: int) -> None:
    async with db.writing() as uow:
        await uow.telegram_inbox.done_with(numbers)
        await uow.commit()


async def waiting(db: Database, most: int = 100, of_one: int = 100) -> list[int]:
    async with db.reading() as uow:
        return [item.update_id for item in await uow.telegram_inbox.waiting(most, of_one)]


async def rows(db: Database) -> list[Payload]:
    async with db.reading() as uow:
        return [dict(row) for row in await uow.rows(table.select().order_by(table.c.update_id))]


async def test_updates_wait_in_the_order_of_their_numbers_and_wake_whoever_works(db: Database) -> None:
    arrived = db.subscribe(Topic.TELEGRAM_INBOX)
    await add(db, update_of(12), update_of(2**62))
    assert await arrived.woken(0)
    await add(db, update_of(11))
    assert await waiting(db) == [11, 12, 2**62]
    assert await waiting(db, most=2) == [11, 12]


async def test_who_is_loud_is_not_before_everybody_else(db: Database) -> None:
    await add(db, *(update_of(number) for number in range(40)), update_of(40, person="8"))
    await add(db, *(update_of(number, person=None) for number in (41, 42, 43)))
    assert await waiting(db, most=6, of_one=2) == [0, 1, 40, 41, 42, 43]
    await done_with(db, 0, 1)
    assert await waiting(db, most=3, of_one=2) == [2, 3, 40]


async def test_an_update_that_comes_again_is_the_same_row_also_when_it_is_done_with(db: Database) -> None:
    await add(db, update_of(1, "first"), update_of(2))
    await add(db, update_of(1, "again"), update_of(3))
    assert (await rows(db))[0]["payload"] == update_of(1, "first").payload
    await done_with(db, 1, 3)
    await add(db, update_of(3), update_of(1, "again"))
    assert await waiting(db) == [2]


async def test_nothing_that_was_said_is_kept_once_it_is_done_with(db: Database) -> None:
    await add(db, update_of(1))
    await done_with(db, 1)
    assert await rows(db) == [{"update_id": 1, "person": None, "payload": None, "received_ms": NOW_MS}]


async def test_numbers_are_kept_as_long_as_they_may_come_again_and_what_waits_for_ever(db: Database) -> None:
    await add(db, update_of(1), update_of(2))
    await done_with(db, 1)
    for late_ms, left in ((NUMBER_KEPT_MS, [1, 2]), (NUMBER_KEPT_MS + 1, [2])):
        async with db.writing() as uow:
            await uow.telegram_inbox.forget_numbers(NOW_MS + late_ms)
            await uow.commit()
        assert [row["update_id"] for row in await rows(db)] == left


async def test_there_is_room_for_so_many_and_no_more(db: Database) -> None:
    most = telegram_inbox.MOST_WAITING
    await add(db, *(update_of(number) for number in range(most - 1)))
    async with db.reading() as uow:
        assert [await uow.telegram_inbox.has_room(count) for count in (1, 2)] == [True, False]
    await add(db, update_of(most))
    await done_with(db, 5, 6)
    async with db.reading() as uow:
        assert [await uow.telegram_inbox.has_room(count) for count in (2, 3)] == [True, False]
