"""Seventy ways to change the record: each is found and named, or stands in the list of what is not covered."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.market import identity, membership
from bot.words import audit as words
from engine.units import MICRO
from storage.chats import ChatSettings
from storage.database import Database
from storage.journal import Head, commit_to, following
from storage.journal_kinds import TABLES
from storage.key_value import KeptLine
from storage.schema import metadata
from storage.verify import Mismatch, Result, Verified
from storage.verify.coverage import NOT_COVERED
from tests.storage.lives import Life, born
from tests.storage.test_verify import REPLAYED, checked
from tests.storage.worlds import START

LATER = START + 60 * 60_000
NAME = "Zyxella Quorn"


async def _play(path: Path) -> None:
    """A market in mid-life in which everything was done once: decided, renamed, barred, linked, forgotten, told."""
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    life = await born(db, 3)
    await _around(db, life)
    for _ in range(3):
        await life.order()
    await life.tick()
    await life.control("eliminate", 1)
    await life.tick()
    await life.order()
    await life.act("join", {"user": life.people[0], "cash": MICRO})
    async with db.writing() as uow:
        await uow.markets.lock(life.world.market)
        await uow.audit.append(action="late", actor=life.people[0], market=life.world.market, now_ms=LATER)
        await uow.commit()
    await db.close()


async def _around(db: Database, life: Life) -> None:
    """All that stands beside the ticks."""
    market, chat, now, (first, second, third, *_) = life.world.market, life.world.chat, life.now, life.people
    async with db.writing() as uow:
        there = await uow.chats.open("discord", "777", "group", "Second", now)
        await uow.chats.open("telegram", "-5", "group", "Third", now)
        season = await uow.seasons.begin(chat, "Autumn", now)
        assert season is not None
        await uow.markets.lock(market)
        await uow.chats.connect(market, there.id)
        await uow.chats.set_settings(chat, ChatSettings(admin_role="99", ping_kinds=("lead",)))
        await uow.chats.set_admin(chat, first, admin=True, now_ms=now)
        await uow.wordings.add(market, "After 90 minutes.", actor=first, now_ms=now)
        proposal = await uow.approvals.propose(
            market, "eliminate", [2], reason=f"{NAME} saw it", code="c", proposer=first, now_ms=now
        )
        await uow.approvals.settle(market, proposal.number, second, now)
        await uow.audit.append(
            action="eliminate", actor=first, market=market, reason="Lost.", after={"n": 2}, now_ms=now
        )
        await uow.audit.append(action="roles", actor=first, chat=chat, reason="Moderators.", now_ms=now)
        await uow.members.rename(market, second, "Renamed")
        await uow.members.set_barred(market, third, "Twice the same person.")
        await uow.commit()
    async with db.writing() as uow:
        person = await uow.people.identify("discord", "42", NAME, now)
        await membership.join(uow, market, person.id, NAME, now)
        await uow.commit()
        gone = person.id
    async with db.writing() as uow:
        other = await uow.people.identify("telegram", "43", "Other", now)
        await identity.link(uow, first, other.id, now)
        await uow.commit()
    async with db.writing() as uow:
        await uow.room.append("room", "talk", {"say": "hi", "by": first}, author="Person 0", now_ms=now)
        await uow.lines.keep("key", KeptLine(line="/buy", person=first, chat_ext=None), now)
        await uow.pings.put(first, chat, {"lead"})
        await uow.commit()
    async with db.writing() as uow:
        await identity.forget(uow, gone, now)
        await uow.commit()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("played") / "outcry.db"
    asyncio.run(_play(path))
    return path


def tampered(played: Path, statement: str) -> Result:
    """What a check says of a copy in which somebody ran this."""
    copy = played.with_name("tampered.db")
    shutil.copyfile(played, copy)
    with closing(sqlite3.connect(copy)) as db:
        changed = db.executescript if ";" in statement else db.execute
        before = db.total_changes
        changed(statement)
        db.commit()
        assert db.total_changes > before, "nothing changed"
    return checked(copy)[-1]


LAST = "(select max(number) from journal where market = 1)"
FORGED = """'{"outcome": 2}'"""

# what somebody did to the database, and the table and field that are named
CAUGHT = [
    # names and people
    ("a renamed user", "update users set display_name = 'Nobody' where user = 1", "users display_name"),
    ("a name moved to another", "update users set display_name = 'Renamed' where user = 4", "users display_name"),
    ("when they joined", "update users set joined_ms = joined_ms - 1 where user = 1", "users joined_ms"),
    ("an unbarred member", "update users set barred = null where user = 3", "users barred"),
    ("the reason they were barred", "update users set barred = 'No reason.' where user = 3", "users barred"),
    ("a member kept out of ranks", "update users set unranked = 1 where user = 2", "users unranked"),
    ("a person's name", "update people set name = 'Nobody' where id = 1", "people name"),
    ("who they were merged into", "update people set merged_into = 2 where merged_into = 1", "people merged_into"),
    ("a person taken for another", "update people set merged_into = 2 where id = 4", "people merged_into"),
    ("an invented person", "insert into people (id, name, created_ms) values (99, 'New', 1)", "people row"),
    ("a forgotten person named again", f"update people set name = '{NAME}' where name like 'Member %'", "people name"),
    ("a forgotten member named again", f"update users set display_name = '{NAME}' where display_name like 'Member %'",
     "users display_name"),
    # links
    ("an identity given to another", "update links set person = 2 where platform = 'telegram'", "links person"),
    ("an identity taken away", "delete from links where platform = 'telegram'", "links row"),
    ("an identity put in", "insert into links values ('discord', '66', 1, 'x', 1)", "links row"),
    ("another account of a platform", "update links set external_id = '44' where platform = 'telegram'", "links row"),
    # title, wording, seasons
    ("the title", "update config set title = 'Another cup'", "config title"),
    ("the creator", "update config set creator = 2", "config creator"),
    ("the home chat", "update config set chat = 2", "config chat"),
    ("when it was made", "update config set created_ms = created_ms + 1", "config created_ms"),
    ("a planned start", "update config set planned_start_ms = 5", "config planned_start_ms"),
    ("a market that stands still", "update config set halted = 'x', status = 'FROZEN'", "config halted"),
    ("what decides it", "update wordings set text = 'After extra time.'", "wordings text"),
    ("who wrote it", "update wordings set actor = 2", "wordings actor"),
    ("when it was written", "update wordings set ts_ms = ts_ms - 1", "wordings ts_ms"),
    ("wording taken away", "delete from wordings", "wordings row"),
    ("wording put in", "insert into wordings values (1, 2, 'Or not.', 1, 1)", "wordings row"),
    ("a season's title", "update seasons set title = 'Winter'", "seasons title"),
    ("a season's beginning", "update seasons set start_ms = 0", "seasons start_ms"),
    ("a season's end", "update seasons set end_ms = 5", "seasons end_ms"),
    ("a season taken away", "delete from seasons", "seasons row"),
    # who acted, approvals, the log
    ("who acted", "update actions set actor = 2 where kind = 'control'", "ticks hash"),
    ("who joined by whom", "update actions set actor = null where number = 1", "ticks hash"),
    ("who proposed", "update approvals set proposer = 2", "approvals proposer"),
    ("who approved", "update approvals set decided_by = 1", "approvals decided_by"),
    ("when it was approved", "update approvals set decided_ms = decided_ms + 1", "approvals decided_ms"),
    ("what was proposed", "update approvals set outcomes = '[0]'", "approvals outcomes.0"),
    ("why it was proposed", "update approvals set reason = 'No.'", "approvals reason"),
    ("an approval taken back", "update approvals set status = 'waiting'", "approvals status"),
    ("an approval taken away", "delete from approvals", "approvals row"),
    ("who stands in the log", "update audit_log set actor = 2 where action = 'eliminate'", "audit_log actor"),
    ("what stands in the log", "update audit_log set action = 'freeze' where action = 'eliminate'", "audit_log action"),
    ("why, in the log", "update audit_log set reason = 'Won.' where action = 'eliminate'", "audit_log reason"),
    ("what it changed", """update audit_log set after = '{"n":3}' where action = 'eliminate'""", "audit_log after.n"),
    ("when, in the log", "update audit_log set ts_ms = 0 where action = 'eliminate'", "audit_log ts_ms"),
    ("a line taken out of the log", "delete from audit_log where action = 'eliminate'", "audit_log row"),
    ("a line put into the log", "insert into audit_log select 99, market, chat, actor, action, reason, before, after, 0"
     " from audit_log where action = 'eliminate'", "audit_log row"),
    ("a line moved to another market", "update audit_log set market = null where action = 'eliminate'",
     "audit_log row"),
    ("a line about a chat", "update audit_log set reason = 'x' where action = 'roles'", "audit_log reason"),
    ("a line after the last tick", "update audit_log set actor = 2 where action = 'late'", "audit_log actor"),
    # chats
    ("a chat it speaks in", "delete from announcements where chat = 2", "announcements row"),
    ("a chat it does not speak in", "insert into announcements select 1, max(id) from chats where id > 2",
     "announcements row"),
    ("which chat that is", "update chats set external_id = '778' where platform = 'discord'", "chats external_id"),
    ("whose role is an admin's", "update chat_settings set admin_role = '1'", "chat_settings admin_role"),
    # what waits to be told, and what was posted
    ("a forged elimination",
     "insert into outbox (market, kind, audience, platform, target, payload, created_ms, due_ms,"
     f" attempts, revision, lease_ms, dropped, salt) values (1, 'eliminated', 'chat', 'discord', '777', {FORGED}, 1, 1,"
     " 0, 0, 0, 0, '00')", "outbox payload"),
    ("one of no market", "insert into outbox (kind, audience, platform, target, payload, created_ms, due_ms, attempts,"
     f" revision, lease_ms, dropped, salt) values ('eliminated', 'chat', 'discord', '777', {FORGED}, 1, 1, 0, 0, 0, 0,"
     " '00')", "outbox payload"),
    ("another outcome that is out", "update outbox set payload = json_set(payload, '$.outcome', 2)"
     " where kind = 'eliminated'", "outbox payload"),
    ("another head in a post",
     "update outbox set payload = json_set(payload, '$.head', 'ab') where kind = 'eliminated'",
     "outbox payload"),
    ("another kind of message", "update outbox set kind = 'resolved' where kind = 'eliminated'", "outbox payload"),
    ("told to somebody else",
     "update outbox set person = 2 where person = (select max(person) from outbox)", "outbox payload"),
    ("told in another chat", "update outbox set target = '778' where kind = 'eliminated' and platform = 'discord'",
     "outbox target"),
    ("told to another identity", "update outbox set target = 'life-3-1' where person = 4", "outbox target"),
    ("a salt of a message", "update outbox set salt = '00' where kind = 'eliminated'", "outbox payload"),
    ("a head that was posted", "update ticks set hash = 'ab' where tick_id = (select max(tick_id) from ticks)",
     "ticks hash"),
    # the journal itself
    ("a record's content", "update journal set content = json_set(content, '$.display_name', 'x')"
     " where market = 1 and kind = 'member'", "journal content"),
    ("a record's salt", "update journal set salt = '00' where market = 1 and number = 1", "journal content"),
    ("a record's commitment", "update journal set commitment = hash where market = 1 and number = 1", "journal hash"),
    ("a record's subject", "update journal set subject = '9' where market = 1 and number = 2", "journal hash"),
    ("a record taken out", "delete from journal where market = 1 and number = 2", "journal row"),
    ("the last record taken out", f"delete from journal where market = 1 and number = {LAST}", "journal row"),
    ("a record that is said to be forgotten", "update journal set content = null, salt = null where market = 1 and"
     " number = 1", "journal content"),
    ("a shared record taken out", "delete from journal where market = 0 and number = 3", "journal row"),
    ("records of a market there is not", "update journal_heads set market = 77 where market = 1", "journal row"),
    ("how much a tick covers", "update ticks set journal = journal - 1 where tick_id = 2", "ticks hash"),
    ("how much of the shared one", "update ticks set shared_journal = 1 where tick_id = 2", "ticks hash"),
    ("covering nothing", "update ticks set journal = null where tick_id = 2", "ticks journal"),
]  # fmt: skip

# what is not looked at: the table and column are in the list that people are told
NAMED = [
    ("a memory of what was announced", "update config set memo = '{}'", "config memo"),
    ("a form that was filled in", """update config set draft = '{"x":1}'""", "config draft"),
    ("how long a tick took", "update ticks set took_us = 1", "ticks took_us"),
    ("a request's id",
     "update orders set request_id = 'x' where number = (select max(number) from orders)", "orders request_id"),
    ("when a chat was seen first", "update chats set created_ms = 1", "chats created_ms"),
    ("a chat's title", "update chats set title = 'x'", "chats title"),
    ("who the platform says is an admin", "update chat_admins set person = 2", "chat_admins person"),
    ("a name on a platform", "update links set name = 'x' where platform = 'telegram'", "links name"),
    ("whom an event pings", "delete from pings", "pings person"),
    ("a line behind a button", "update lines set line = '/sell'", "lines line"),
    ("a message that is dropped", "delete from outbox where kind = 'eliminated'", "outbox id"),
    ("what was said in the room", "update room_messages set author = 'x'", "room_messages author"),
]  # fmt: skip


def test_the_market_that_is_tampered_with_is_in_order(played: Path) -> None:
    (result,) = checked(played)
    assert isinstance(result, Verified), result
    assert result.forgotten >= 4  # name and account of the person who was forgotten, their identity, the proposal
    with closing(sqlite3.connect(played)) as db:
        ((reason,),) = db.execute("select reason from approvals").fetchall()
    assert reason.startswith("Member ")
    assert reason.endswith(" saw it")


@pytest.mark.parametrize(("statement", "named"), [row[1:] for row in CAUGHT], ids=[row[0] for row in CAUGHT])
def test_a_change_of_the_record_is_found(played: Path, statement: str, named: str) -> None:
    found = tampered(played, statement)
    assert isinstance(found, Mismatch), "it went unnoticed"
    assert f"{found.table} {found.field}" == named, found


@pytest.mark.parametrize(("statement", "named"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED])
def test_what_can_be_changed_is_in_the_list_of_what_is_not_covered(played: Path, statement: str, named: str) -> None:
    assert isinstance(tampered(played, statement), Verified)
    table, column = named.split()
    assert any(column in tables.get(table, ()) for tables in NOT_COVERED.values())


def test_every_column_of_every_table_is_replayed_or_recorded_or_named_as_not_covered() -> None:
    recorded = {(each.table.name, column) for each in TABLES.values() for column in (*each.key, *each.fields)}
    named = {(table, column) for tables in NOT_COVERED.values() for table in tables for column in tables[table]}
    by_itself = {"journal", "journal_heads", *(table.name for table in REPLAYED)}
    messages = {("outbox", column) for column in ("market", *MESSAGE)}
    for table in metadata.sorted_tables:
        for column in table.columns:
            place = (table.name, column.name)
            known = table.name in by_itself or (column.name == "market" and table.name in _of_market(recorded))
            assert known or place in recorded | named | messages, f"{place} is neither covered nor named"
    assert not recorded & named


MESSAGE = ("kind", "audience", "platform", "target", "person", "payload", "salt")


def _of_market(recorded: set[tuple[str, str]]) -> set[str]:
    return {table for table, _ in recorded}


# -- whoever rewrites the hashes too


def rewritten(played: Path, change: Callable[[sqlite3.Connection], None]) -> Result:
    """What a check says where somebody changed rows and worked all commitments and hashes of the journals out anew."""
    copy = played.with_name("rewritten.db")
    shutil.copyfile(played, copy)
    with closing(sqlite3.connect(copy)) as db:
        change(db)
        for (market,) in db.execute("select market from journal_heads").fetchall():
            _work_out_anew(db, market)
        db.commit()
    return checked(copy)[-1]


def _work_out_anew(db: sqlite3.Connection, market: int) -> None:
    head = Head()
    query = "select number, kind, subject, content, salt, commitment from journal where market = ? order by number"
    for number, kind, subject, content, salt, old in db.execute(query, (market,)).fetchall():
        commitment = old if content is None else commit_to(salt, kind, subject, json.loads(content))
        head = following(head, kind, subject, commitment)
        values = (commitment, head.hash, head.number, market, number)
        db.execute("update journal set commitment = ?, hash = ?, number = ? where market = ? and number = ?", values)
    db.execute("update journal_heads set number = ?, hash = ? where market = ?", (*head, market))


def test_a_record_and_its_hashes_rewritten_before_the_last_tick_are_found_in_the_chain(played: Path) -> None:
    def another_title(db: sqlite3.Connection) -> None:
        db.execute("update config set title = 'Another cup'")
        db.execute("update journal set content = json_set(content, '$.title', 'Another cup') where kind = 'market'")

    found = rewritten(played, another_title)
    assert isinstance(found, Mismatch)
    assert (found.tick, found.table, found.field, found.chained) == (0, "ticks", "hash", False)


def test_a_shared_record_rewritten_with_its_hashes_is_found_in_the_chain(played: Path) -> None:
    def another_season(db: sqlite3.Connection) -> None:
        db.execute("update seasons set title = 'Winter'")
        db.execute("update journal set content = json_set(content, '$.title', 'Winter') where kind = 'season'")

    found = rewritten(played, another_season)
    assert isinstance(found, Mismatch)
    assert (found.tick, found.table, found.field) == (2, "ticks", "hash")


def test_what_came_after_the_last_tick_can_be_rewritten_with_its_hashes_and_people_are_told_so(played: Path) -> None:
    def no_late_line(db: sqlite3.Connection) -> None:
        db.execute("delete from audit_log where action = 'late'")
        db.execute("delete from journal where kind = 'audit' and json_extract(content, '$.action') = 'late'")

    assert isinstance(rewritten(played, no_late_line), Verified)


def test_a_market_begun_before_there_was_a_journal_is_refused_with_a_sentence(played: Path) -> None:
    """Its names and decisions were recorded by nobody when they came about."""
    copy = played.with_name("before.db")
    shutil.copyfile(played, copy)
    with closing(sqlite3.connect(copy)) as db:
        db.executescript(
            "delete from journal; delete from journal_heads; update outbox set salt = null;"
            " update ticks set journal = null, shared_journal = null"
        )
    asyncio.run(_migrated(copy))
    (found,) = checked(copy)
    assert isinstance(found, Mismatch)
    assert (found.tick, found.table, found.field, found.found) == (0, "ticks", "journal", None)
    assert "before names and decisions were recorded" in words.unchained(found)


async def _migrated(path: Path) -> None:
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    await db.close()
