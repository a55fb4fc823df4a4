"""A command is declared once: one file in `bot/commands`, and it is in every table, menu and page there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot.commands
from bot.adapters.telegram_chat.command_menu import menus
from bot.chat import plain_text
from bot.chat.invocation import ChatKind, Invocation, ParseContext
from bot.chat.permissions import EVERYWHERE, SHARED, Role
from bot.chat.reply import Reply, line
from bot.cli.manual import manual
from bot.commands import COMMANDS, ORDER, declared_in, gather
from bot.dispatcher import Dispatcher
from bot.grammar.command import ArgumentGroup, Command, command
from bot.grammar.parser import parse
from bot.grammar.types import NumberArg, PageArg
from bot.market.context import Context
from tests.bot.adapters.discord_chat.test_slash_commands import options, payload_of
from tests.bot.harness import chat_harness

PING = '''
"""Whether anybody is there."""

from bot.chat.permissions import Role
from bot.chat.reply import Audience, Reply, line
from bot.grammar.command import command
from bot.grammar.types import NumberArg
from bot.market.context import Context


@command("ping", role=Role.ANYONE, for_all=True, examples=("/ping 3",))
async def ping(ctx: Context, *, times: NumberArg | None = None) -> Reply:
    """Hear whether anybody is there.

    times: how often to answer
    """
    return Reply(head=line(" ".join(["pong"] * (times or 1))), audience=Audience.CHAT)
'''


@pytest.fixture
def with_ping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Command, ...]]:
    """The commands of the folder and of one more file in it."""
    (tmp_path / "ping.py").write_text(PING, encoding="utf-8")
    monkeypatch.setattr(bot.commands, "__path__", [*bot.commands.__path__, str(tmp_path)])
    yield gather()
    del sys.modules["bot.commands.ping"]


async def test_one_more_file_is_one_more_command_everywhere(tmp_path: Path, with_ping: tuple[Command, ...]) -> None:
    [ping] = [command for command in with_ping if command not in COMMANDS]
    assert ping.rule.missing(member=False, admin=False, chat=ChatKind.PRIVATE, platform="telegram") is None
    for_all = {declared.name for declared in with_ping if declared.for_all}
    assert for_all == {declared.name for declared in COMMANDS if declared.for_all} | {"ping"}
    slash = [(where, option["name"]) for payload in payload_of(with_ping) for where, option in options(payload)]
    assert ("ping", "times") in slash
    for menu in menus(with_ping, "telegram"):
        assert ("ping", "Hear whether anybody is there.") in [(one.command, one.description) for one in menu.commands]
    page = manual(with_ping)
    assert "- `ping.py`: Whether anybody is there. `/ping`\n" in page
    assert "### `/ping [times]`\n\nHear whether anybody is there.\n\n- `times` (optional): how often to answer" in page
    async with chat_harness(tmp_path) as harness:
        harness.dispatcher = Dispatcher(harness.db, harness.clock, with_ping)
        assert plain_text.text(await harness.say("ada", "/ping 2")) == "pong pong"
        assert "/ping" in plain_text.text(await harness.say("ada", "/help"))
        typing = Invocation(
            text="/pin", platform="room", person_ext="ada", person_name="Ada", chat_ext="room",
            chat_kind=ChatKind.ROOM, request_id="1",
        )  # fmt: skip
        assert [row.line for row in await harness.dispatcher.complete(typing)] == ["/ping "]


def test_a_name_of_the_order_begins_a_row_and_the_rest_follow_as_in_their_files() -> None:
    names = [declared.name for declared in COMMANDS]
    assert [name for name in names if name in ORDER] == list(ORDER)
    for module in {declared.run.__module__ for declared in COMMANDS}:
        before = ""
        for name in (declared.name for declared in declared_in(module)):
            if before and name not in ORDER:
                assert names.index(name) == names.index(before) + 1, name
            before = name


def test_two_commands_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ping.py").write_text(PING.replace('"ping"', '"board"'), encoding="utf-8")
    monkeypatch.setattr(bot.commands, "__path__", [*bot.commands.__path__, str(tmp_path)])
    with pytest.raises(ValueError, match="board"):
        gather()
    del sys.modules["bot.commands.ping"]


def test_a_command_works_everywhere_unless_it_says_where() -> None:
    async def run(ctx: Context) -> Reply:
        """Do it."""
        return Reply(head=line("done"))

    chats = {role: command("do", role=role)(run).rule.chats for role in Role}
    assert chats == dict.fromkeys(Role, EVERYWHERE)
    assert command("do", role=Role.ADMIN, chats=SHARED)(run).rule.chats == SHARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(ArgumentGroup):
    number: NumberArg
    page: PageArg | None = None


@pytest.mark.parametrize(
    ("typed", "place"),
    [("7", Place(number=7)), ("7 page 2", Place(number=7, page=2)), ("page=3 8", Place(number=8, page=3))],
)
async def test_a_group_is_its_fields_typed_and_one_value_passed(typed: str, place: Place) -> None:
    passed: list[object] = []

    @command("look", role=Role.ANYONE)
    async def look(ctx: Context, *, place: Place) -> Reply:
        """Look there.

        number: which place
        """
        passed.append(place)
        return Reply(head=line("there"))

    found: Command = look
    assert [(param.name, param.required) for param in found.params] == [("number", True), ("page", False)]
    assert found.params[0].about == "which place"
    parsed = parse(found, typed, ParseContext(now_ms=0))
    await found.run(None, **found.arguments(parsed.values))
    assert passed == [place]


def test_a_function_that_is_no_declaration_is_refused() -> None:
    async def silent(ctx: Context) -> Reply:
        return Reply(head=line("?"))

    async def unclear(ctx: Context, *, number: int) -> Reply:
        """It takes a bare number."""
        return Reply(head=line("?"))

    for run in (silent, unclear):
        with pytest.raises(TypeError):
            command("bad", role=Role.ANYONE)(run)
