"""What can go wrong between us and Telegram: rates, lost lines, a second poller, webhooks, restarts, the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.adapters.telegram_chat import poller
from bot.adapters.telegram_chat.service import TelegramService
from bot.adapters.telegram_chat.throttle import LONGEST_WAIT_MS
from bot.chat.rate_limits import Budget
from bot.chat.reply import Reply, line
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from scheduler.tick import run_tick
from tests.bot.harness import HANG_S
from tests.platform.child import free_port
from tests.platform.telegram_harness import CREATE, TelegramHarness, asks_to_confirm, chart, settled, telegram_harness

SECRET = "a-secret-of-the-tests_123"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[TelegramHarness]:
    async with telegram_harness(tmp_path) as harness:
        yield harness


async def test_one_chats_429_stops_that_chat_alone(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        other = harness.peer.world.supergroup("Others", harness.ada, harness.ben)
        await harness.say(harness.ada, CREATE, harness.group)
        await harness.say(harness.ada, "/admin_create Race A, B, C", other)
        await harness.ada.chat.expect("Race is drafted")
        harness.peer.faults.too_many(7, "sendMessage", chat=harness.group)
        await harness.say(harness.ada, "/admin_open", harness.group)
        await harness.ada.chat.expect("Cup is open to join")
        await harness.say(harness.ada, "/admin_open", other)
        await harness.ada.chat.expect("Race is open to join")
        await harness.announcer.step()
        await other.expect("Race: the doors are open")
        assert harness.group.of_bot() == []
        for _ in range(5):
            await harness.tick(3)
        await harness.group.expect("Cup: the doors are open")
        assert len(harness.peer.refused()) == 1


async def test_a_busy_market_stays_within_what_telegram_allows(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        await harness.running()
        for number in range(20):
            await harness.say(harness.ben, f"/buy {1 + number % 3} yes 5")
            ticket = await harness.ben.chat.expect(lambda message: message.labels[:1] == ["Confirm"])
            await harness.press(harness.ben, ticket, "Confirm")
            await harness.tick(1)
        for _ in range(20):
            await harness.tick(5)
        assert harness.peer.refused() == []
        assert harness.peer.most_asked(60, harness.group.id) <= 20
        assert harness.peer.most_asked(1) <= 30
        filled = [message for message in harness.ben.chat.of_bot() if "Filled" in message.text]
        assert len(filled) == 20


async def test_a_busy_tick_in_twenty_groups_stays_within_thirty_a_second_and_loses_nothing(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        people = [harness.peer.world.user(f"Trader {number}") for number in range(20)]
        groups = [
            harness.peer.world.supergroup(f"Group {number}", harness.ada, person)
            for number, person in enumerate(people)
        ]
        for group, who in zip(groups, people, strict=True):
            who.chat.opened = True
            await harness.say_and_expect(harness.ada, CREATE, "is drafted", group)
            await harness.say_and_expect(harness.ada, "/admin_open", "open to join", group)
            await harness.say_and_expect(who, "/join", "Welcome", group)
            preview = await harness.say_and_expect(harness.ada, "/admin_start", asks_to_confirm, group)
            await harness.press(harness.ada, preview, "Confirm")
        harness.pace = 0.1
        for _ in range(2):
            for who in people:
                ticket = await harness.say_and_expect(who, "/buy 1 yes 20", asks_to_confirm)
                await harness.press(who, ticket, "Confirm")
                await who.chat.expect(settled(ticket))
            await ticks(harness, 20)
        for _ in range(30):
            harness.clock.advance(1)
            await harness.announcer.step()
        assert harness.peer.refused() == []
        assert harness.peer.most_asked(1) <= 30
        assert max(harness.peer.most_asked(60, group.id) for group in groups) <= 20
        for who in people:
            assert sum("Filled" in message.text for message in who.chat.of_bot()) == 2
        assert all(group.pinned is not None and "traded" in group.pinned.text for group in groups)


async def ticks(harness: TelegramHarness, markets: int) -> None:
    """Every market ticks at once."""
    harness.clock.advance(2)
    for market in range(1, markets + 1):
        await run_tick(harness.db, market, harness.now_ms())
    await harness.announcer.step()


async def test_a_crowd_that_asks_in_one_group_delays_nobody_elsewhere(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        await harness.running()
        crowd = [harness.peer.world.user(f"Trader {number}") for number in range(50)]
        for person in crowd:
            await harness.group.add(person)
            await person.send(harness.group, "/board")
            await person.send(harness.group, "/rules")  # answered in private, to people who have not started the bot
        asked_at = harness.clock()
        await harness.say(harness.ben, "/rules")
        await harness.ben.chat.expect("play money", within=HANG_S)
        assert (
            harness.clock() - asked_at < LONGEST_WAIT_MS / 1_000
        )  # not behind answers that wait for the group's minute
        harness.clock.advance(20)
        await asyncio.sleep(1)
        assert harness.peer.most_asked(60, harness.group.id) <= 20
        assert harness.peer.refused() == [call for call in harness.peer.refused() if call.code == 403]


async def test_at_most_sixteen_requests_are_under_way(harness: TelegramHarness) -> None:
    people = [harness.peer.world.user(f"Trader {number}") for number in range(40)]
    for person in people:
        person.chat.opened = True
    gate = harness.peer.faults.hold("sendMessage", times=16)
    telling = [
        asyncio.create_task(
            harness.telegram.platform.tell(str(person.id), Reply(head=line("News.")), edit_ref=None, chat_ext=None)
        )
        for person in people
    ]
    await harness.peer.until(lambda: len(harness.peer.called("sendMessage")) == 16)
    await asyncio.sleep(0.2)
    assert len(harness.peer.called("sendMessage")) == 16
    gate.set()
    await asyncio.gather(*telling)
    assert all(person.chat.of_bot()[-1].text == "News." for person in people)


async def test_an_answer_outlives_a_429_and_a_lost_line(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path, limits=True) as harness:
        await harness.running()
        harness.peer.faults.too_many(1, "sendMessage", chat=harness.ben.chat)
        await harness.say_and_expect(harness.ben, "/rules", "play money")
        harness.peer.faults.drop("sendMessage", chat=harness.ben.chat)
        await harness.say_and_expect(harness.ben, "/balance", "to spend")


async def test_an_answer_that_waits_holds_up_nothing_else_of_theirs(harness: TelegramHarness) -> None:
    await harness.running()
    ticket = await harness.say_and_expect(harness.ben, "/buy germany yes 10", asks_to_confirm)
    gate = harness.peer.faults.hold("sendMessage", chat=harness.ben.chat)
    last = await harness.say(harness.ben, "/rules")
    await harness.peer.until(lambda: harness.peer.calls[-1].method == "sendMessage")
    await harness.press(harness.ben, ticket, "Confirm")
    await harness.peer.until(lambda: "Confirm" not in ticket.labels)
    await harness.say_and_expect(harness.ben, "/orders", "1 order of yours waits")
    since = [message for message in harness.ben.chat.of_bot() if message.id > last.id]
    assert not any("play money" in message.text for message in since)
    gate.set()
    await harness.ben.chat.expect("play money", after=last)


async def test_a_second_poller_is_survived(harness: TelegramHarness) -> None:
    await harness.running()
    async with ClientSession() as thief:
        for _ in range(2):
            async with thief.get(f"{harness.peer.base_url}{harness.peer.token}/getUpdates?timeout=0") as answer:
                await answer.read()
    await harness.say(harness.ben, "/rules")
    await harness.ben.chat.expect("play money")


async def test_a_program_that_goes_on_polling_is_told_of_once(
    harness: TelegramHarness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE_S", 0.0)
    caplog.set_level(logging.INFO, poller.__name__)
    async with ClientSession() as thief:
        for _ in range(2 * poller.PATIENCE):
            await harness.peer.until(lambda: harness.peer.poll is not None)
            async with thief.get(f"{harness.peer.base_url}{harness.peer.token}/getUpdates?timeout=0") as answer:
                await answer.read()
    told = [record for record in caplog.records if record.name == poller.__name__]
    assert [record.levelno for record in told] == [logging.INFO, logging.ERROR]
    await harness.say(harness.ben, "/rules")
    await harness.peer.until(lambda: not harness.peer.world.update_queue.pending)


async def test_a_server_that_knows_no_times_gets_the_same_words_without_them(harness: TelegramHarness) -> None:
    await harness.running()
    harness.peer.faults.error(
        400, "sendMessage", description='Bad Request: can\'t parse entities: Unsupported start tag "tg-time"'
    )
    await harness.say(harness.ada, "/board", harness.group)
    board = await harness.group.expect(lambda message: message.reply_to is not None)
    assert "The final freezes in" in board.text
    assert "tg-time" not in board.html
    assert "<pre>" in board.html


async def test_the_board_moves_on_where_somebody_deleted_it(harness: TelegramHarness) -> None:
    await harness.running()
    board = harness.group.pinned
    assert board is not None
    await harness.group.delete(board)
    await harness.say(harness.ben, "/buy germany yes 10")
    await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
    for _ in range(3):
        await harness.tick(10)
    assert harness.group.pinned is not None
    assert "traded" in harness.group.pinned.text


async def test_the_next_board_takes_the_pin_of_the_one_before(harness: TelegramHarness) -> None:
    await harness.running()
    first = harness.group.pinned
    assert first is not None
    opened = Reply(head=line("Another market opens"), pin=True)
    await harness.telegram.platform.post(str(harness.group.id), opened)
    assert [pin.text for pin in harness.group.pins] == ["Another market opens"]
    assert not first.pinned


async def test_without_the_right_to_pin_the_board_stands_all_the_same(harness: TelegramHarness) -> None:
    harness.group.members_may_pin = False
    await harness.running()
    await harness.group.expect("Cup: Germany leads")
    assert harness.group.pinned is None
    for _ in range(3):
        await harness.tick(10)
    told = [message for message in harness.ada.chat.messages if "I may not pin the board" in message.text]
    assert len(told) == 1
    assert "may pin messages" in told[0].text
    board = await harness.group.expect("Cup: Germany leads")
    await harness.group.delete(board)
    await harness.say(harness.ben, "/buy germany yes 10")
    await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
    for _ in range(3):
        await harness.tick(10)
    told = [message for message in harness.ada.chat.messages if "I may not pin the board" in message.text]
    assert len(told) == 1  # another board, the same answer: nobody is told again


async def test_a_fill_is_never_overwritten_by_what_was_said_before_it(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    ticket = await harness.ben.chat.expect("spend about")
    answered = len(harness.peer.called("answerCallbackQuery"))
    gate = harness.peer.faults.hold("answerCallbackQuery")
    harness.clock.advance(3)
    await harness.ben.tap(ticket, "Confirm")
    await harness.peer.until(lambda: len(harness.peer.called("answerCallbackQuery")) > answered)
    await harness.tick()
    assert "Filled" in ticket.text
    gate.set()
    await harness.say(harness.ben, "/rules")
    await harness.ben.chat.expect("play money", after=ticket)
    assert "Filled" in ticket.text


async def test_what_a_group_does_not_take_is_answered_in_private(harness: TelegramHarness) -> None:
    await harness.running()
    harness.group.members_may_write = False
    await harness.say(harness.ben, "/chart", harness.group)
    await harness.ben.chat.expect(lambda message: message.photo is not None)


async def test_it_stops_though_telegram_hangs(harness: TelegramHarness) -> None:
    await harness.running()
    gate = harness.peer.faults.hold(times=100)
    await harness.say(harness.ben, "/rules")
    await harness.peer.until(
        lambda: harness.peer.calls[-1].method == "sendMessage" and harness.peer.calls[-1].code == 0
    )
    async with asyncio.timeout(HANG_S):
        await harness.telegram.stop()
    gate.set()


# -- webhook


async def test_updates_come_by_webhook_with_the_secret_and_no_other_way(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        await harness.telegram.stop()
        port = free_port()
        url = f"http://127.0.0.1:{port}/telegram/hook"
        harness.access = replace(
            harness.access, webhook_url=url, webhook_listen=("127.0.0.1", port), webhook_secret=SECRET
        )
        await harness.restart()
        await harness.running()
        await harness.say(harness.ben, "/buy germany yes $50")
        await harness.press(harness.ben, await harness.ben.chat.expect("spend about"), "Confirm")
        await harness.tick()
        await harness.ben.chat.expect("Filled")
        before = len(harness.ben.chat.of_bot())
        forged = {"update_id": 1, "message": harness.ben.chat.history[0].json()}
        async with ClientSession() as stranger:
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}):
                async with stranger.post(url, json=forged, headers=headers) as answer:
                    assert answer.status == 403
            right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            async with stranger.post(url, data=b"no json", headers=right) as answer:
                assert answer.status == 400
            async with stranger.get(url, headers=right) as answer:
                assert answer.status == 405
        assert len(harness.ben.chat.of_bot()) == before


# -- the beginning and the end


async def test_a_wrong_token_is_tried_again_and_harms_nobody(tmp_path: Path) -> None:
    async with telegram_harness(tmp_path) as harness:
        settings = replace(harness.access, token="7000000001:wrong")
        readies: list[str] = []
        other = TelegramService(
            harness.db,
            Dispatcher(harness.db, harness.bot_clock, COMMANDS),
            harness.bot_clock,
            chart,
            Budget(),
            settings,
            lambda: readies.append("ready"),
        )
        await other.start()
        await asyncio.sleep(0.2)
        await other.stop()
        assert readies == []


async def test_what_was_said_while_we_were_away_is_done_once(harness: TelegramHarness) -> None:
    await harness.running()
    await harness.say(harness.ben, "/buy germany yes 10")
    ticket = await harness.ben.chat.expect("spend about")
    await harness.telegram.stop()
    harness.clock.advance(5)
    await harness.ben.tap(ticket, "Confirm", twice=True)
    await harness.restart()
    await harness.ben.chat.expect("next tick")
    await harness.tick()
    async with harness.db.reading() as uow:
        assert len(await uow.trades.all(harness.market)) == 1
