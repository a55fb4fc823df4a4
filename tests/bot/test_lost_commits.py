"""A connection that dies at COMMIT, before it has reached PostgreSQL or after: what people are told is what is so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.room.handlers import Handlers
from bot.adapters.room.limits import Limits
from bot.adapters.room.message_log import MessageLog
from bot.adapters.room.security import Visitor
from bot.chat import plain_text
from bot.chat.reply import Reply
from storage import settling
from storage.database import Database
from storage.records import Person
from storage.settling import NotCommittedError
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import ChatHarness, button, running
from tests.storage.databases import postgres
from tests.storage.postgres import Server
from tests.storage.proxy import Proxy, proxied

__all__ = ["postgres"]

Count = Callable[[UnitOfWork, str], Awaitable[int]]
CASES = [(when, closes) for when in ("before", "after") for closes in (False, True)]


async def _person(uow: UnitOfWork, who: str) -> int:
    person = await uow.people.find("room", who)
    return 0 if person is None else person.id


async def _orders(uow: UnitOfWork, who: str) -> int:
    orders = await uow.orders.of(1, await _person(uow, who))
    return sum(order.status.value != "cancelled" for order in orders)


async def _cancelled(uow: UnitOfWork, who: str) -> int:
    orders = await uow.orders.of(1, await _person(uow, who))
    return sum(order.status.value == "cancelled" for order in orders)


async def _tickets(uow: UnitOfWork, who: str) -> int:
    own = (await uow.tickets.many(range(1, 500))).values()
    person = await _person(uow, who)
    return sum(ticket.person == person for ticket in own)


async def _accounts(uow: UnitOfWork, who: str) -> int:
    return int(await uow.members.get(1, await _person(uow, who)) is not None)


async def _settings(uow: UnitOfWork, who: str) -> int:
    return int((await uow.preferences.of(await _person(uow, who))).slippage is not None)


@dataclass(frozen=True)
class Row:
    """Lines before, the line (`Confirm`: that button of the answer before it) whose COMMIT is cut, what it makes."""

    before: tuple[str, ...]
    line: str
    made: Count


TABLE = {
    "a ticket": Row(("/join",), "/buy germany yes $5", _tickets),
    "a confirmed order": Row(("/join", "/buy germany yes $5"), "Confirm", _orders),
    "an order nobody is asked about": Row(("/join", "/settings confirm off"), "/buy germany yes $5", _orders),
    "an order taken back": Row(("/join", "/settings confirm off", "/buy germany yes $5"), "/cancel all", _cancelled),
    "an account": Row((), "/join", _accounts),
    "a setting": Row(("/join",), "/settings slippage 3%", _settings),
}


@pytest.mark.parametrize(
    ("when", "closes"), CASES, ids=[f"{when}, {'gone' if gone else 'back'}" for when, gone in CASES]
)
async def test_what_people_are_told_of_a_lost_commit_is_what_the_database_says(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, when: str, closes: bool
) -> None:
    monkeypatch.setattr(settling, "SETTLE_S", 0.2 if closes else 20.0)
    url = await postgres.create_migrated()
    direct = Database.open(url)
    try:
        async with proxied(postgres.port) as proxy:
            db = Database.open(proxy.url(url))
            try:
                harness = ChatHarness(db, Path())
                await running(harness)
                for number, (name, row) in enumerate(TABLE.items()):
                    await _check(harness, direct, proxy, row, f"p{number}", when, closes, name)
            finally:
                proxy.closed = False
                await db.close()
    finally:
        await direct.close()


async def _check(
    harness: ChatHarness, direct: Database, proxy: Proxy, row: Row, who: str, when: str, closes: bool, name: str
) -> None:
    request = f"lost-{who}"

    async def made() -> int:
        async with direct.reading() as uow:
            return await row.made(uow, who)

    reply, line = await _prepared(harness, proxy, row, who, request, when, closes)
    said = plain_text.text(reply)
    if closes:
        assert "before it said whether this arrived" in said, (name, said)
        assert await made() == (when == "after"), name
    else:
        assert reply.ok, (name, said)
        assert await made() == 1, name
    proxy.closed = False
    again = await harness.say(who, line, request=request)
    assert again.ok or "there is nothing to cancel" in plain_text.text(again), (name, plain_text.text(again))
    assert await made() == 1, name


async def _prepared(
    harness: ChatHarness, proxy: Proxy, row: Row, who: str, request: str, when: str, closes: bool
) -> tuple[Reply, str]:
    last: Reply | None = None
    for line in row.before:
        last = await harness.say(who, line)
        assert last.ok, plain_text.text(last)
        if line == "/join":
            await harness.tick()
    line = button(last, "Confirm") if row.line == "Confirm" and last is not None else row.line
    proxy.cuts, proxy.cut, proxy.closes = 0, when, closes
    reply = await harness.say(who, line, request=request)
    assert proxy.cuts == 1
    return reply, line


async def test_a_request_that_is_sent_to_the_room_again_is_told_the_truth_and_not_the_old_error(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "SETTLE_S", 0.0)
    url = await postgres.create_migrated()
    async with proxied(postgres.port) as proxy:
        db = Database.open(proxy.url(url))
        try:
            harness = ChatHarness(db, Path())
            await running(harness)
            log = MessageLog(db, harness.clock.now_ms)
            await log.open()
            handlers = Handlers(log, harness.dispatcher, {"room": "Room"}, Limits(harness.clock.monotonic_ms))
            ada = Visitor(whose="ada", token="token", ext="ada", person=await _ada(db))  # no secret

            async def say(*, again: bool) -> str:
                answer = await handlers.handle_line("room", ada, "/buy germany yes $5", "request-1", is_retry=again)
                return json.dumps(dict(answer.message.body))

            proxy.cut = "after"
            assert "before it said whether this arrived" in await say(again=False)
            first = await say(again=True)
            assert "Confirm" in first
            assert await say(again=True) == first
            async with db.reading() as uow:
                assert await _tickets(uow, "ada") == 1
        finally:
            await db.close()


async def _ada(db: Database) -> Person | None:
    async with db.reading() as uow:
        return await uow.people.find("room", "ada")


async def test_a_unit_whose_commit_was_lost_after_it_was_done_ends_as_if_it_had_been_answered(postgres: Server) -> None:
    async with _lost(postgres, "after") as (db, heard):
        await _keep(db, heard)
        assert (await _kept(db), heard) == ("value", ["committed"])


async def test_a_unit_whose_commit_never_arrived_says_that_nothing_was_changed(postgres: Server) -> None:
    async with _lost(postgres, "before") as (db, heard):
        with pytest.raises(NotCommittedError):
            await _keep(db, heard)
        assert (await _kept(db), heard) == (None, [])


async def test_a_server_that_waits_for_a_client_that_is_gone_is_told_so(
    postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "PATIENCE_S", 0.01)
    async with _lost(postgres, "before", keeps=True) as (db, heard):
        with pytest.raises(NotCommittedError):
            await _keep(db, heard)
        await _keep(db, heard)
        assert (await _kept(db), heard) == ("value", ["committed"])


@asynccontextmanager
async def _lost(postgres: Server, when: str, *, keeps: bool = False) -> AsyncIterator[tuple[Database, list[str]]]:
    """A database whose next COMMIT is lost, and who hears of commits."""
    url = await postgres.create_migrated()
    async with proxied(postgres.port) as proxy:
        proxy.keeps = keeps
        db = Database.open(proxy.url(url))
        proxy.cut = when
        try:
            yield db, []
        finally:
            await db.close()


async def _keep(db: Database, heard: list[str]) -> None:
    async with db.writing() as uow:
        await uow.key_values.put("name", "value")
        uow.after_commit(lambda: heard.append("committed"))
        await uow.commit()


async def _kept(db: Database) -> str | None:
    async with db.reading() as uow:
        return await uow.key_values.get("name")
