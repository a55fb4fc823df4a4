"""Two processes keep one log of messages on one PostgreSQL: what one writes the other shows, each change once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.adapters.room.message_log import NEWS, TALK, UNKEPT, MessageLog
from bot.adapters.room.platform import RoomPlatform
from bot.chat.reply import Reply, line
from storage.database import Database
from storage.records import RoomMessage
from storage.unit_of_work import UnitOfWork
from tests.bot.adapters.room.test_message_log import NOW, person, said
from tests.storage.databases import postgres
from tests.storage.postgres import Server

__all__ = ["postgres"]


@pytest.fixture
async def databases(postgres: Server) -> AsyncIterator[tuple[Database, Database]]:
    url = await postgres.create_migrated()
    first, second = Database.open(url), Database.open(url)
    yield first, second
    await first.close()
    await second.close()


@pytest.fixture
async def logs(
    databases: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[MessageLog, MessageLog]]:
    """As in two processes that serve; the clock of the second is an hour behind."""
    monkeypatch.setattr("bot.adapters.room.message_log.POLL_S", 0.05)
    first, second = MessageLog(databases[0], lambda: NOW), MessageLog(databases[1], lambda: NOW - 3_600_000)
    async with following(first), following(second):
        yield first, second


@asynccontextmanager
async def following(log: MessageLog) -> AsyncIterator[None]:
    await log.open()
    task = asyncio.create_task(log.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def read(log: MessageLog, person: int | None, last: str, since: int | None = 0) -> list[RoomMessage]:
    """As a stream does: all changes, until `last` is said."""
    seen: list[RoomMessage] = []
    event = log.listen("room", person)
    while True:
        event.clear()
        page = await log.after("room", since, person)
        seen, since = [*seen, *page.messages], page.seq
        if last in [message.body.get("say") for message in page.messages]:
            log.stop_listening(event)
            return seen
        await event.wait()


async def test_every_change_is_read_once_and_in_order_whichever_process_wrote_it(
    logs: tuple[MessageLog, MessageLog],
) -> None:
    async def refuse(uow: UnitOfWork) -> list[RoomMessage]:
        await uow.room.append("room", TALK, said("never"), now_ms=NOW)
        raise LookupError

    async def talk(log: MessageLog, name: str) -> None:
        for number in range(12):
            with_others = [log.append("room", TALK, said(f"{name} {number}.{part}")) for part in range(3)]
            refused, *messages = await asyncio.gather(log.write(refuse), *with_others, return_exceptions=True)
            assert isinstance(refused, LookupError)
            message = messages[0]
            assert isinstance(message, RoomMessage)
            await log.replace(message.id, said(f"{name} {number} changed"))

    readers = [asyncio.create_task(read(log, None, "end")) for log in (*logs, *logs)]
    await asyncio.gather(*(talk(log, f"{at}") for at, log in enumerate(logs)))
    await logs[1].append("room", TALK, said("end"))
    everything = (await logs[0].after("room", None, None)).messages
    assert len(everything) == 2 * 12 * 3 + 1
    for reader in readers:
        seen = await reader
        assert [message.seq for message in seen] == sorted({message.seq for message in seen})
        last_states = {message.id: message for message in seen}
        assert last_states == {message.id: message for message in everything}


async def test_who_goes_on_at_another_process_misses_nothing_and_reads_nothing_twice(
    logs: tuple[MessageLog, MessageLog],
) -> None:
    ada = await person(logs[0]._db, "ada")
    seen: list[RoomMessage] = []
    for number in range(12):
        writing, reading = logs[number % 2], logs[(number + 1) % 2]
        await writing.append("room", TALK, said(f"public {number}"))
        await writing.append("room", TALK, said(f"hers {number}"), person=ada)
        seen += await read(reading, ada, f"hers {number}", seen[-1].seq if seen else 0)
    assert [message.body["say"] for message in seen] == [
        text for number in range(12) for text in (f"public {number}", f"hers {number}")
    ]


async def test_a_commit_of_another_process_wakes_whoever_listens(
    databases: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.room.message_log.POLL_S", 600)  # nobody looks by themselves
    reading, writing = (MessageLog(db, lambda: NOW) for db in databases)
    databases[0].listen()
    await writing.open()
    async with following(reading):
        for number in range(3):
            await writing.append("room", TALK, said(str(number)))
            await read(reading, None, str(number))


async def test_who_has_missed_more_than_is_kept_in_memory_reads_it_from_storage(
    databases: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.room.recent_messages.RECENT", 3)
    first, second = (MessageLog(db, lambda: NOW) for db in databases)
    for log in (first, second):
        await log.open()
    for number in range(10):
        await second.append("room", TALK, said(str(number)))
    await first.append("room", TALK, said("10"))  # after what it has not heard of
    for since in (0, 4, 9):
        page = await first.after("room", since, None)
        assert [message.body["say"] for message in page.messages] == [str(number) for number in range(since, 11)]
        assert (page.seq, (await first.after("room", page.seq, None)).messages) == (11, ())


async def test_a_number_of_another_database_starts_from_the_beginning(logs: tuple[MessageLog, MessageLog]) -> None:
    await logs[0].append("room", TALK, said("one"))
    page = await logs[1].after("room", 999, None)
    assert ([message.body["say"] for message in page.messages], page.seq) == (["one"], 1)


async def test_what_another_process_said_before_a_fill_never_overwrites_it(
    logs: tuple[MessageLog, MessageLog],
) -> None:
    for _ in range(15):
        ticket = await logs[0].append("room", TALK, said("ticket"))
        await asyncio.gather(
            logs[0].replace(ticket.id, said("filled")),
            logs[1].replace(ticket.id, said("sent"), unless_after=ticket.seq),
        )
        message = await logs[0].get(ticket.id)
        assert message is not None
        assert message.body == said("filled")


async def test_a_request_is_answered_by_one_message_however_many_processes_answer_it(
    logs: tuple[MessageLog, MessageLog],
) -> None:
    ada = await person(logs[0]._db, "ada")
    for number in range(10):
        talk = [log.append("room", TALK, said(f"talk {number}"), request_id=f"talk {number}") for log in logs]
        replies = [
            log.answer("room", said(f"reply {at}"), ada, private=True, request_id=f"reply {number}")
            for at, log in enumerate(logs)
        ]
        first, second, third, fourth = await asyncio.gather(*talk, *replies)
        assert (first, third) == (second, fourth)
        assert await logs[number % 2].requested(f"reply {number}") == third
    assert await logs[0].requested("nobody's") is None
    assert len((await logs[1].after("room", None, ada)).messages) == 20


async def test_a_notice_that_is_sent_again_by_another_process_stands_once(logs: tuple[MessageLog, MessageLog]) -> None:
    ada = await person(logs[0]._db, "ada")
    first, second = (RoomPlatform(log._db, lambda: NOW, log) for log in logs)
    news, paid = Reply(head=line("Bee is out")), Reply(head=line("You are paid"))
    posted = await asyncio.gather(first.post("room", news, nonce="n1"), second.post("room", news, nonce="n1"))
    told = [await by.tell("ada", paid, edit_ref=None, chat_ext=None, nonce="n2") for by in (first, second)]
    other = await second.post("room", news, nonce="n3")
    assert (posted[0], told[0]) == (posted[1], told[1])
    page = await logs[0].after("room", None, ada)
    assert [(str(message.id), message.channel) for message in page.messages] == [
        (posted[0], NEWS),
        (told[0], TALK),
        (other, NEWS),
    ]


async def test_who_is_forgotten_at_one_process_is_shown_by_none(
    databases: tuple[Database, Database], logs: tuple[MessageLog, MessageLog]
) -> None:
    ada = await person(databases[0], "lovelace")
    for log in logs:
        await log.append("room", TALK, {"say": "hers", "by": ada}, author="Lovelace")
        await log.append("room", NEWS, {"reply": {"head": [{"x": "Lovelace leads."}]}})
        await log.append("room", TALK, said("end"))
        await read(logs[0], None, "end")
        assert "Lovelace" in str((await logs[0].after("room", 0, None)).messages)
    event = logs[0].listen("room", None)
    async with databases[1].writing() as uow:
        await uow.personal_data.hold_all(ada)
        await uow.personal_data.erase(ada)
        await uow.commit()
    await event.wait()  # whoever listens is woken: they may be somebody else now
    for log in logs:
        for seq in (None, 0, 2):
            messages = (await log.after("room", seq, None)).messages
            assert messages
            assert "Lovelace" not in str(messages)


async def test_what_two_processes_could_not_keep_has_two_numbers(logs: tuple[MessageLog, MessageLog]) -> None:
    unkept = [log.unkept("room", said("trouble"), 7).id for log in (*logs, *logs) for _ in range(5)]
    assert len(set(unkept)) == len(unkept)
    assert all(UNKEPT < number < 2 * UNKEPT for number in unkept)
