"""Finding a command, refusing politely, and never showing an exception."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation
from bot.chat.permissions import Role
from bot.chat.rate_limits import PERSON
from bot.chat.reply import Audience, Reply
from bot.commands import COMMANDS
from bot.dispatcher import Dispatcher
from bot.grammar.command import Command, command
from bot.market.context import Context
from storage.database import Database
from storage.unit_of_work import UnitOfWork
from tests.bot.harness import ADMIN, ChatHarness, chat_harness, opened, running
from tests.storage.databases import migrated_file

BARE = (
    "/positions",
    "/balance",
    "/orders",
    "/trades",
    "/board",
    "/chart",
    "/leaderboard",
    "/tape",
    "/rules",
    "/markets",
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "Commands begin with a slash"),
        ("", "Commands begin with a slash"),
        ("/", "There is no command"),
        ("/bord", "did you mean /board"),
        ("/byu germany yes 10", "/buy germany yes 10"),
        ("/lead", "did you mean /leaderboard?"),
        ("/xyzzy", "Try `/help`"),
        ("/\u202e\x00", "There is no command"),
        ("/correct 4", "There is no command"),
        ("/ticket", "There is no command"),
        ("/help nothing", "There is no command"),
        ("/help by", "`/help buy`"),
    ],
)
async def test_an_unknown_command_names_the_nearest(tmp_path: Path, line: str, words: str) -> None:
    async with chat_harness(tmp_path) as harness:
        before = harness.rows()
        reply = await harness.say("ada", line)
        assert not reply.ok
        assert words in plain_text.text(reply)
        assert harness.rows() == before


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("board", "/board"),
        ("buy germany yes 10", "/buy germany yes 10"),
        ("!buy germany yes 10", "/buy germany yes 10"),
        ("／board", "/board"),
        ("Bord", "/board"),
        ("help buy", "/help buy"),
        ("admin_freeze red card", None),
        ("what is this", None),
    ],
)
async def test_a_line_that_lacks_its_slash_is_asked_what_it_meant(
    tmp_path: Path, typed: str, meant: str | None
) -> None:
    async with chat_harness(tmp_path) as harness:
        reply = await harness.say("ada", typed)
        assert not reply.ok
        assert [action.text for action in reply.actions] == ([meant] if meant else [])
        assert (f"Did you mean `{meant}`?" in plain_text.text(reply)) is bool(meant)
        as_admin = await harness.say(ADMIN, "admin freeze red card")
        assert [action.text for action in as_admin.actions] == ["/admin freeze red card"]


async def test_blanks_that_were_left_as_they_stood_are_asked_for(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        told = await harness.say("ada", "/buy germany maybe 100")
        assert "`/buy germany <side> 100`" in plain_text.text(told)
        asked = await harness.say("ada", "/buy germany <side> 100")
        assert asked.form is not None
        assert [field.name for field in asked.form.fields if field.required] == ["side"]


async def test_examples_are_told_with_outcomes_of_the_market(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, create="/admin create Goals 0, 1, 2, 3+")
        shown = plain_text.text(await harness.say("ada", "/help buy"))
        assert '`/buy "0" yes 100` · `/buy #2 no $50 slippage 2%`' in shown


async def test_half_a_command_lists_what_can_follow_to_those_who_may(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        assert "/admin create" in plain_text.text(await harness.say(ADMIN, "/admin"))
        assert "/admin create" not in plain_text.text(await harness.say("ada", "/admin"))
        assert "did you mean /admin freeze" in plain_text.text(await harness.say(ADMIN, "/admin freez"))


async def test_spellings_of_a_command_are_one(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        await harness.say("ada", "/buy germany yes 1")  # the first ticket explains its words
        said = [
            await harness.say("ada", line)
            for line in ("/buy germany yes 5", "/BUY germany yes 5", "/buy@OutcryBot 1 y 5")
        ]
        assert len({plain_text.text(reply) for reply in said}) == 1
        monitors = [await harness.say(ADMIN, line) for line in ("/admin monitor", "/admin_monitor", "/Admin  Monitor")]
        assert all(reply.ok for reply in monitors)


async def test_every_command_answers_when_given_nothing(tmp_path: Path) -> None:
    """With a market and without, to a member and to a stranger: a sentence, and never an error."""
    async with chat_harness(tmp_path) as harness:
        for stage in ("empty", "lobby", "running"):
            if stage == "lobby":
                await opened(harness, people=("ada",))
            if stage == "running":
                await harness.press(ADMIN, await harness.say(ADMIN, "/admin start"), "Confirm")
                await harness.tick()
            for one in COMMANDS:
                for who in ("ada", "stranger", ADMIN):
                    for kind, chat in ((ChatKind.ROOM, "room"), (ChatKind.PRIVATE, who)):
                        harness.now += 10_000
                        reply = await harness.say(who, f"/{one.name}", kind=kind, chat=chat)
                        assert plain_text.line_text(reply.head).strip(), (stage, one.name, who)
                        assert "went wrong" not in plain_text.text(reply), (stage, one.name, who)
        assert (await harness.say("ada", "/start whatever_payload", kind=ChatKind.PRIVATE)).ok


async def test_private_matters_are_answered_in_private(tmp_path: Path) -> None:
    public = {"/board", "/chart", "/leaderboard", "/tape"}
    async with chat_harness(tmp_path) as harness:
        await running(harness, people=("ada",))
        for line in (*BARE, "/buy germany yes 5", "/quote germany yes 5", "/help", "/buy x"):
            reply = await harness.say("ada", line)
            assert (reply.audience is Audience.CHAT) == (line in public), line
        for line in BARE:
            reply = await harness.say("ada", line, chat="ada", kind=ChatKind.PRIVATE)
            assert reply.audience is Audience.PRIVATE


async def test_an_unexpected_error_is_logged_under_the_id_its_victim_gets(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @command("break", role=Role.ANYONE)
    async def broken(ctx: Context) -> Reply:
        """Break."""
        raise ZeroDivisionError("secret detail")

    found: Command = broken
    async with chat_harness(tmp_path) as harness:
        dispatcher = Dispatcher(harness.db, harness.clock, (found,), lambda: "e42")
        with caplog.at_level(logging.ERROR):
            reply = await dispatcher.run(
                Invocation(
                    text="/break", platform="room", person_ext="ada", person_name="Ada", chat_ext="room",
                    chat_kind=ChatKind.ROOM, request_id="1",
                )
            )  # fmt: skip
        assert plain_text.text(reply).startswith(
            "Something went wrong on our side, and nothing was changed (error e42)."
        )
        assert "secret" not in plain_text.text(reply)
        assert "e42" in caplog.text
        assert "ZeroDivisionError" in caplog.text


async def test_who_floods_is_asked_to_wait_and_nobody_else_is(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        harness.line_ms = 0
        said = Invocation(
            text="/help", platform="room", person_ext="ada", person_name="Ada", chat_ext="room",
            chat_kind=ChatKind.ROOM, request_id="1",
        )  # fmt: skip
        burst = PERSON[0].count
        replies = [await harness.dispatcher.run(said) for _ in range(burst + 1)]
        assert [reply.ok for reply in replies] == [True] * burst + [False]
        assert "please wait 10 s" in plain_text.text(replies[-1])
        assert (await harness.say("bob", "/help")).ok
        harness.now += PERSON[0].window_ms
        assert (await harness.dispatcher.run(said)).ok


async def test_names_from_chat_are_cleaned_before_anybody_sees_them(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await opened(harness, people=())
        await harness.say("ada", "/join Mallory\u202e\u0000 <b>")
        await harness.say("bob", "/join mallory <B>")
        members = plain_text.text(await harness.say(ADMIN, "/admin users"))
        assert "Mallory <b>" in members
        assert "mallory <B> 2" in members
        await harness.say(ADMIN, '/admin set outcomes "A\u202eB", C\u0007, D')
        assert "AB" in plain_text.text(await harness.say("ada", "/board"))


async def test_in_private_one_speaks_of_the_market_used_last(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        nothing = await harness.say("ada", "/board", chat="ada", kind=ChatKind.PRIVATE)
        assert "You are in no market yet" in plain_text.text(nothing)
        await opened(harness, people=("ada",))
        for line in ("/admin create Other X, Y, Z", "/admin open"):
            assert (await harness.say(ADMIN, line, chat="cellar")).ok
        await harness.say("ada", "/join", chat="cellar")
        private = {"chat": "ada", "kind": ChatKind.PRIVATE}
        assert "Other" in plain_text.text(await harness.say("ada", "/board", chat="ada", kind=ChatKind.PRIVATE))
        assert "`/markets 1` changes it" in plain_text.text(await harness.say("ada", "/markets"))
        assert (await harness.say("ada", "/markets 1")).ok
        assert "Cup" in plain_text.text(await harness.say("ada", "/board", chat="ada", kind=ChatKind.PRIVATE))
        assert not (await harness.say("ada", "/markets 7")).ok
        assert private


async def test_one_chats_market_is_invisible_to_another(tmp_path: Path) -> None:
    async with chat_harness(tmp_path) as harness:
        await running(harness)
        ticket = await harness.say("ada", "/buy germany yes 10")
        before = harness.rows()
        for line in ("/board", "/buy germany yes 10", "/tape", "/leaderboard", "/positions"):
            assert "no market in this chat" in plain_text.text(await harness.say("eve", line, chat="elsewhere"))
        for line in ("/admin freeze", "/admin void", "/admin resolve germany", "/admin monitor", "/admin set fee 1%"):
            reply = await harness.say("eve", line, chat="elsewhere", admin=True)
            assert "no market in this chat" in plain_text.text(reply), line
        assert not (await harness.say("eve", f"/ticket confirm {ticket.ticket}", chat="elsewhere")).ok
        assert harness.rows() == before


class CountedDatabase(Database):
    """The real one, and how many units were opened."""

    units: ClassVar[Counter[str]] = Counter()

    @asynccontextmanager
    async def reading(self, *, at_length: bool = False) -> AsyncIterator[UnitOfWork]:
        self.units["at length" if at_length else "reading"] += 1
        async with super().reading(at_length=at_length) as uow:
            yield uow

    @asynccontextmanager
    async def writing(self, *, first: bool = False, holding: bool = False) -> AsyncIterator[UnitOfWork]:
        self.units["writing"] += 1
        async with super().writing(first=first, holding=holding) as uow:
            yield uow


@asynccontextmanager
async def counted_chat(folder: Path) -> AsyncIterator[ChatHarness]:
    """A market that trades, Ada in it; `CountedDatabase.units` counts from here on."""
    db = CountedDatabase.open(migrated_file(folder / "play.db"))
    try:
        harness = ChatHarness(db, folder / "play.db")
        await running(harness, people=("ada",))
        CountedDatabase.units.clear()
        yield harness
    finally:
        await db.close()


@pytest.mark.parametrize(
    ("who", "line", "written"),
    [
        *(("ada", line, 0) for line in (*BARE, "/privacy", "/help", "/buy", "/quote germany yes 5", "/tape")),
        *((ADMIN, line, 0) for line in ("/admin monitor", "/admin users", "/admin log")),
        ("ada", "/buy germany yes 5", 1),
        ("ada", "/settings slippage 3%", 1),
    ],
)
async def test_a_line_is_looked_up_and_read_in_one_unit(tmp_path: Path, who: str, line: str, written: int) -> None:
    async with counted_chat(tmp_path) as harness:
        await harness.say(who, line)
        units = CountedDatabase.units
        assert (units["reading"], units["writing"]) == (1, 1 if line == "/markets" else written)


async def test_a_file_is_read_at_length_in_a_unit_of_its_own(tmp_path: Path) -> None:
    async with counted_chat(tmp_path) as harness:
        await harness.say(ADMIN, "/admin export trades")
        assert CountedDatabase.units == {"reading": 1, "at length": 1}


async def test_what_a_button_and_a_completion_need_is_read_in_the_same_unit(tmp_path: Path) -> None:
    async with counted_chat(tmp_path) as harness:
        assert "made for somebody else" in plain_text.text(await harness.say("ada", "/board", made_for=999))
        typing = Invocation(
            text="/admin grant ", platform="room", person_ext=ADMIN, person_name="Boss", chat_ext="room",
            chat_kind=ChatKind.ROOM, is_admin=True, request_id="1",
        )  # fmt: skip
        assert "ada" in " ".join(row.value.lower() for row in await harness.dispatcher.complete(typing))
        assert CountedDatabase.units == {"reading": 2}
