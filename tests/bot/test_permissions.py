"""The one table of who may say what where: without a hole, and the dispatcher keeps to it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from bot import plain
from bot.commands import COMMANDS
from bot.invocation import ChatKind
from bot.permissions import SHARED, TABLE, Elsewhere, Role, allowed
from tests.bot.play import BOSS, running, town

LINES = {
    "buy": "/buy germany yes 5",
    "sell": "/sell germany yes 5",
    "quote": "/quote germany yes 5",
    "book": "/book germany",
    "depth": "/depth germany",
    "cancel": "/cancel all",
    "order cancel": "/order cancel 1 all",
    "ticket confirm": "/ticket confirm 1",
    "ticket cancel": "/ticket cancel 1",
    "ticket change": "/ticket change 1",
    "admin eliminate": "/admin eliminate brazil",
    "admin resolve": "/admin resolve germany",
    "admin set": "/admin set fee 1%",
    "admin create": "/admin create Cup A, B, C",
}


def test_every_command_has_a_rule_and_every_rule_a_command() -> None:
    assert set(TABLE) == {command.name for command in COMMANDS}
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)


def test_whatever_an_admin_does_is_for_admins_where_admins_are_known() -> None:
    for name, rule in TABLE.items():
        assert name.startswith("admin ") == (rule.role is Role.ADMIN)
        if rule.role is Role.ADMIN:
            assert rule.chats == SHARED


@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_table_answers_for_everybody_everywhere(name: str) -> None:
    for member, admin, chat in product((False, True), (False, True), ChatKind):
        missing = allowed(name, member=member, admin=admin, chat=chat, platform="room")
        rule = TABLE[name]
        fits = (
            chat in rule.chats
            and "room" in rule.platforms
            and {
                Role.ANYONE: True,
                Role.OWNER: True,
                Role.MEMBER: member,
                Role.ADMIN: admin,
            }[rule.role]
        )
        assert (missing is None) == fits


async def test_the_dispatcher_refuses_what_the_table_forbids_and_changes_nothing(tmp_path: Path) -> None:
    people = {"ada": (True, False), "eve": (False, False), BOSS: (False, True), "mia": (True, True)}
    async with town(tmp_path) as play:
        await running(play, people=("ada", "mia"))
        for command, (who, (member, admin)), chat in product(COMMANDS, people.items(), ChatKind):
            here = chat is not ChatKind.PRIVATE
            knows = here or who != "eve"  # in private the market is the last one used or spoken of
            missing = allowed(command.name, member=member and knows, admin=admin, chat=chat, platform="room")
            if missing is None:
                continue
            play.now += 10_000
            before = play.rows()
            line = LINES.get(command.name, f"/{command.name}")
            reply = await play.say(who, line, chat="room" if here else who, kind=chat, admin=admin)
            assert not reply.ok, (command.name, who, chat)
            assert play.rows() == before, (command.name, who, chat)
            words = plain.text(reply)
            if isinstance(missing, Elsewhere):
                assert "only means something on" in words, (command.name, who, chat, words)
                continue
            wanted = {
                Role.ADMIN: "is for this chat's admins",
                Role.MEMBER: "no account in this market" if knows else "You are in no market yet",
                ChatKind.PRIVATE: "works only in the market's own chat",
            }[missing]
            assert wanted in words, (command.name, who, chat, words)


async def test_the_platform_vouches_for_every_press_anew(tmp_path: Path) -> None:
    """An admin who is none any more cannot press the buttons of yesterday."""
    async with town(tmp_path) as play:
        await running(play)
        preview = await play.say(BOSS, "/admin void")
        line = preview.actions[0].text
        before = play.rows()
        refused = await play.say(BOSS, line, admin=False)
        assert "is for this chat's admins" in plain.text(refused)
        assert play.rows() == before
