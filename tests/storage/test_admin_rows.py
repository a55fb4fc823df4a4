"""What admins see and set: codes, a chat's settings, the log by pages, what waits to leave, how long ticks took."""

from __future__ import annotations

from scheduler.tick import run_tick
from storage.chats import ChatSettings
from storage.database import Database
from storage.key_value import DAY_MS
from storage.records import Notice, NoticeAudience
from tests.storage.worlds import START, lobby, started


async def test_a_code_is_good_once_in_time_and_for_its_kind_alone(db: Database) -> None:
    world = await lobby(db)
    ann = world.people[0]
    async with db.writing() as uow:
        await uow.codes.issue("chat", "OLD", person=ann, market=world.market, now_ms=START, expires_ms=START + 10)
        await uow.codes.issue("chat", "NEW", person=ann, market=world.market, now_ms=START, expires_ms=START + 10)
        await uow.codes.issue("person", "THEIRS", person=ann, now_ms=START, expires_ms=START + 10)
        for kind, code, at_ms in (
            ("chat", "OLD", START),  # a newer one took its place
            ("chat", "NEW", START + 10),  # too late
            ("person", "NEW", START),
            ("chat", "THEIRS", START),
            ("chat", "never", START),
        ):
            assert await uow.codes.take(kind, code, at_ms) is None
        taken = await uow.codes.take("chat", "NEW", START + 9)
        assert taken is not None
        assert (taken.person, taken.market) == (ann, world.market)
        assert await uow.codes.take("chat", "NEW", START + 9) is None
        assert await uow.codes.used("chat", "NEW") == taken
        tomorrow = START + 10 + DAY_MS
        assert not await uow.codes.expired(tomorrow)
        assert await uow.codes.expired(tomorrow + 1)
        await uow.codes.expire(tomorrow + 1)
        assert await uow.codes.used("chat", "NEW") is None


async def test_a_chat_keeps_its_settings(db: Database) -> None:
    world = await lobby(db)
    wanted = ChatSettings(admin_role="7", ping_role="8", ping_kinds=("opened", "resolved"))
    async with db.writing() as uow:
        assert await uow.chats.settings(world.chat) == ChatSettings()
        await uow.chats.set_settings(world.chat, wanted)
        await uow.chats.set_settings(world.chat, wanted)
        assert await uow.chats.settings(world.chat) == wanted


async def test_the_log_is_read_by_pages_and_shows_no_other_chat(db: Database) -> None:
    here, there = await lobby(db), await lobby(db, chat="elsewhere")
    async with db.writing() as uow:
        for number in range(5):
            await uow.audit.append(
                action=f"deed {number}", actor=None, market=here.market, chat=here.chat, now_ms=START
            )
        await uow.audit.append(action="theirs", actor=None, market=there.market, chat=there.chat, now_ms=START)
        await uow.audit.append(action="roles", actor=None, chat=here.chat, now_ms=START)
        await uow.audit.append(action="roles", actor=None, chat=there.chat, now_ms=START)
        pages = [await uow.audit.page(here.market, here.chat, 4, skip) for skip in (0, 4)]
        assert [[row.action for row in page] for page in pages] == [
            ["roles", "deed 4", "deed 3", "deed 2"],
            ["deed 1", "deed 0"],
        ]
        assert await uow.audit.count(here.market, here.chat) == 6
        assert await uow.audit.count(None, here.chat) == 1


async def test_what_waits_is_counted_by_platform_and_one_chat_can_be_told_alone(db: Database) -> None:
    world = await lobby(db)
    news = Notice(kind="opened", audience=NoticeAudience.CHAT, payload={})
    async with db.writing() as uow:
        second = await uow.chats.open("telegram", "-100", "group", "Friends", START)
        await uow.markets.lock(world.market)
        await uow.chats.connect(world.market, second.id)
        await uow.outbox.add(world.market, news, START)
        await uow.outbox.add_here(world.market, second, news, START + 5)
        lost = (await uow.deliveries.claim(["room"], START, 1_000))[0]
        await uow.deliveries.drop(lost, "gone")
        found = {one.platform: (one.rows, one.oldest_ms, one.dropped) for one in await uow.outbox.waiting(world.market)}
        assert found == {"room": (0, None, 1), "telegram": (2, START, 0)}
        await uow.deliveries.set_ref(world.market, "telegram", "-100", "board", "m1")
        await uow.commit()
    async with db.writing() as uow:
        await uow.markets.lock(world.market)
        await uow.chats.disconnect(world.market, second.id)
        assert [one.platform for one in await uow.outbox.waiting(world.market)] == ["room"]
        assert await uow.deliveries.ref(world.market, "telegram", "-100", "board") is None


async def test_every_tick_knows_how_long_it_took(db: Database) -> None:
    world = await started(db)
    for number in (1, 2):
        await run_tick(db, world.market, START + 1_000 * number)
    async with db.reading() as uow:
        times = await uow.ticks.durations(world.market, 10)
    assert len(times) == 2
    assert min(times) > 0
