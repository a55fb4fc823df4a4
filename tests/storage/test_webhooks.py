"""Addresses that are sent a market's news: which rows of the outbox go to them, and what they are signed with."""

from __future__ import annotations

from storage.database import Database
from storage.records import Notice, NoticeAudience, OutboxRow
from storage.webhooks import NEWS, PLATFORM, Webhook
from tests.storage import worlds
from tests.storage.worlds import START, World

URL = "https://hooks.example.org/{}"


async def added(db: Database, world: World, number: int) -> Webhook:
    async with db.writing() as uow:
        await uow.markets.lock(world.market)
        webhook = await uow.webhooks.add(world.market, world.chat, world.people[0], URL.format(number), START)
        await uow.commit()
    return webhook


async def told(db: Database, world: World, *kinds: str) -> list[OutboxRow]:
    """What waits for webhooks once the chats are told of these."""
    async with db.writing() as uow:
        notices = [Notice(kind=kind, audience=NoticeAudience.CHAT, payload={}, key=kind) for kind in kinds]
        await uow.outbox.add_many(world.market, notices, START)
        await uow.commit()
    async with db.writing() as uow:
        claimed: list[OutboxRow] = []
        while rows := await uow.deliveries.claim([PLATFORM], START, 60_000):
            claimed += rows
            await uow.deliveries.done_many([(row, None) for row in rows], START)
        await uow.commit()
    return claimed


async def test_news_goes_to_each_in_order_and_nothing_else_does(db: Database) -> None:
    world = await worlds.started(db)
    first, second = [await added(db, world, number) for number in (1, 2)]
    kinds = sorted(NEWS)
    rows = await told(db, world, "big_trade", *kinds, "board", "digest")
    for webhook in (first, second):
        assert [row.kind for row in rows if row.target == str(webhook.id)] == kinds
    assert len(rows) == 2 * len(kinds)


async def test_what_has_ended_gets_no_new_rows_and_keeps_its_number_to_itself(db: Database) -> None:
    world = await worlds.started(db)
    ended = await added(db, world, 1)
    async with db.writing() as uow:
        await uow.webhooks.end(ended, START)
        await uow.commit()
    assert await told(db, world, "paused") == []
    again = await added(db, world, 1)
    assert again.id > ended.id
    async with db.reading() as uow:
        assert [webhook.id for webhook in await uow.webhooks.of_market(world.market)] == [again.id]
        assert await uow.webhooks.secret(again) != await uow.webhooks.secret(ended)
        assert await uow.webhooks.secret(again) == await uow.webhooks.secret(again)


async def test_a_market_that_leaves_a_chat_takes_that_chats_webhooks_along(db: Database) -> None:
    world = await worlds.started(db)
    kept = await added(db, world, 1)
    async with db.writing() as uow:
        other = await uow.chats.open("discord", "elsewhere", "group", "Elsewhere", START)
        await uow.markets.lock(world.market)
        await uow.webhooks.add(world.market, other.id, world.people[1], URL.format(2), START)
        await uow.webhooks.end_of_chat(world.market, other.id, START)
        await uow.commit()
    assert {row.target for row in await told(db, world, "resumed")} == {str(kept.id)}
