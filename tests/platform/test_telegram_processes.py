"""Several processes with one Telegram token: one serves, another goes on; nothing is lost, done or said twice."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.adapters.telegram_chat.webhook import SECRET as SECRET_HEADER
from bot.chat.reply import Reply, line
from storage import telegram_inbox
from tests.platform.telegram_harness import TelegramHarness, asks_to_confirm
from tests.platform.telegram_processes import SECRET, TelegramProcess, TelegramProcesses, telegram_processes
from tests.standins.telegram_peer import Chat

# what passes; the journal notes that a notice was sent, and one of a board is, when the bot is put out and asked back
PASSING = ("leases", "telegram_inbox", "lines", "facts", "outbox", "message_refs", "journal", "journal_heads")
PLACES = re.compile(r"'telegram','-?\d+','\d+p?'")  # where a ticket stands


def conflicts(harness: TelegramHarness) -> int:
    return sum(call.code == 409 for call in harness.peer.calls)


def rows(path: Path) -> list[str]:
    """What people own and did."""
    passing = tuple(f'INSERT INTO "{name}"' for name in PASSING)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        dump = [row for row in connection.iterdump() if row.startswith("INSERT") and not row.startswith(passing)]
    return [PLACES.sub("somewhere", row) for row in dump]


async def running_in_process(processes: TelegramProcesses) -> TelegramProcess:
    first = await processes.start()
    await processes.serving(first)
    processes.harness.announcer = first.announcer
    await processes.harness.running()
    await processes.pass_time(0.5)
    return first


async def test_one_process_serves_and_another_goes_on_after_its_end_with_all_that_was_said_in_between(
    tmp_path: Path,
) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        assert [first.serves, second.serves] == [True, False]
        await harness.say(harness.ben, "/buy germany yes 10")
        ticket = await harness.ben.chat.expect(asks_to_confirm)
        small = harness.peer.world.group("Small", harness.ada, harness.ben)
        await processes.settled()
        await processes.end(first)
        tap = await harness.ben.tap(ticket, "Confirm", twice=True)
        large = await small.migrate()
        await harness.say(harness.cleo, "/buy brazil yes 5", harness.group)
        await harness.say(harness.ada, "/admin_freeze", harness.group)
        assert not second.serves
        await processes.pass_time(0.5)
        await processes.serving(second)
        harness.announcer = second.announcer
        assert "next tick" in (await tap.answered()).text or await harness.ben.chat.expect("next tick")
        await harness.group.expect("Cleo, I answer you in private")
        await harness.ada.chat.expect("freezes with the next tick")
        await harness.say(harness.ben, "/help", large)
        await processes.settled()
        await harness.tick(0.4)
        await harness.ben.chat.expect("Filled")
        async with harness.db.reading() as uow:
            assert len(await uow.trades.all(harness.market)) == 1
            assert await uow.chats.find("telegram", str(small.id)) is None
        assert conflicts(harness) == 0
        assert harness.peer.complaints == []


async def test_a_process_whose_lease_has_run_out_asks_nothing_more_and_the_next_does_what_it_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        harness.peer.faults.drop("sendMessage", chat=harness.ben.chat)  # it would try again in two seconds
        await harness.say(harness.ben, "/buy germany yes 10")
        await harness.peer.until(lambda: any(call.cut for call in harness.peer.called("sendMessage")))
        assert await processes.waiting()
        first.is_awake = False
        asked = len(harness.peer.calls)
        with caplog.at_level(logging.INFO):
            await processes.pass_time(3.5)
            assert [first.serves, second.serves] == [False, True]
            ticket = await harness.ben.chat.expect(asks_to_confirm)
            await first.holder.watch()
            await harness.press(harness.ben, ticket, "Confirm")
            await processes.settled()
        told = [record for record in caplog.records if "poll" in record.getMessage()]
        assert [record.levelno for record in told] == [logging.INFO] * len(told)
        assert len(told) <= 1 >= conflicts(harness)
        await harness.ben.chat.expect("next tick")
        assert len([message for message in harness.ben.chat.of_bot() if "spend about" in message.text]) <= 1
        polls = [call for call in harness.peer.calls[asked:] if call.method == "getUpdates"]
        assert all(call.code != 409 for call in polls), "who has no lease polls no more"
        async with harness.db.reading() as uow:
            assert len(await uow.orders.pending(harness.market)) == 1


async def test_a_frozen_process_that_wakes_up_sends_nothing_and_serves_again_when_it_is_its_turn(
    tmp_path: Path,
) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        await processes.settled()
        first.is_awake = False
        await processes.pass_time(3.5)
        await processes.serving(second)
        first.is_awake = True
        sent = len(harness.peer.called("sendMessage"))
        for _ in range(3):
            await first.announcer.step()
            await processes.pass_time(0.5)
        assert len(harness.peer.called("sendMessage")) == sent
        await processes.end(second)
        await processes.pass_time(0.5)
        await processes.serving(first)
        await harness.say(harness.ben, "/rules")
        await harness.ben.chat.expect("play money")
        assert conflicts(harness) <= 1


async def test_all_that_was_done_comes_again_to_the_next_process_and_nothing_changes(tmp_path: Path) -> None:
    """Every kind of update there is, as if the first had died just before it wrote down that it was done with."""
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first = await running_in_process(processes)
        await harness.say(harness.ben, "/buy germany yes")
        await harness.press(harness.ben, await harness.ben.chat.expect("amount?"), "Type your own")
        await harness.ben.chat.expect("Reply to this message")
        await harness.say(harness.ben, "37")
        await harness.press(harness.ben, await harness.ben.chat.expect(asks_to_confirm), "Confirm")
        await processes.pass_time(2)
        await harness.say(harness.ada, "/settings confirm off")
        await harness.say_and_expect(harness.ada, "/buy brazil yes 5", "next tick")
        await harness.say(harness.cleo, "/join", harness.group)
        link = await harness.group.expect(lambda message: message.labels == ["Open our chat"])
        await harness.cleo.follow(link, "Open our chat")
        await harness.cleo.chat.expect("You are in, as Cleo")
        await processes.pass_time(2)
        small = harness.peer.world.group("Small", harness.ada, harness.ben)
        await harness.say(harness.ada, "/admin_create Race A, B, C", small)
        await harness.ada.chat.expect("Race is drafted")
        await small.migrate()
        await harness.cleo.block()
        await harness.group.kick_bot()
        await harness.group.add_bot(harness.ada)
        await harness.say(harness.ada, "/admin_grant Ben $5", harness.group)
        await processes.settled()
        await processes.pass_time(4)
        before, everything = rows(harness.path), list(harness.peer.world.update_queue.everything)
        kinds = {kind for update in everything for kind in update if kind != "update_id"}
        assert kinds == {"message", "callback_query", "my_chat_member"}
        await processes.end(first)
        await processes.forget_what_is_done()
        second = await processes.start()
        for at in range(0, len(everything), 8):  # nobody may say more than so many lines at once
            harness.peer.world.update_queue.pending += everything[at : at + 8]
            harness.peer.world.changes.notify()
            await processes.settled()
            await processes.pass_time(10)
        assert second.serves
        after = rows(harness.path)
        assert sorted(set(after) ^ set(before)) == []


async def test_what_comes_again_is_not_even_answered_again(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first = await running_in_process(processes)
        await processes.settled()
        await processes.end(first)
        await processes.start()
        told = len(harness.ben.chat.of_bot())
        harness.peer.world.update_queue.pending += list(harness.peer.world.update_queue.everything)
        harness.peer.world.changes.notify()
        await harness.say_and_expect(harness.ben, "/rules", "play money")
        await processes.settled()
        assert len(harness.ben.chat.of_bot()) == told + 1


async def test_what_somebody_is_about_to_type_is_known_to_the_next_process(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        await harness.say(harness.ben, "/buy germany yes")
        await harness.press(harness.ben, await harness.ben.chat.expect("amount?"), "Type your own")
        await harness.ben.chat.expect("Reply to this message")
        await processes.end(first)
        await processes.pass_time(0.5)
        assert second.serves
        await harness.say_and_expect(harness.ben, "37", "37 tokens")
        await processes.pass_time(1)
        said = await harness.say_and_expect(harness.ben, "38", lambda message: "tokens" not in message.text)
        assert "37" not in said.text, "it was the answer to one question"


async def test_rights_that_ended_under_another_process_have_ended(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        await harness.say(harness.ada, "/admin_pause", harness.group)
        await harness.ada.chat.expect("paus")
        first.is_awake = False
        await processes.pass_time(3.5)
        await processes.serving(second)
        first.is_awake = True
        await harness.group.demote(harness.ada)
        await processes.settled()
        await processes.end(second)
        await processes.pass_time(0.5)
        assert first.serves
        await harness.say_and_expect(harness.ada, "/admin_unpause", "admin", harness.group)
        async with harness.db.reading() as uow:
            assert [row.action for row in await uow.audit.of_action(harness.market, "unpause")] == []


async def test_a_process_whose_token_is_refused_keeps_nobody_from_serving(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path) as processes:
        refused = await processes.start(token="7000000001:wrong")
        await processes.pass_time(1)
        first = await processes.start()
        await processes.serving(first)
        await processes.pass_time(1)
        assert [refused.serves, first.serves] == [False, True]
        assert not refused.ready.is_set()


# -- webhook


async def deliver(url: str | None, update: object) -> int:
    headers = {SECRET_HEADER: SECRET}
    async with ClientSession(headers=headers) as telegram, telegram.post(str(url), json=update) as answer:
        return answer.status


async def test_an_update_may_reach_any_process_and_is_done_once_by_the_one_that_serves(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path, webhook=True) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        assert [call.params["url"] for call in harness.peer.called("setWebhook")] == [first.hook]
        harness.peer.world.update_queue.allow(["chat_member"])  # the test delivers what is said now
        message = {"message_id": 900, "date": int(harness.clock()), "text": "/buy germany yes 10"}
        message |= {"chat": harness.ben.chat.json(), "from": harness.ben.json()}
        later = {**message, "message_id": 901, "text": "/orders"}
        for url in (second.hook, first.hook, second.hook):
            assert await deliver(url, {"update_id": 900_000_001, "message": message}) == 200
        assert await deliver(second.hook, {"update_id": 900_000_002, "message": later}) == 200
        await harness.ben.chat.expect(asks_to_confirm)
        await processes.settled()
        assert len([told for told in harness.ben.chat.of_bot() if "spend about" in told.text]) == 1
        with closing(sqlite3.connect(harness.path)) as connection:
            kept = connection.execute("SELECT payload, person FROM telegram_inbox WHERE update_id > 900000000")
            assert kept.fetchall() == [(None, None)] * 2


async def test_what_arrives_while_nobody_serves_waits_and_what_is_too_much_is_left_with_telegram(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with telegram_processes(tmp_path, webhook=True) as processes:
        harness = processes.harness
        first, second = await running_in_process(processes), await processes.start()
        await processes.settled()
        first.is_awake = False
        await processes.pass_time(2)
        harness.clock.advance(1.1)  # the lease is over, and nobody has it yet
        await first.holder.watch()
        monkeypatch.setattr(telegram_inbox, "MOST_WAITING", 3)
        message = {"date": int(harness.clock()), "chat": harness.ben.chat.json(), "from": harness.ben.json()}
        statuses = [
            await deliver(
                second.hook,
                {"update_id": 900_000_009 - number, "message": {**message, "message_id": 900 - number, "text": text}},
            )
            for number, text in enumerate(("/rules", "/balance", "/orders", "/rules"))
        ]
        assert statuses == [200, 200, 200, 503]
        assert await processes.waiting() == [900_000_007, 900_000_008, 900_000_009]
        assert [await deliver(second.hook, raw) for raw in ({}, {"update_id": -1}, {"update_id": True}, [1])] == [
            400
        ] * 4
        await processes.pass_time(0.5)
        assert second.serves
        await harness.ben.chat.expect("play money")
        await processes.settled()
        assert [call.params["url"] for call in harness.peer.called("setWebhook")] == [first.hook] * 2


async def test_nothing_of_a_person_who_is_forgotten_waits_for_anybody(tmp_path: Path) -> None:
    async with telegram_processes(tmp_path, webhook=True) as processes:
        harness = processes.harness
        first = await running_in_process(processes)
        await processes.settled()
        await processes.end(first)
        update = {"update_id": 5, "message": {"text": "my secret", "from": harness.ben.json()}}
        async with harness.db.writing() as uow:
            item = telegram_inbox.StoredUpdate(update_id=5, payload=json.dumps(update), person=str(harness.ben.id))
            await uow.telegram_inbox.add([item], 0)
            person = await uow.people.find("telegram", str(harness.ben.id))
            await uow.commit()
        assert person is not None
        async with harness.db.writing() as uow:
            await uow.personal_data.hold_all(person.id)
            await uow.personal_data.erase(person.id)
            await uow.commit()
        assert await processes.waiting() == []


# -- rates


async def test_ten_take_overs_and_no_group_hears_more_than_one_process_may_say(tmp_path: Path) -> None:
    """Each process sends whenever its own budget allows it; every other one ends suddenly, and goes on sending for as
    long as it takes itself for the holder."""
    async with telegram_processes(tmp_path, limits=True) as processes:
        harness = processes.harness
        groups = [harness.group, harness.peer.world.supergroup("Others", harness.ada)]
        process = await processes.start()
        for number in range(10):
            for _ in range(18 + number % 5):
                await processes.pass_time(1, between_s=1)
                await say_something(processes, process, groups)
            following = await processes.start()
            if number % 2:
                await processes.end(process)
            else:
                process.is_awake = False
                while process.serves:
                    await say_something(processes, process, groups)
                    await processes.pass_time(0.5)
            await processes.pass_time(0.5)
            assert [each for each in processes.all if each.serves] == [following]
            process = following
        assert {call.method for call in harness.peer.refused()} == {"getUpdates"}, "polls that sudden ends left hanging"
        assert conflicts(harness) == len(harness.peer.refused()) == 5
        said = [harness.peer.limits.most(60, group.id) for group in groups]
        assert max(said) <= 20
        assert min(said) >= 10, "it is not for silence that nothing was refused"


async def say_something(processes: TelegramProcesses, process: TelegramProcess, groups: list[Chat]) -> None:
    now_ms = processes.harness.bot_clock.monotonic_ms()
    for group in groups:
        if process.budget.wait(str(group.id), now_ms) == 0:
            process.budget.use(str(group.id), now_ms)
            await process.telegram.platform.post(str(group.id), Reply(head=line(f"It is {now_ms}")))


async def test_rows_that_nobody_received_are_done_with_and_keep_nobody_waiting(tmp_path: Path) -> None:
    payloads = ("", "null", "[1]", '{"update_id": []}', '{"update_id": 1, "message": 7}', "9" * 5_000, "[" * 9_000)
    async with telegram_processes(tmp_path) as processes:
        harness = processes.harness
        await running_in_process(processes)
        stored = [
            telegram_inbox.StoredUpdate(update_id=number - 70, payload=payloads[number % 7], person="x" * 32)
            for number in range(70)
        ]
        async with harness.db.writing() as uow:
            await uow.telegram_inbox.add(stored, harness.now_ms())
            await uow.commit()
        await harness.say(harness.ben, "/rules")
        await harness.ben.chat.expect("play money")
        await processes.settled()
        assert await processes.waiting() == []
