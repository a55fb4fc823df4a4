"""Whoever waits for a topic is woken by the commit that changed it, and by nothing else."""

from __future__ import annotations

import gc

import pytest

from storage.database import Database
from storage.waking import Topic, Waking
from tests.storage.worlds import START, started

BODY = {"text": "hello"}


async def test_a_subscriber_is_woken_by_the_commit_and_not_by_what_was_undone(db: Database) -> None:
    room, outbox = db.subscribe(Topic.ROOM), db.subscribe(Topic.OUTBOX)
    async with db.writing() as uow:
        await uow.room.append("main", "talk", BODY, now_ms=START)
        assert not await room.woken(0)
    assert not await room.woken(0)
    async with db.writing() as uow:
        await uow.room.append("main", "talk", BODY, now_ms=START)
        await uow.commit()
    assert await room.woken(0)
    assert not await room.woken(0)
    assert not await outbox.woken(0)


async def test_whatever_changes_a_market_or_an_account_in_it_wakes_who_looks_at_markets(db: Database) -> None:
    market, looked = db.subscribe(Topic.MARKET), await started(db, people=1)
    assert await market.woken(0)
    async with db.writing() as uow:
        await uow.markets.get(looked.market)
        await uow.commit()
    assert not await market.woken(0)
    async with db.writing() as uow:
        await uow.members.set_barred(looked.market, looked.people[0], "")
        await uow.commit()
    assert await market.woken(0)


async def test_no_subscriber_takes_a_wake_up_from_another() -> None:
    waking = Waking()
    first, second = waking.subscribe(Topic.ROOM), waking.subscribe(Topic.ROOM)
    waking.wake(Topic.ROOM)
    waking.wake(Topic.ROOM)
    assert [await first.woken(0), await second.woken(0), await first.woken(0)] == [True, True, False]
    waking.wake_all()
    assert [await first.woken(0), await second.woken(0)] == [True, True]


async def test_what_is_to_be_done_at_a_change_is_done_before_whoever_waits_goes_on() -> None:
    waking, done = Waking(), list[str]()
    people = waking.subscribe(Topic.PEOPLE)
    waking.call(Topic.PEOPLE, lambda: done.append("forgotten"))
    waking.wake(Topic.ROOM)
    assert not done
    waking.wake(Topic.PEOPLE)
    assert await people.woken(0)
    assert done == ["forgotten"]


async def test_a_subscription_ends_with_its_subscriber() -> None:
    waking = Waking()
    waking.subscribe(Topic.ROOM)
    gc.collect()
    assert not waking._subscriptions[Topic.ROOM]


@pytest.mark.parametrize("topic", Topic)
async def test_every_topic_can_be_waited_for(topic: Topic, db: Database) -> None:
    assert not await db.subscribe(topic).woken(0)
