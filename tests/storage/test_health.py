"""What a running bot's health is read from, on both databases."""

from __future__ import annotations

from scheduler.tick import halt, run_tick
from storage.database import Database
from storage.health import MarketHealth, PlatformBacklog
from storage.records import Notice, NoticeAudience
from tests.storage import worlds
from tests.storage.worlds import START


async def markets(db: Database) -> list[MarketHealth]:
    async with db.reading() as uow:
        return await uow.health.markets()


async def backlogs(db: Database) -> list[PlatformBacklog]:
    async with db.reading() as uow:
        return await uow.health.backlogs()


async def test_a_market_tells_what_waits_since_when_and_what_the_house_risked_last(db: Database) -> None:
    world = await worlds.started(db)
    await run_tick(db, world.market, START + 2_000)
    quiet = (await markets(db))[0]
    assert (quiet.orders, quiet.waiting_ms, quiet.risk) == (0, None, 0)
    for number, at_ms in enumerate((START + 5_000, START + 4_500)):
        await worlds.append(db, world, world.people[0], worlds.buy(tokens=20), f"r{number}", at_ms=at_ms, reserve=10**7)
    waiting = (await markets(db))[0]
    assert (waiting.orders, waiting.waiting_ms) == (2, START + 4_500)
    await run_tick(db, world.market, START + 6_000)
    traded = (await markets(db))[0]
    async with db.reading() as uow:
        latest = await uow.metrics.latest(world.market)
    assert latest is not None
    assert (traded.orders, traded.waiting_ms, traded.risk) == (0, None, latest.mm_risk)
    assert traded.risk != 0


async def test_halted_markets_are_among_them_and_those_that_ended_or_have_not_started_are_not(db: Database) -> None:
    world, _ = await worlds.started(db), await worlds.lobby(db, chat="later")
    await halt(db, world.market, "a test", START)
    assert [(row.market.id, row.market.halted) for row in await markets(db)] == [(world.market, "a test")]
    async with db.writing() as uow:
        await uow.actions.append(
            world.market, "control", {"kind": "void"}, actor=world.people[0], request_id="v", now_ms=START
        )
        await uow.commit()
    await run_tick(db, world.market, START + 2_000)
    assert await markets(db) == []


async def test_the_backlog_counts_by_platform_what_can_still_arrive(db: Database) -> None:
    world = await worlds.started(db)
    async with db.writing() as uow:
        lost = await uow.chats.open("discord", "lost", "group", "Lost", START)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, lost.id)
        notice = Notice(kind="board", audience=NoticeAudience.CHAT, payload={})
        for at_ms in (START + 7_000, START + 3_000):
            await uow.outbox.add(world.market, notice, at_ms)
        await uow.commit()
    assert await backlogs(db) == [
        PlatformBacklog(platform="discord", rows=2, oldest_ms=START + 3_000),
        PlatformBacklog(platform="room", rows=2, oldest_ms=START + 3_000),
    ]
    async with db.writing() as uow:
        await uow.chats.mark_lost(lost.id, "chat", START)
        [row, *_] = await uow.deliveries.claim(["room"], START + 9_000, 1_000)
        await uow.deliveries.drop(row, "blocked")
        await uow.commit()
    assert [(row.platform, row.rows) for row in await backlogs(db)] == [("room", 1)]
