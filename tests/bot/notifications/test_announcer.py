"""The outbox reaches the chats within each platform's limits, in order, at least once, and no money notice is lost."""

from __future__ import annotations

import asyncio
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
from tests.bot.harness import BOSS, Chat, Play, opened, running, town


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


async def add(play: Play, notice: Notice) -> None:
    async with play.db.writing() as uow:
        await uow.outbox.add(1, notice, play.now)
        await uow.commit()


def paid(person: int, cents: int) -> Notice:
    payload: Payload = {"total": cents * 10_000, "paid": [[0, "yes", cents * 10_000, cents * 10_000]]}
    return Notice(kind="paid", audience=NoticeAudience.PERSON, payload=payload, person=person)


BOARD = Notice(kind="board", audience=NoticeAudience.CHAT, payload={"tick": 0}, slot="board", key="board")
POST = Notice(kind="paused", audience=NoticeAudience.CHAT, payload={"round": None, "at_ms": 0})


async def settled(play: Play, platform: str, chat: Chat) -> Announcer:
    """An announcer for one platform whose home chat the market speaks in, nothing waiting."""
    play.chat.said.clear()
    async with play.db.writing() as uow:
        home = await uow.chats.open(platform, "home", "group", "Home", play.now)
        await uow.chats.connect(1, home.id)
        await uow.commit()
    return Announcer(play.db, lambda: play.now, {platform: chat, "room": play.chat})


@pytest.mark.parametrize(("platform", "burst", "window"), [("discord", 5, 5_000), ("telegram", 1, 1_000)])
async def test_a_chat_gets_no_more_than_its_platform_allows_and_nothing_is_dropped(
    tmp_path: Path, platform: str, burst: int, window: int
) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        chat = Chat(platform)
        announcer = await settled(play, platform, chat)
        await announcer.step()
        chat.said.clear()
        play.now += 60_000
        for _ in range(8):
            await add(play, POST)
        times: list[int] = []
        while len(chat.said) < 8:
            seen = len(chat.said)
            await announcer.step()
            times += [play.now] * (len(chat.said) - seen)
            play.now += 100
            assert len(times) < 8 or play.now
        for start in range(len(times) - burst):
            assert times[start + burst] - times[start] >= window


async def test_a_telegram_group_gets_twenty_messages_a_minute_edits_included(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        chat = Chat("telegram")
        announcer = await settled(play, "telegram", chat)
        start = play.now
        for _ in range(30):
            await add(play, POST)
        while play.now < start + 59_000:
            await announcer.step()
            play.now += 500
        assert len(chat.said) == 18
        play.now += 90_000
        for _ in range(120):
            await announcer.step()
            play.now += 500
        assert len(chat.texts("post", "home")) >= 30


@pytest.mark.parametrize("platform", ["discord", "telegram", "room"])
async def test_board_edits_keep_their_distance_and_the_newest_wins(tmp_path: Path, platform: str) -> None:
    async with town(tmp_path) as play:
        await running(play)
        chat = play.chat if platform == "room" else Chat(platform)
        announcer = await settled(play, platform, chat) if platform != "room" else play.announcer
        play.now += 60_000
        await add(play, BOARD)
        await announcer.step()
        chat.said.clear()
        gap = Budget.of(platform).allowance.board_ms
        edits: list[int] = []
        for second in range(20):
            if second < 12:
                await play.confirmed("ada", f"/buy germany yes {second + 1}")
                await run_tick(play.db, 1, play.now)
            seen = len(boards(chat))
            await announcer.step()
            edits += [play.now] * (len(boards(chat)) - seen)
            play.now += 300
        assert len(edits) >= 2
        assert all(later - sooner >= gap for sooner, later in pairwise(edits))
        shown = boards(chat)[-1]
        assert f"{shown.volume}" == f"{await volume(play)}"


def boards(chat: Chat) -> list[Board]:
    return [block for _, _, _, reply in chat.said for block in reply.blocks if isinstance(block, Board)]


async def volume(play: Play) -> int:
    async with play.db.reading() as uow:
        return (await uow.markets.get_one(1)).volume


async def test_a_board_is_never_sent_with_the_same_content_twice(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        seen = len(boards(play.chat))
        for _ in range(5):
            play.now += 10_000
            await add(play, BOARD)
            await play.announcer.step()
        assert len(boards(play.chat)) == seen
        await play.confirmed("ada", "/buy germany yes 10")
        await play.tick()
        assert len(boards(play.chat)) == seen + 1


async def test_the_board_is_one_message_edited_in_place_also_after_a_restart(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        await play.confirmed("ada", "/buy germany yes 10")
        await play.tick()
        refs = {ref for _, _, ref, reply in play.chat.said if any(isinstance(b, Board) for b in reply.blocks)}
        assert len(refs) == 1
        again = Announcer(play.db, lambda: play.now, {"room": play.chat})
        await play.confirmed("ada", "/buy germany yes 10")
        play.now += 2_000
        await run_tick(play.db, 1, play.now)
        await again.step()
        how, _, ref, _ = next(
            one for one in reversed(play.chat.said) if any(isinstance(b, Board) for b in one[3].blocks)
        )
        assert (how, {ref}) == ("edit", refs)


async def test_a_board_somebody_deleted_is_posted_anew(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        await play.confirmed("ada", "/buy germany yes 10")
        play.now += 2_000
        await run_tick(play.db, 1, play.now)
        edit = play.chat.edit
        tries: list[str] = []

        async def gone(chat_ext: str, ref: str, reply: object) -> None:
            tries.append(ref)
            raise UnreachableError(Unreachable.MESSAGE)

        play.chat.edit = gone  # type: ignore[method-assign]  # the port for one step
        seen = len(boards(play.chat))
        await play.announcer.step()
        assert (len(tries), len(boards(play.chat))) == (1, seen + 1)
        play.chat.edit = edit  # type: ignore[method-assign]  # and back
        fresh = play.chat.said[-1][2] if boards(play.chat) else ""
        await play.confirmed("ada", "/buy germany yes 10")
        await play.tick()
        assert any(how == "edit" for how, *_ in play.chat.said[-3:])
        assert fresh


async def test_the_fill_replaces_the_ticket_where_it_stands(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await running(play)
        ticket = await play.say("ada", "/buy germany yes 10")
        async with play.db.writing() as uow:
            await uow.tickets.bind(ticket.ticket or 0, "room", "ada's chat", "message 7")
            await uow.commit()
        await play.press("ada", ticket, "Confirm")
        await play.tick()
        how, where, ref, reply = next(one for one in play.chat.said if "Filled" in plain_text.text(one[3]))
        assert (how, where, ref) == ("tell", "ada", "message 7")
        assert reply.ticket == ticket.ticket


async def test_notices_of_one_person_keep_their_order_and_none_is_lost(tmp_path: Path) -> None:
    """Through two 429s, a lost connection and an unknown error."""
    async with town(tmp_path) as play:
        await opened(play)
        await play.announcer.step()
        for cents in range(1, 11):
            await add(play, paid(2, cents))
        play.chat.broken = [RetryLaterError(3_000), RetryLaterError(500), OSError("lost"), ValueError("odd")]
        for _ in range(40):
            await play.announcer.step()
            play.now += 1_000
        told = [text.splitlines()[0] for text in play.chat.texts("tell", "ada")]
        assert told == [f"You are paid $0.{cents:02d}." for cents in range(1, 11)]


async def test_a_chat_that_asks_for_patience_stops_nobody_else(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        await play.announcer.step()
        await add(play, paid(2, 1))
        await add(play, paid(3, 2))
        play.chat.broken = [RetryLaterError(60_000)]
        await play.announcer.step()
        told = [where for how, where, _, reply in play.chat.said if "paid" in plain_text.text(reply)]
        assert len(told) == 1
        play.now += 61_000
        await play.announcer.step()
        assert {where for how, where, _, reply in play.chat.said if "You are paid" in plain_text.text(reply)} == {
            "ada",
            "bob",
        }


async def test_who_cannot_be_reached_any_more_is_given_up(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        await play.announcer.step()
        await add(play, paid(2, 1))
        await add(play, paid(2, 2))
        play.chat.broken = [UnreachableError(Unreachable.PERSON)]
        await play.announcer.step()
        assert [text.splitlines()[0] for text in play.chat.texts("tell", "ada")] == ["You are paid $0.02."]
        async with play.db.reading() as uow:
            assert await uow.outbox.backlog() == 0


async def test_what_was_claimed_by_a_process_that_died_is_delivered_by_the_next(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        await play.announcer.step()
        await add(play, paid(2, 1))
        async with play.db.writing() as uow:
            assert len(await uow.deliveries.claim(["room"], play.now, 60_000)) == 1
            await uow.commit()
        assert await play.announcer.step() == 0
        play.now += 60_001
        assert await play.announcer.step() == 1


async def test_rows_of_a_platform_that_is_away_wait_and_muted_ones_vanish(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        await play.announcer.step()
        play.chat.said.clear()
        away = Announcer(play.db, lambda: play.now, {})
        await add(play, paid(2, 1))
        assert await away.step() == 0
        assert await play.announcer.step() == 1
        await add(play, paid(2, 1))
        muted = Announcer(play.db, lambda: play.now, {}, muted=("room",))
        assert await muted.step() == 0
        async with play.db.reading() as uow:
            assert await uow.outbox.backlog() == 0
        assert len(play.chat.said) == 1


async def test_charts_are_drawn_and_attached_and_a_message_goes_without_one_that_cannot_be(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        drawn: list[Picture] = []

        async def draw(picture: Picture) -> bytes | None:
            drawn.append(picture)
            return b"png" if len(drawn) == 1 else None

        play.announcer = Announcer(play.db, lambda: play.now, {"room": play.chat}, draw)
        await running(play)
        for line in ("/admin eliminate brazil", "/admin resolve germany"):
            await play.press(BOSS, await play.say(BOSS, line), "Confirm")
            await play.tick()
        ceremony = next(reply for *_, reply in play.chat.said if "is out" in plain_text.text(reply))
        assert [(one.name, one.data) for one in ceremony.files] == [("prices-2.png", b"png")]
        assert "Germany leads after Brazil’s exit" in [b.alt for b in ceremony.blocks if isinstance(b, Picture)]
        podium = next(reply for *_, reply in play.chat.said if "wins Cup" in plain_text.text(reply))
        assert not podium.files
        assert not [block for block in podium.blocks if isinstance(block, Picture)]


async def test_it_runs_in_the_background_and_wakes_by_itself(tmp_path: Path) -> None:
    async with town(tmp_path) as play:
        await opened(play)
        task = asyncio.create_task(play.announcer.run())
        try:
            await play.chat.until(lambda: bool(play.chat.texts("post")))
            await add(play, paid(2, 5))
            await play.chat.until(lambda: bool(play.chat.texts("tell", "ada")))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
