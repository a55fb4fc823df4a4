"""What can go wrong between us and Telegram: rates, lost lines, a second poller, webhooks, restarts, the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.adapters.telegram_chat.service import TelegramService
from bot.chat.rate_limits import Budget
from bot.chat.reply import Reply, line
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from scheduler.tick import run_tick
from tests.paths import ROOT
from tests.platform.telegram_harness import CREATE, Town, a_town, asks_to_confirm, chart, settled
from tests.standins.telegram_peer import TelegramPeer

SECRET = "a-secret-of-the-tests_123"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(tmp_path) as town:
        yield town


async def test_one_chats_429_stops_that_chat_alone(tmp_path: Path) -> None:
    async with a_town(tmp_path, limits=True) as town:
        other = town.peer.world.supergroup("Others", town.ada, town.ben)
        await town.say(town.ada, CREATE, town.group)
        await town.say(town.ada, "/admin_create Race A, B, C", other)
        await town.ada.chat.expect("Race is drafted")
        town.peer.faults.too_many(7, "sendMessage", chat=town.group)
        await town.say(town.ada, "/admin_open", town.group)
        await town.ada.chat.expect("Cup is open to join")
        await town.say(town.ada, "/admin_open", other)
        await town.ada.chat.expect("Race is open to join")
        await town.announcer.step()
        await other.expect("Race: the doors are open")
        assert town.group.of_bot() == []
        for _ in range(5):
            await town.tick(3)
        await town.group.expect("Cup: the doors are open")
        assert len(town.peer.refused()) == 1


async def test_a_busy_market_stays_within_what_telegram_allows(tmp_path: Path) -> None:
    async with a_town(tmp_path, limits=True) as town:
        await town.running()
        for number in range(20):
            await town.say(town.ben, f"/buy {1 + number % 3} yes 5")
            ticket = await town.ben.chat.expect(lambda message: message.labels[:1] == ["Confirm"])
            await town.press(town.ben, ticket, "Confirm")
            await town.tick(1)
        for _ in range(20):
            await town.tick(5)
        assert town.peer.refused() == []
        assert town.peer.most_asked(60, town.group.id) <= 20
        assert town.peer.most_asked(1) <= 30
        filled = [one for one in town.ben.chat.of_bot() if "Filled" in one.text]
        assert len(filled) == 20


async def test_a_busy_tick_in_twenty_groups_stays_within_thirty_a_second_and_loses_nothing(tmp_path: Path) -> None:
    async with a_town(tmp_path, limits=True) as town:
        people = [town.peer.world.user(f"Trader {number}") for number in range(20)]
        groups = [town.peer.world.supergroup(f"Group {number}", town.ada, one) for number, one in enumerate(people)]
        for group, who in zip(groups, people, strict=True):
            who.chat.opened = True
            await town.told(town.ada, CREATE, "is drafted", group)
            await town.told(town.ada, "/admin_open", "open to join", group)
            await town.told(who, "/join", "Welcome", group)
            preview = await town.told(town.ada, "/admin_start", asks_to_confirm, group)
            await town.press(town.ada, preview, "Confirm")
        town.pace = 0.1
        for _ in range(2):
            for who in people:
                ticket = await town.told(who, "/buy 1 yes 20", asks_to_confirm)
                await town.press(who, ticket, "Confirm")
                await who.chat.expect(settled(ticket))
            await ticks(town, 20)
        for _ in range(30):
            town.clock.advance(1)
            await town.announcer.step()
        assert town.peer.refused() == []
        assert town.peer.most_asked(1) <= 30
        assert max(town.peer.most_asked(60, group.id) for group in groups) <= 20
        for who in people:
            assert sum("Filled" in one.text for one in who.chat.of_bot()) == 2
        assert all(group.pinned is not None and "traded" in group.pinned.text for group in groups)


async def ticks(town: Town, markets: int) -> None:
    """Every market ticks at once."""
    town.clock.advance(2)
    for market in range(1, markets + 1):
        await run_tick(town.db, market, town.now_ms())
    await town.announcer.step()


async def test_a_crowd_that_asks_in_one_group_delays_nobody_elsewhere(tmp_path: Path) -> None:
    async with a_town(tmp_path, limits=True) as town:
        await town.running()
        crowd = [town.peer.world.user(f"Trader {number}") for number in range(50)]
        for one in crowd:
            await town.group.add(one)
            await one.send(town.group, "/board")
            await one.send(town.group, "/rules")  # whose answer is hers alone, and she has not started the bot
        await town.say(town.ben, "/rules")
        await town.ben.chat.expect("play money", within=4)
        town.clock.advance(20)
        await asyncio.sleep(1)
        assert town.peer.most_asked(60, town.group.id) <= 20
        assert town.peer.refused() == [one for one in town.peer.refused() if one.code == 403]


async def test_at_most_sixteen_requests_are_under_way(town: Town) -> None:
    people = [town.peer.world.user(f"Trader {number}") for number in range(40)]
    for one in people:
        one.chat.opened = True
    gate = town.peer.faults.hold("sendMessage", times=16)
    telling = [
        asyncio.create_task(
            town.telegram.platform.tell(str(one.id), Reply(head=line("News.")), edit_ref=None, chat_ext=None)
        )
        for one in people
    ]
    await town.peer.until(lambda: len(town.peer.called("sendMessage")) == 16)
    await asyncio.sleep(0.2)
    assert len(town.peer.called("sendMessage")) == 16
    gate.set()
    await asyncio.gather(*telling)
    assert all(one.chat.of_bot()[-1].text == "News." for one in people)


async def test_an_answer_outlives_a_429_and_a_lost_line(town: Town) -> None:
    await town.running()
    town.peer.faults.too_many(1, "sendMessage", chat=town.ben.chat)
    await town.say(town.ben, "/rules")
    await town.ben.chat.expect("play money")
    town.peer.faults.drop("sendMessage", chat=town.ben.chat)
    await town.say(town.ben, "/balance")
    await town.ben.chat.expect("to spend")


async def test_a_second_poller_is_survived(town: Town) -> None:
    await town.running()
    async with ClientSession() as thief:
        for _ in range(2):
            async with thief.get(f"{town.peer.base_url}{town.peer.token}/getUpdates?timeout=0") as answer:
                await answer.read()
    await town.say(town.ben, "/rules")
    await town.ben.chat.expect("play money")


async def test_a_server_that_knows_no_times_gets_the_same_words_without_them(town: Town) -> None:
    await town.running()
    town.peer.faults.error(
        400, "sendMessage", description='Bad Request: can\'t parse entities: Unsupported start tag "tg-time"'
    )
    await town.say(town.ada, "/board", town.group)
    board = await town.group.expect(lambda message: message.reply_to is not None)
    assert "The final freezes in" in board.text
    assert "tg-time" not in board.html
    assert "<pre>" in board.html


async def test_the_board_moves_on_where_somebody_deleted_it(town: Town) -> None:
    await town.running()
    board = town.group.pinned
    assert board is not None
    await town.group.delete(board)
    await town.say(town.ben, "/buy germany yes 10")
    await town.press(town.ben, await town.ben.chat.expect("spend about"), "Confirm")
    for _ in range(3):
        await town.tick(10)
    assert town.group.pinned is not None
    assert "traded" in town.group.pinned.text


async def test_without_the_right_to_pin_the_board_stands_all_the_same(town: Town) -> None:
    town.group.members_may_pin = False
    await town.running()
    await town.group.expect("Cup: Germany leads")
    assert town.group.pinned is None


async def test_a_fill_is_never_overwritten_by_what_was_said_before_it(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    ticket = await town.ben.chat.expect("spend about")
    answered = len(town.peer.called("answerCallbackQuery"))
    gate = town.peer.faults.hold("answerCallbackQuery")
    town.clock.advance(3)
    await town.ben.tap(ticket, "Confirm")
    await town.peer.until(lambda: len(town.peer.called("answerCallbackQuery")) > answered)
    await town.tick()
    assert "Filled" in ticket.text
    gate.set()
    await town.say(town.ben, "/rules")
    await town.ben.chat.expect("play money", after=ticket)
    assert "Filled" in ticket.text


async def test_what_a_group_does_not_take_is_answered_in_private(town: Town) -> None:
    await town.running()
    town.group.members_may_write = False
    await town.say(town.ben, "/chart", town.group)
    await town.ben.chat.expect(lambda message: message.photo is not None)


async def test_it_stops_in_time_though_telegram_hangs(town: Town) -> None:
    await town.running()
    gate = town.peer.faults.hold(times=100)
    await town.say(town.ben, "/rules")
    await town.peer.until(lambda: town.peer.calls[-1].method == "sendMessage" and town.peer.calls[-1].code == 0)
    began = asyncio.get_running_loop().time()
    await town.telegram.stop()
    assert asyncio.get_running_loop().time() - began < 4
    gate.set()


# -- webhook


async def test_updates_come_by_webhook_with_the_secret_and_no_other_way(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        await town.telegram.stop()
        port = free_port()
        url = f"http://127.0.0.1:{port}/telegram/hook"
        town.access = replace(town.access, webhook_url=url, webhook_listen=("127.0.0.1", port), webhook_secret=SECRET)
        await town.restart()
        await town.running()
        await town.say(town.ben, "/buy germany yes $50")
        await town.press(town.ben, await town.ben.chat.expect("spend about"), "Confirm")
        await town.tick()
        await town.ben.chat.expect("Filled")
        before = len(town.ben.chat.of_bot())
        forged = {"update_id": 1, "message": town.ben.chat.history[0].json()}
        async with ClientSession() as stranger:
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}):
                async with stranger.post(url, json=forged, headers=headers) as answer:
                    assert answer.status == 403
            right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            async with stranger.post(url, data=b"no json", headers=right) as answer:
                assert answer.status == 400
            async with stranger.get(url, headers=right) as answer:
                assert answer.status == 405
        assert len(town.ben.chat.of_bot()) == before


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


# -- the beginning and the end


async def test_a_wrong_token_is_tried_again_and_harms_nobody(tmp_path: Path) -> None:
    async with a_town(tmp_path) as town:
        access = replace(town.access, token="7000000001:wrong")
        told: list[str] = []
        other = TelegramService(
            town.db,
            Dispatcher(town.db, town.now_ms, COMMANDS),
            town.now_ms,
            chart,
            Budget(),
            access,
            lambda: told.append("ready"),
        )
        await other.start()
        await asyncio.sleep(0.2)
        await other.stop()
        assert told == []


def outcry(folder: Path, peer: TelegramPeer, **environment: str) -> subprocess.Popen[str]:
    own = ("OUTCRY_", "DATABASE_", "TELEGRAM_", "DISCORD_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    settings = {
        "TELEGRAM_TOKEN": peer.token,
        "TELEGRAM_API_BASE": peer.base_url,
        "TELEGRAM_FILE_BASE": peer.file_url,
        "OUTCRY_ROOM_PORT": "0",
        "OUTCRY_ADMIN_TOKEN": "an-admin-token-for-tests",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=folder,
        env={**clean, **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_outcry_run_serves_telegram_beside_the_room_and_ends_on_sigterm(tmp_path: Path) -> None:
    async with TelegramPeer() as peer:
        ada = peer.world.user("Ada")
        group = peer.world.supergroup("Traders", ada)
        process = outcry(tmp_path, peer)
        try:
            assert process.stdout is not None
            said = [await asyncio.to_thread(process.stdout.readline) for _ in range(3)]
            assert "ready: room\n" in said
            assert "ready: telegram\n" in said
            await ada.start()
            await ada.chat.expect("play money")
            await ada.send(group, CREATE)
            await ada.chat.expect("is drafted")
            await ada.send(group, "/admin_open")
            await group.expect("the doors are open")
            began = asyncio.get_running_loop().time()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait) == 0
            assert asyncio.get_running_loop().time() - began < 5
            _, err = await asyncio.to_thread(process.communicate)
            assert peer.token not in err
            assert "Traceback" not in err
        finally:
            process.kill()


async def test_a_bad_token_leaves_the_room_up(tmp_path: Path) -> None:
    async with TelegramPeer() as peer:
        process = outcry(tmp_path, peer, TELEGRAM_TOKEN="7000000001:revoked-long-ago")
        try:
            assert process.stdout is not None
            said = [await asyncio.to_thread(process.stdout.readline) for _ in range(2)]
            assert "ready: room\n" in said
            await asyncio.sleep(1)
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.to_thread(process.communicate)
            assert process.returncode == 0
            assert "ready: telegram" not in out
            assert "BotFather" in err
            assert "revoked-long-ago" not in err
        finally:
            process.kill()


async def test_what_was_said_while_we_were_away_is_done_once(town: Town) -> None:
    await town.running()
    await town.say(town.ben, "/buy germany yes 10")
    ticket = await town.ben.chat.expect("spend about")
    await town.telegram.stop()
    town.clock.advance(5)
    await town.ben.tap(ticket, "Confirm", twice=True)
    await town.restart()
    await town.ben.chat.expect("next tick")
    await town.tick()
    async with town.db.reading() as uow:
        assert len(await uow.trades.all(town.market)) == 1
