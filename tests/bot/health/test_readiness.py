"""`/readyz`: ready while the work is done; else why not, in sentences that name nobody, cheaply and in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.health import readiness
from bot.health.readiness import Readiness, Report
from bot.health.server import ready_route
from scheduler.tick import halt, run_tick
from storage.clock import ManualClock
from storage.database import Database
from storage.records import Notice, NoticeAudience
from tests.bot.adapters.room.harness import room_harness
from tests.storage import worlds
from tests.storage.databases import migrated_file
from tests.storage.worlds import START, World

SECOND = readiness.SHARED_MS
TITLE, NAME = "Zoo", "Person"  # of the market, and of everybody in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A market in a database, and what is asked about them."""

    db: Database
    clock: ManualClock
    readiness: Readiness
    world: World

    async def report(self) -> Report:
        """A second after the last one."""
        self.clock.advance(readiness.SHARED_MS)
        return await self.readiness.report()

    async def order(self, request: str) -> None:
        person, now_ms = self.world.people[0], self.clock.now_ms()
        await worlds.append(self.db, self.world, person, worlds.buy(), request, at_ms=now_ms, reserve=10**7)

    async def tick(self) -> None:
        await run_tick(self.db, self.world.market, self.clock.now_ms())

    async def notice(self) -> None:
        async with self.db.writing() as uow:
            notice = Notice(kind="board", audience=NoticeAudience.CHAT, payload={})
            await uow.outbox.add(self.world.market, notice, self.clock.now_ms())
            await uow.commit()


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Bot]:
    db = Database.open(migrated_file(path))
    clock = ManualClock(START)
    bot = Bot(db=db, clock=clock, readiness=Readiness(db, clock), world=await worlds.started(db))
    await bot.tick()
    async with db.writing() as uow:  # what the start tells is told
        await uow.deliveries.discard(["room"])
        await uow.commit()
    try:
        yield bot
    finally:
        await bot.readiness.close()
        await db.close()


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with opened(tmp_path / "outcry.db") as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what never comes."""
    monkeypatch.setattr(readiness, "ANSWER_S", 0.01)


async def test_a_bot_that_does_its_work_is_ready(bot: Bot) -> None:
    report = await bot.report()
    assert report.to_json() == {"ready": True, "reasons": [], "halted_markets": []}


async def test_an_order_that_waits_past_its_batch_makes_it_late_until_the_tick(bot: Bot) -> None:
    bot.clock.advance(1_500)
    await bot.order("r1")
    bot.clock.advance(500 + readiness.LATE_MS - 1 - SECOND)  # half a second of the batch interval was left
    assert (await bot.report()).ready
    assert (await bot.report()).reasons == (f"Market {bot.world.market} should have ticked 11 seconds ago.",)
    await bot.tick()
    assert (await bot.report()).ready


async def test_a_step_of_the_timetable_that_nobody_takes_makes_it_late(bot: Bot) -> None:
    bot.clock.advance(10 * worlds.MINUTE + readiness.LATE_MS - SECOND)
    assert (await bot.report()).reasons == (f"Market {bot.world.market} should have ticked 10 seconds ago.",)


async def test_many_late_markets_are_counted_not_listed(bot: Bot) -> None:
    for number in range(readiness.NAMED + 2):
        await worlds.started(bot.db, people=1, chat=f"chat-{number}")
    async with bot.db.writing() as uow:
        for market in await uow.markets.running():
            await uow.actions.append(
                market.id, "control", {"kind": "pause"}, actor=None, request_id=f"p{market.id}", now_ms=START
            )
        await uow.commit()
    bot.clock.advance(60_000)
    reasons = (await bot.report()).reasons
    assert len(reasons) == readiness.NAMED + 1
    assert reasons[-1] == "So should 3 more."


async def test_a_halted_market_is_listed_and_no_reason(bot: Bot) -> None:
    await bot.order("r1")
    await halt(bot.db, bot.world.market, "a test", bot.clock.now_ms())
    bot.clock.advance(3_600_000)
    report = await bot.report()
    assert (report.ready, report.halted) == (True, (bot.world.market,))


async def test_a_scheduler_that_sleeps_is_a_reason(bot: Bot) -> None:
    asleep = readiness.ASLEEP_MS
    bot.readiness.watch_ticks(lambda: asleep)
    assert (await bot.report()).reasons == ("Nobody has looked for markets to tick for 10 seconds.",)
    asleep = SECOND
    assert (await bot.report()).ready


async def test_messages_that_wait_are_a_reason_only_where_nothing_arrives(bot: Bot) -> None:
    delivered = {"room": 0}
    bot.readiness.watch_deliveries(["room"], lambda platform: delivered[platform])
    bot.clock.advance(500)
    await bot.notice()
    bot.clock.advance(readiness.OLD_MS - 1 - SECOND)
    assert (await bot.report()).ready
    assert (await bot.report()).reasons == (
        "Messages to room have been waiting for 61 seconds, and none has arrived for 61 seconds.",
    )
    delivered["room"] = bot.clock.monotonic_ms() + SECOND - readiness.OLD_MS + 1  # one chat is in trouble
    assert (await bot.report()).ready
    bot.readiness.watch_deliveries([], lambda _: 0)  # another process serves the platform
    bot.clock.advance(60_000)
    assert (await bot.report()).ready


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_hangs_is_told_in_time_and_not_before_it_has_hung_for_a_while(bot: Bot) -> None:
    async with bot.db.writing():  # nobody else writes
        assert (await bot.report()).ready, "the last write is but a second old"
        bot.clock.advance(readiness.WRITTEN_MS)
        waited = await bot.report()
        assert waited.reasons == ("The database has not taken a write for 6 seconds.",)
        writes = len(asyncio.all_tasks())
        await bot.report()
        assert len(asyncio.all_tasks()) <= writes, "one write that hangs is enough"
    await asyncio.sleep(0.05)
    assert (await bot.report()).ready


async def test_a_file_that_was_moved_away_is_a_reason_until_it_is_back(bot: Bot) -> None:
    path = Path(str(bot.db.url.database))
    away = path.rename(path.with_name("away.db"))  # noqa: ASYNC240  # a moment
    assert (await bot.report()).reasons == ("The database cannot be used: its file was deleted, moved or replaced.",)
    away.rename(path)
    assert (await bot.report()).ready


async def test_a_database_that_refuses_writes_is_a_reason_and_says_nothing_of_its_insides(bot: Bot) -> None:
    copy = Database.open(bot.db.address, read_only=True)
    asked = Readiness(copy, bot.clock)
    try:
        assert (await asked.report()).reasons == ("The database takes no writes; the log says why.",)
    finally:
        await asked.close()
        await copy.close()


async def test_a_crowd_that_asks_is_answered_by_one_look_a_second(bot: Bot) -> None:
    reports = await asyncio.gather(*(bot.readiness.report() for _ in range(200)))
    assert all(report is reports[0] for report in reports)
    bot.clock.advance(readiness.SHARED_MS - 1)
    assert await bot.readiness.report() is reports[0]
    bot.clock.advance(1)
    assert await bot.readiness.report() is not reports[0]


async def test_who_hangs_up_leaves_the_answer_to_the_others(bot: Bot) -> None:
    first, second = (asyncio.create_task(bot.readiness.report()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).ready


async def test_over_http_a_machine_gets_200_or_503_and_neither_names_nor_titles(tmp_path: Path) -> None:
    async with opened(tmp_path / "outcry.db") as bot:
        (tmp_path / "room").mkdir()
        async with room_harness(tmp_path / "room", more=[ready_route(bot.readiness)]) as room:
            stranger = room.browser()
            good = await stranger.get("readyz")
            assert (good.status, await good.json()) == (200, {"ready": True, "reasons": [], "halted_markets": []})
            await bot.order("r1")
            bot.clock.advance(60_000)
            bad = await stranger.get("readyz")
            assert (bad.status, bad.headers["Cache-Control"]) == (503, "no-store")
            body = await bad.text()
            assert json.loads(body)["reasons"] == ["Market 1 should have ticked 58 seconds ago."]
            assert TITLE not in body
            assert NAME not in body
            assert (await stranger.get("healthz")).status == 200, "alive all the same"
