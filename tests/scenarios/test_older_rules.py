"""A chat whose market was begun by older rules: what can still be read, and the one way it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.charts.queries import load
from bot.chat import plain_text
from bot.chat.reply import Picture
from scheduler.jobs import Jobs
from storage.clock import ManualClock
from storage.database import Database
from storage.schema import tickets
from tests.bot.harness import ADMIN, ChatHarness, button
from tests.scenarios.rows import Row, perform
from tests.storage.rules_1 import CLAIM, NOW, OFF, OLD, TOWN, unpack_rules_1

OPEN_TICKETS = select(tickets.c.id).where(tickets.c.status == "open")
STANDS_STILL = "was begun by rules 1 of Outcry and this version plays by rules 2, so it stands still"
READ = (
    "/board",
    "/positions",
    "/balance",
    "/orders",
    "/trades",
    "/leaderboard",
    "/tape",
    "/chart",
    "/rules",
    "/help",
)
READ_BY_ADMINS = (
    "/admin monitor",
    "/admin users",
    "/admin log",
    "/admin export trades",
    "/admin export rankings",
    "/admin export ledger",
    "/admin export metrics",
    "/admin export config",
    "/admin graph prices",
    "/admin graph maker",
)
REFUSED = (
    ("ada", "/buy germany yes 10"),
    ("ada", "/sell germany yes 10"),
    ("ada", "/quote germany yes 10"),
    ("ada", "/cancel all"),
    ("eve", "/join"),
    ("bob", "/ticket confirm {ticket}"),
    *(
        (ADMIN, f"/admin {line}")
        for line in (
            "set fee 2%",
            "schedule +1h winner ask",
            "open",
            "start",
            "freeze",
            "resume",
            "pause",
            "eliminate france",
            "resolve germany",
            "resolve germany, brazil",
            "correct brazil",
            "approve",
            "grant ada $5",
            "rehearse",
            "announce hello",
        )
    ),
)


@asynccontextmanager
async def _old_chats(folder: Path) -> AsyncIterator[ChatHarness]:
    path = unpack_rules_1(folder / "play.db")
    db = Database.open(f"sqlite:///{path}")
    try:
        await db.migrate()
        harness = ChatHarness(db, path)
        harness.now = NOW
        yield harness
    finally:
        await db.close()


@pytest.mark.parametrize("chat", ["town", "claim"])
async def test_everything_of_it_can_be_read(tmp_path: Path, chat: str) -> None:
    async with _old_chats(tmp_path) as harness:
        for who, lines in (("ada", READ), (ADMIN, READ_BY_ADMINS)):
            for line in lines:
                reply = await harness.say(who, line, chat=chat)
                assert reply.ok, (line, plain_text.text(reply))


@pytest.mark.parametrize("chat", ["town", "claim"])
async def test_everything_else_is_refused_with_one_sentence_and_changes_nothing(tmp_path: Path, chat: str) -> None:
    async with _old_chats(tmp_path) as harness:
        async with harness.db.reading() as uow:
            (ticket,) = (row["id"] for row in await uow.rows(OPEN_TICKETS))
        before = harness.rows()
        for who, line in REFUSED:
            reply = await harness.say(who, line.format(ticket=ticket), chat=chat)
            assert not reply.ok, line
            text = plain_text.text(reply)
            assert STANDS_STILL in text, (line, text)
            assert "/admin void" in text
        assert harness.rows() == before


async def test_its_board_stands_still_and_offers_nothing_to_trade(tmp_path: Path) -> None:
    async with _old_chats(tmp_path) as harness:
        for chat in ("town", "claim"):
            board = await harness.say("ada", "/board", chat=chat)
            assert "Stands still" in plain_text.text(board)
            assert [action.label for action in board.actions] == ["Leaderboard"]


@pytest.mark.parametrize("number", [TOWN, OLD, OFF, CLAIM])
async def test_every_chart_of_it_has_its_numbers(tmp_path: Path, number: int) -> None:
    async with _old_chats(tmp_path) as harness, harness.db.reading() as uow:
        tick = (await uow.markets.get_one(number)).tick
        for kind in ("prices", "outcome", "volume", "maker", "leaderboard"):
            picture = Picture(kind=kind, market=number, tick=tick, outcome=0 if kind == "outcome" else None, alt=kind)
            assert await load(uow, picture) is not None, kind


async def test_a_void_frees_the_chat_and_says_who_did_it(tmp_path: Path) -> None:
    rows: tuple[Row, ...] = (
        (ADMIN, '/admin create "Next" A, B', "!", "has a market already", "/admin void"),
        (
            ADMIN,
            "/admin void the rules have changed",
            "as if the market had never been",
            "$296.90 would come back to 3",
        ),
        (ADMIN, "press Confirm", "called off with the next tick"),
        ("tick", "2s", "Boss has called this market off.", "The rules have changed.", "$296.90 came back to 3 people"),
        ("told ada", "", "$139.90 came back to you", "You have what you were given"),
        ("ada", "/balance", "$1,000.00"),
        ("ada", "/board", "was called off; everybody has what they were given"),
        ("ada", "/leaderboard", "nobody has a place"),
        (ADMIN, '/admin create "Next" A, B', "Next is drafted"),
    )
    async with _old_chats(tmp_path) as harness:
        await _in_chat(harness, "town")
        await perform(harness, rows)


async def _in_chat(harness: ChatHarness, chat: str) -> None:
    """Lines of `perform` are said in this chat, and the platform keeps what it is told as if it were the room."""
    say = harness.say

    async def say_there(*args: object, **changes: object) -> object:
        return await say(*args, **{"chat": chat, **changes})  # type: ignore[arg-type]  # passed on as they came

    harness.say = say_there  # type: ignore[method-assign, assignment]  # one chat for a whole table of rows


async def test_its_admins_are_told_what_they_can_do_and_of_rounds_by_price(tmp_path: Path) -> None:
    async with _old_chats(tmp_path) as harness:
        jobs = Jobs(harness.db, ManualClock(NOW))
        await jobs.sweep()
        await jobs.stop()
        await harness.announcer.step()
        told = "\n".join(harness.platform.texts("tell", ADMIN))
    assert "town cup stands still: it was begun by rules 1 of Outcry, and this version plays by rules 2." in told
    assert "claim cup stands still" in told
    assert "soon cup: round 1 was to be decided by the lowest price and now asks you." in told


async def test_a_lobby_of_rules_1_goes_on_with_its_rounds_asking(tmp_path: Path) -> None:
    async with _old_chats(tmp_path) as harness:
        shown = plain_text.text(await harness.say(ADMIN, "/admin schedule", chat="soon"))
        assert "you name 1 who is out" in shown
        assert "lowest" not in shown
        changed = await harness.say(ADMIN, "/admin set fee 2%", chat="soon")
        assert changed.ok, plain_text.text(changed)
        preview = await harness.say(ADMIN, "/admin start", chat="soon")
        started = await harness.say(ADMIN, button(preview, "Confirm"), chat="soon")
        assert started.ok, plain_text.text(started)
