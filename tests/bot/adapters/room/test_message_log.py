"""What the room keeps and who may see it: replies as JSON, the log, the announcer's port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.room import render
from bot.adapters.room.message_log import BOARD, NEWS, TALK, MessageLog
from bot.adapters.room.platform import RoomPlatform
from bot.adapters.room.render import visible_to
from bot.chat.platform import UnreachableError
from bot.chat.reply import (
    Action,
    Attachment,
    Board,
    BoardRow,
    Column,
    Field,
    Form,
    Picture,
    Reply,
    Stamp,
    Table,
    bold,
    code,
    line,
)
from storage.database import Database
from storage.records import Json, RoomMessage
from storage.unit_of_work import UnitOfWork
from tests.storage.databases import migrated_file

NOW = 1_800_000_000_000
PICTURE = Picture(kind="outcome", market=3, tick=7, outcome=2, span_ms=60_000, alt="Bee falls")
BOARD_BLOCK = Board(
    title="Zoo",
    status="Open",
    rows=(BoardRow(outcome=0, place="1st", name="Ant", yes=1, no=2, change=None, spark=(1, 2), active=True),),
    volume=5,
    people=2,
    traders=1,
    now_ms=NOW,
)
EVERYTHING = Reply(
    head=line("Hello ", bold("Ant", 0)),
    blocks=(
        line(code("/buy"), Stamp(NOW, True)),
        Table(columns=(Column(title="N", numeric=True),), rows=((line("1"),),), more=line("more")),
        BOARD_BLOCK,
        PICTURE,
    ),
    actions=(Action(label="Mine", text="/mine", person=1, primary=True), Action(label="All", text="/all", danger=True)),
    form=Form(title="T", command="do", submit="Go", fields=(Field(name="a", label="A", choices=(("x", "X"),)),)),
    files=(Attachment(name="a.csv", data=b"1,2", media_type="text/csv"),),
    ticket=9,
)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database.open(migrated_file(tmp_path / "room.db"))
    yield database
    await database.close()


@pytest.fixture
async def log(db: Database) -> MessageLog:
    made = MessageLog(db, lambda: NOW)
    await made.open()
    return made


async def person(db: Database, ext: str) -> int:
    async with db.writing() as uow:
        person = await uow.people.identify("room", ext, ext.title(), NOW)
        await uow.commit()
    return person.id


def said(text: str) -> dict[str, str]:
    return {"say": text}


def test_a_reply_survives_storage_with_its_charts_and_files() -> None:
    kept = json.loads(json.dumps(render.render(EVERYTHING)))
    assert render.picture_at(kept, 3) == PICTURE
    assert render.attachment_at(kept, 0) == EVERYTHING.files[0]
    for index in (-1, 0, 2, 4):
        assert render.picture_at(kept, index) is None
    assert render.attachment_at(kept, 1) is None
    assert render.picture_at({}, 0) is None
    assert render.attachment_at({"files": "no"}, 0) is None


def test_browsers_never_get_the_bytes_of_a_file_with_the_message() -> None:
    kept = render.render(EVERYTHING)
    assert "data" in json.dumps(kept["files"])
    assert render.without_file_data(kept)["files"] == [{"name": "a.csv", "type": "text/csv", "size": 3}]


async def test_a_button_made_for_one_person_is_shown_to_nobody_else(log: MessageLog) -> None:
    message = await log.append("room", TALK, {"reply": render.render(EVERYTHING), "by": 1, "request": "room:secret"})
    labels = {viewer: [action["label"] for action in _actions(visible_to(message, viewer))] for viewer in (1, 2, None)}
    assert labels == {1: ["Mine", "All"], 2: ["All"], None: ["All"]}
    assert "secret" not in json.dumps(visible_to(message, 1))
    assert (visible_to(message, 1)["mine"], visible_to(message, 2)["mine"], visible_to(message, None)["mine"]) == (
        True,
        False,
        False,
    )


def _actions(shown: dict[str, Json]) -> list[dict[str, str]]:
    reply = json.loads(json.dumps(shown["reply"]))
    return list(reply["actions"])


async def test_private_messages_reach_their_owner_alone_from_memory_and_from_storage(
    db: Database, log: MessageLog
) -> None:
    ada, bob = await person(db, "ada"), await person(db, "bob")
    await log.append("room", TALK, said("all"))
    await log.append("room", TALK, said("ada"), person=ada)
    await log.append("elsewhere", TALK, said("there"))
    again = MessageLog(db, lambda: NOW)
    await again.open()
    for source in (log, again):
        for seq in (None, 0):
            seen = {
                viewer: [message.body["say"] for message in (await source.after("room", seq, viewer)).messages]
                for viewer in (ada, bob, None)
            }
            assert seen == {ada: ["all", "ada"], bob: ["all"], None: ["all"]}


async def test_a_stream_goes_on_where_it_stopped_and_gets_each_message_once_in_its_last_state(log: MessageLog) -> None:
    first = await log.append("room", TALK, said("one"))
    page = await log.after("room", first.seq, None)
    assert (page.messages, page.seq) == ((), first.seq)
    board = await log.append("room", BOARD, said("b1"))
    for text in ("b2", "b3"):
        await log.replace(board.id, said(text))
    await log.append("room", TALK, said("two"))
    page = await log.after("room", first.seq, None)
    assert [message.body["say"] for message in page.messages] == ["b3", "two"]
    assert (await log.after("room", page.seq, None)).messages == ()


async def test_who_fell_behind_the_ring_is_served_from_storage(
    log: MessageLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.room.recent_messages.RECENT", 3)
    seqs = [(await log.append("room", TALK, said(str(number)))).seq for number in range(10)]
    for at, seq in enumerate(seqs):
        page = await log.after("room", seq, None)
        assert [message.body["say"] for message in page.messages] == [str(number) for number in range(at + 1, 10)]
        assert page.seq == seqs[-1]


async def test_a_number_of_another_database_starts_from_the_beginning(log: MessageLog) -> None:
    last = await log.append("room", TALK, said("here"))
    page = await log.after("room", last.seq + 1_000, None)
    assert [message.body["say"] for message in page.messages] == ["here"]
    assert page.seq == last.seq


async def test_only_those_who_may_see_a_change_are_woken(db: Database, log: MessageLog) -> None:
    ada, bob = await person(db, "ada"), await person(db, "bob")
    events = {
        "ada": log.listen("room", ada),
        "bob": log.listen("room", bob),
        "stranger": log.listen("room", None),
        "elsewhere": log.listen("hall", ada),
    }
    for whose, woken in ((ada, {"ada"}), (None, {"ada", "bob", "stranger"})):
        for event in events.values():
            event.clear()
        await log.append("room", TALK, said("hush"), person=whose)
        assert {name for name, event in events.items() if event.is_set()} == woken


async def test_the_same_body_again_changes_nothing_and_wakes_nobody(log: MessageLog) -> None:
    message = await log.append("room", TALK, said("one"))
    event = log.listen("room", None)
    assert (await log.replace(message.id, said("one"))) == message
    assert not event.is_set()
    changed = await log.replace(message.id, said("two"))
    assert changed is not None
    assert changed.seq > message.seq
    assert event.is_set()
    log.stop_listening(event)
    event.clear()
    await log.append("room", TALK, said("three"))
    assert not event.is_set()


async def test_writes_that_wait_for_the_database_share_one_transaction_and_wake_each_reader_once(
    db: Database, log: MessageLog
) -> None:
    event = log.listen("room", None)
    async with db.writing():  # somebody else has the writer for a while
        waiting = [asyncio.create_task(log.append("room", TALK, said(str(number)))) for number in range(20)]
        await asyncio.sleep(0)
        waiting[7].cancel()  # a browser that hangs up takes nothing back, and holds nobody up
        assert not event.is_set()
    written = [await task for number, task in enumerate(waiting) if number != 7]
    page = await log.after("room", 0, None)
    assert [message.body["say"] for message in page.messages] == [str(number) for number in range(20)]
    assert [message for message in page.messages if message.body["say"] != "7"] == written
    again = MessageLog(db, lambda: NOW)  # after a crash
    await again.open()
    assert (await again.after("room", 0, None)).messages == page.messages


async def test_newcomers_read_what_is_known_from_memory_until_somebody_is_forgotten(
    db: Database, log: MessageLog
) -> None:
    ada = await person(db, "ada lovelace")
    for number in range(5):
        await log.append("room", TALK, said(f"line {number}"))
    await log.append("room", NEWS, {"reply": {"head": [{"x": "Ada Lovelace leads."}]}})
    await log.append("room", TALK, {"say": "mine", "by": ada}, author="Ada Lovelace")
    seen = (await log.after("room", None, None)).messages
    again = (await log.after("room", None, None)).messages
    assert again == seen
    assert [one is other for one, other in zip(again, seen, strict=True)] == [True] * 7
    async with db.writing() as uow:
        await uow.personal_data.hold_all(ada)
        await uow.personal_data.erase(ada)
        await uow.commit()
    for seq in (None, seen[0].seq - 1):
        left = (await log.after("room", seq, None)).messages
        assert len(left) == 6
        assert "Lovelace" not in str([(message.author, message.body) for message in left])


async def test_what_cannot_be_written_fails_alone(db: Database, log: MessageLog) -> None:
    ada = await person(db, "ada")

    async def refuse(uow: UnitOfWork, message: RoomMessage) -> None:
        raise LookupError

    async def confirm(uow: UnitOfWork, message: RoomMessage) -> None:
        await uow.room.append("room", NEWS, said(f"beside {message.id}"), now_ms=NOW)

    async with db.writing():
        first = asyncio.create_task(log.answer("room", said("before"), ada, private=False, also=confirm))
        broken = asyncio.create_task(log.answer("room", said("broken"), ada, private=False, also=refuse))
        last = asyncio.create_task(log.append("room", TALK, said("after")))
        await asyncio.sleep(0)
    with pytest.raises(LookupError):
        await broken
    assert [(await task).body["say"] for task in (first, last)] == ["before", "after"]
    again = MessageLog(db, lambda: NOW)
    await again.open()
    kept = [message.body["say"] for message in (await again.after("room", 0, None)).messages]
    assert kept == ["before", f"beside {(await first).id}", "after"]


async def test_what_was_said_before_a_fill_never_overwrites_it(log: MessageLog) -> None:
    ticket = await log.append("room", TALK, said("ticket"))
    await log.replace(ticket.id, said("filled"))
    late = await log.replace(ticket.id, said("sent"), unless_after=ticket.seq)
    assert late is not None
    assert late.body == said("filled")
    assert await log.replace(999, said("nothing")) is None


async def test_the_announcer_pins_the_board_and_posts_the_rest(db: Database, log: MessageLog) -> None:
    platform = RoomPlatform(db, lambda: NOW, log)
    board = await platform.post("room", Reply(head=line("Ant leads"), blocks=(BOARD_BLOCK,)))
    news = await platform.post("room", Reply(head=line("Bee is out"), blocks=(PICTURE,)))
    await platform.edit("room", board, Reply(head=line("Bee leads"), blocks=(BOARD_BLOCK,)))
    page = await log.after("room", None, None)
    assert [(str(message.id), message.channel) for message in page.messages] == [(news, NEWS), (board, BOARD)]
    assert platform.name == "room"


async def test_the_charts_the_announcer_attached_are_not_kept_twice(db: Database, log: MessageLog) -> None:
    platform = RoomPlatform(db, lambda: NOW, log)
    png = Attachment(name="outcome-7.png", data=b"png", media_type="image/png")
    csv = EVERYTHING.files[0]
    for files, kept in (((png,), 0), ((csv, png), 1), ((csv,), 1), ((), 0)):
        ref = await platform.post("room", Reply(head=(), blocks=(PICTURE,), files=files))
        message = await log.get(int(ref))
        assert message is not None
        reply = message.body["reply"]
        assert isinstance(reply, dict)
        assert json.dumps(reply).count('"data"') == kept


async def test_an_edit_of_what_is_not_there_is_unreachable_and_changes_nothing(db: Database, log: MessageLog) -> None:
    platform = RoomPlatform(db, lambda: NOW, log)
    ada = await person(db, "ada")
    private_ref = await platform.tell("ada", Reply(head=line("private")), edit_ref=None, chat_ext=None)
    elsewhere = await platform.post("elsewhere", Reply(head=line("there")))
    before = (await log.after("room", None, ada)).messages
    for ref in ("999", "x", "", private_ref, elsewhere):
        with pytest.raises(UnreachableError):
            await platform.edit("room", ref, Reply(head=line("changed")))
    with pytest.raises(UnreachableError):
        await platform.tell("nobody", Reply(head=line("hello")), edit_ref=None, chat_ext=None)
    assert (await log.after("room", None, ada)).messages == before


async def test_a_fill_replaces_its_owners_ticket_and_never_another_persons_message(
    db: Database, log: MessageLog
) -> None:
    platform = RoomPlatform(db, lambda: NOW, log)
    ada, bob = await person(db, "ada"), await person(db, "bob")
    ticket = await log.append(
        "room", TALK, {"asked": "/buy", "by": ada, "reply": render.render(EVERYTHING)}, person=ada
    )
    assert await platform.tell("ada", Reply(head=line("Filled")), edit_ref=str(ticket.id), chat_ext=None) == str(
        ticket.id
    )
    filled = await log.get(ticket.id)
    assert filled is not None
    assert filled.body == {"asked": "/buy", "by": ada, "reply": render.render(Reply(head=line("Filled")))}
    other = await platform.tell("bob", replace(EVERYTHING, files=()), edit_ref=str(ticket.id), chat_ext=None)
    assert other != str(ticket.id)
    assert (await log.get(ticket.id)) == filled
    assert [message.person for message in (await log.after("room", None, bob)).messages] == [bob]
