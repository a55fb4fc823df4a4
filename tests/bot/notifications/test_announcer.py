"""The outbox reaches the chats within each platform's limits, in order, at least once, and no money notice is lost."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import pytest

from bot.chat import plain_text
from bot.chat.platform import RetryLaterError, Unreachable, UnreachableError
from bot.chat.rate_limits import Budget, Limit, Windows
from bot.chat.reply import Board, Picture
from bot.notifications.announcer import Announcer
from scheduler.tick import run_tick
from storage.records import Notice, NoticeAudience, Payload
from tests.bot.harness import ADMIN, ChatHarness, RecordingPlatform, chat_harness, opened, running


def test_a_window_is_counted_at_every_moment() -> None:
    windows = Windows((Limit(2, 1_000), Limit(3, 10_000)))
    for at in (0, 500):
        assert windows.wait("a", at) == 0
        windows.use("a", at)
    assert windows.wait("a", 900) == 100
    assert windows.wait("b", 900) == 0
    assert windows.wait("a", 1_000) == 0
    windows.use("a", 1_000)
    assert windows.wait("a", 2_000) == 8_000


def test_windows_forget_those_who_left() -> None:
    windows = Windows((Limit(1, 10),), most_keys=100)
    for at in range(1_000):
        windows.use(f"person {at}", at)
    assert len(windows._used) <= 101


async def add(harness: ChatHarness, notice: Notice) -> None:
    async with harness.db.writing() as uow:
        await uow.outbox.add(1, notice, harness.now)
        await uow.commit()


def paid(person: int, cents: int) -> Notice:
    payload: Payload = {"total": cents * 10_000, "paid": [[0, "yes", cents * 10_000, cents * 10_000]]}
    return Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person)


BOARD = Notice(kind="board", audience=NoticeAudience.CHAT, payload={"tick": 0}, slot="board", key="board")
POST = Notice(kind="paused", audience=NoticeAudience.CHAT, payload={"round": None, "at_ms": 0})
TEXT = Notice(kind="announcement", audience=NoticeAudience.CHAT, payload={"text": "Pizza is here."})


async def settled(harness: ChatHarness, platform: str, chat: RecordingPlatform) -> Announcer:
    """An announcer for one platform whose home chat the market speaks in, nothing waiting."""
    harness.platform.sent.clear()
    async with harness.db.writing() as uow:
        home = await uow.chats.open(platform, "home", "group", "Home", harness.now)
        await uow.markets.lock(1)
        await uow.chats.connect(1, home.id)
        await uow.commit()
    return Announcer(harness.db, harness.clock, {platform: chat, "room": harness.platform})


@pytest.mark.parametrize(("platform", "burst", "window"), [("discord", 5, 5_000), ("telegram", 1, 1_000)])
async def test_a_chat_gets_no_more_than_its_platform_allows_and_nothing_is_dropped(
    tmp_path: Path, platform: str, burst: int, window: int
) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        chat = RecordingPlatform(platform)
        announcer = await settled(harness, platform, chat)
        await announcer.step()
        chat.sent.clear()
        harness.now += 60_000
        for _ in range(8):
            await add(harness, POST)
        times: list[int] = []
        while len(chat.sent) < 8:
            seen = len(chat.sent)
            await announcer.step()
            times += [harness.now] * (len(chat.sent) - seen)
            harness.now += 100
            assert len(times) < 8 or harness.now
        for start in range(len(times) - burst):
            assert times[start + burst] - times[start] >= window


@pytest.mark.parametrize(("post", "most"), [(POST, 20), (TEXT, 14)], ids=["urgent", "what people are told"])
async def test_a_telegram_group_gets_twenty_messages_a_minute_edits_included(
    tmp_path: Path, post: Notice, most: int
) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        chat = RecordingPlatform("telegram")
        announcer = await settled(harness, "telegram", chat)
        start = harness.now
        for _ in range(30):
            await add(harness, post)
        while harness.now < start + 59_000:
            await announcer.step()
            harness.now += 500
        assert len(chat.sent) == most
        harness.now += 90_000
        for _ in range(240):
            await announcer.step()
            harness.now += 500
        assert len(chat.texts("post", "home")) >= 30


@pytest.mark.parametrize("platform", ["discord", "telegram", "room"])
async def test_board_edits_keep_their_distance_and_the_newest_wins(tmp_path: Path, platform: str) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        chat = harness.platform if platform == "room" else RecordingPlatform(platform)
        announcer = await settled(harness, platform, chat) if platform != "room" else harness.announcer
        harness.now += 60_000
        await add(harness, BOARD)
        await announcer.step()
        chat.sent.clear()
        gap = Budget.of(platform).allowance.board_ms
        edits: list[int] = []
        for second in range(20):
            if second < 12:
                await harness.confirmed("ada", f"/buy germany yes {second + 1}")
                await run_tick(harness.db, 1, harness.now)
            seen = len(boards(chat))
            await announcer.step()
            edits += [harness.now] * (len(boards(chat)) - seen)
            harness.now += 300
        assert len(edits) >= 2
        assert all(later - sooner >= gap for sooner, later in pairwise(edits))
        shown = boards(chat)[-1]
        assert f"{shown.volume}" == f"{await volume(harness)}"


def boards(chat: RecordingPlatform) -> list[Board]:
    return [block for _, _, _, reply in chat.sent for block in reply.blocks if isinstance(block, Board)]


async def volume(harness: ChatHarness) -> int:
    async with harness.db.reading() as uow:
        return (await uow.markets.get_one(1)).volume


async def test_a_board_is_never_sent_with_the_same_content_twice(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        seen = len(boards(harness.platform))
        for _ in range(5):
            harness.now += 10_000
            await add(harness, BOARD)
            await harness.announcer.step()
        assert len(boards(harness.platform)) == seen
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        assert len(boards(harness.platform)) == seen + 1


async def test_the_board_is_one_message_edited_in_place_also_after_a_restart(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        refs = {ref for _, _, ref, reply in harness.platform.sent if any(isinstance(b, Board) for b in reply.blocks)}
        assert len(refs) == 1
        again = Announcer(harness.db, harness.clock, {"room": harness.platform})
        await harness.confirmed("ada", "/buy germany yes 10")
        harness.now += 2_000
        await run_tick(harness.db, 1, harness.now)
        await again.step()
        how, _, ref, _ = next(
            one for one in reversed(harness.platform.sent) if any(isinstance(b, Board) for b in one[3].blocks)
        )
        assert (how, {ref}) == ("edit", refs)


async def test_a_board_somebody_deleted_is_posted_anew(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        await harness.confirmed("ada", "/buy germany yes 10")
        harness.now += 2_000
        await run_tick(harness.db, 1, harness.now)
        edit = harness.platform.edit
        tries: list[str] = []

        async def gone(chat_ext: str, ref: str, reply: object) -> None:
            tries.append(ref)
            raise UnreachableError(Unreachable.MESSAGE)

        harness.platform.edit = gone  # type: ignore[method-assign]  # the port for one step
        seen = len(boards(harness.platform))
        await harness.announcer.step()
        assert (len(tries), len(boards(harness.platform))) == (1, seen + 1)
        harness.platform.edit = edit  # type: ignore[method-assign]  # and back
        fresh = harness.platform.sent[-1][2] if boards(harness.platform) else ""
        await harness.confirmed("ada", "/buy germany yes 10")
        await harness.tick()
        assert any(how == "edit" for how, *_ in harness.platform.sent[-3:])
        assert fresh


async def test_the_fill_replaces_the_ticket_where_it_stands(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 10")
        async with harness.db.writing() as uow:
            await uow.tickets.bind(ticket.ticket or 0, "room", "ada's chat", "message 7")
            await uow.commit()
        await harness.press("ada", ticket, "Confirm")
        await harness.tick()
        how, where, ref, reply = next(one for one in harness.platform.sent if "Filled" in plain_text.text(one[3]))
        assert (how, where, ref) == ("tell", "ada", "message 7")
        assert reply.ticket == ticket.ticket


async def test_notices_of_one_person_keep_their_order_and_none_is_lost(tmp_path: Path) -> None:
    """Through two 429s, a lost connection and an unknown error."""
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        for cents in range(1, 11):
            await add(harness, paid(2, cents))
        harness.platform.broken = [RetryLaterError(3_000), RetryLaterError(500), OSError("lost"), ValueError("odd")]
        for _ in range(40):
            await harness.announcer.step()
            harness.now += 1_000
        told = [text.splitlines()[0] for text in harness.platform.texts("tell", "ada")]
        assert told == [f"You are paid $0.{cents:02d} in Cup." for cents in range(1, 11)]


async def test_a_chat_that_asks_for_patience_stops_nobody_else(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        await add(harness, paid(2, 1))
        await add(harness, paid(3, 2))
        harness.platform.broken = [RetryLaterError(60_000)]
        await harness.announcer.step()
        told = [where for how, where, _, reply in harness.platform.sent if "paid" in plain_text.text(reply)]
        assert len(told) == 1
        harness.now += 61_000
        await harness.announcer.step()
        assert {
            where for how, where, _, reply in harness.platform.sent if "You are paid" in plain_text.text(reply)
        } == {
            "ada",
            "bob",
        }


async def test_who_cannot_be_reached_any_more_is_given_up(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        await add(harness, paid(2, 1))
        await add(harness, paid(2, 2))
        harness.platform.broken = [UnreachableError(Unreachable.PERSON)]
        await harness.announcer.step()
        assert [text.splitlines()[0] for text in harness.platform.texts("tell", "ada")] == [
            "You are paid $0.02 in Cup."
        ]
        async with harness.db.reading() as uow:
            assert await uow.outbox.backlog() == 0


async def test_what_was_claimed_by_a_process_that_died_is_delivered_by_the_next(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        await add(harness, paid(2, 1))
        async with harness.db.writing() as uow:
            assert len(await uow.deliveries.claim(["room"], harness.now, 60_000)) == 1
            await uow.commit()
        assert await harness.announcer.step() == 0
        harness.now += 60_001
        assert await harness.announcer.step() == 1


async def test_rows_of_a_platform_that_is_away_wait_and_muted_ones_vanish(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        await harness.announcer.step()
        harness.platform.sent.clear()
        away = Announcer(harness.db, harness.clock, {})
        await add(harness, paid(2, 1))
        assert await away.step() == 0
        assert await harness.announcer.step() == 1
        await add(harness, paid(2, 1))
        muted = Announcer(harness.db, harness.clock, {}, muted=("room",))
        assert await muted.step() == 0
        async with harness.db.reading() as uow:
            assert await uow.outbox.backlog() == 0
        assert len(harness.platform.sent) == 1


async def test_charts_are_drawn_and_attached_and_a_message_goes_without_one_that_cannot_be(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        drawn: list[Picture] = []

        async def draw(picture: Picture) -> bytes | None:
            drawn.append(picture)
            return b"png" if len(drawn) == 1 else None

        harness.announcer = Announcer(harness.db, harness.clock, {"room": harness.platform}, draw)
        await running(harness)
        for line in ("/admin eliminate brazil", "/admin resolve germany"):
            await harness.press(ADMIN, await harness.say(ADMIN, line), "Confirm")
            await harness.tick()
        ceremony = next(reply for *_, reply in harness.platform.sent if "is out" in plain_text.text(reply))
        assert [(one.name, one.data) for one in ceremony.files] == [("prices-2.png", b"png")]
        alts = [block.alt for block in ceremony.blocks if isinstance(block, Picture)]
        assert [
            alt
            for alt in alts
            if re.fullmatch(r"Germany leads at \d\d\.\d¢ after Brazil’s exit\. YES: Germany \d.*", alt)
        ]
        podium = next(reply for *_, reply in harness.platform.sent if "wins Cup" in plain_text.text(reply))
        assert not podium.files
        assert not [block for block in podium.blocks if isinstance(block, Picture)]


async def test_it_runs_in_the_background_and_wakes_by_itself(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness)
        task = asyncio.create_task(harness.announcer.run())
        try:
            await harness.platform.until(lambda: bool(harness.platform.texts("post")))
            await add(harness, paid(2, 5))
            await harness.platform.until(lambda: bool(harness.platform.texts("tell", "ada")))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
