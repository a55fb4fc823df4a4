"""Slash commands are made from the one declaration, and Discord takes all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.adapters.discord_chat import command_options, limits, permissions, slash_commands
from bot.chat.invocation import ChatKind
from bot.chat.permissions import Role
from bot.chat.reply import Entity
from bot.commands import COMMANDS
from bot.grammar.command import Command
from tests.paths import ROOT

README = ROOT / "README.md"
SNAPSHOT = Path(__file__).parent / "commands.json"
NAME = re.compile(r"[a-z0-9_-]{1,32}")
STRING, INTEGER, BOOLEAN = 3, 4, 5
CHAT_INPUT, USER = 1, 2
MOST_COMMANDS, MOST_SUBCOMMANDS = 100, 25
TRANSLATED = "description_localizations"
LONGEST_COMMAND = 8_000  # names, descriptions and values of one command with all that is in it


async def run(interaction: discord.Interaction, command: Command, args: dict[str, str]) -> None:
    """Nobody types here."""


async def complete(
    interaction: discord.Interaction, command: Command, focus: str, typed: dict[str, str]
) -> list[command_options.Completed]:
    return []


def payload_of(commands: Sequence[Command], *, for_users: bool = True) -> list[slash_commands.CommandPayload]:
    """What would be registered; needs a running loop."""
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)
    slash_commands.build(tree, commands, run, complete, for_users=for_users)
    slash_commands.build_menus(tree, commands, run_menu, for_users=for_users)
    return slash_commands.payload(tree)


async def run_menu(interaction: discord.Interaction, command: Command, args: dict[str, str], asked_of: str) -> None:
    """Nor here."""


@pytest.fixture
async def registered() -> list[slash_commands.CommandPayload]:
    """The slash commands."""
    return [command for command in payload_of(COMMANDS) if command["type"] == CHAT_INPUT]


@pytest.fixture
async def menus() -> list[slash_commands.CommandPayload]:
    return [command for command in payload_of(COMMANDS) if command["type"] != CHAT_INPUT]


def options(payload: slash_commands.CommandPayload) -> Iterator[tuple[str, slash_commands.CommandPayload]]:
    """Each option with the command it belongs to."""
    for option in payload.get("options", ()):
        if option["type"] == 1:
            yield from ((f"{payload['name']} {option['name']}", inner) for inner in option["options"])
        else:
            yield payload["name"], option


def length(payload: slash_commands.CommandPayload) -> int:
    """Units of text that count towards the limit of one command: of a text in several languages the longest does."""
    own = sum(
        max(map(limits.size, (str(payload[key]), *payload.get(f"{key}_localizations", {}).values())))
        for key in ("name", "description", "value")
        if key in payload
    )
    inner = [*payload.get("options", ()), *payload.get("choices", ())]
    return own + sum(length(part) for part in inner)


def in_english(payload: slash_commands.CommandPayload) -> slash_commands.CommandPayload:
    """Without the other languages: those are read in `translations.toml`."""
    shown = {key: value for key, value in payload.items() if key != TRANSLATED}
    if "options" in payload:
        shown["options"] = [in_english(option) for option in payload["options"]]
    return shown


async def test_what_is_registered_is_what_was_looked_at_last() -> None:
    """After a change: `python -m tests.bot.adapters.discord_chat.test_slash_commands`, and read the difference."""
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == [in_english(command) for command in payload_of(COMMANDS)]


def test_every_description_is_registered_in_six_languages(registered: list[slash_commands.CommandPayload]) -> None:
    """A group's own is shown nowhere."""
    [orders] = [command for command in registered if command["name"] == "orders"]
    assert orders[TRANSLATED]["fr"].startswith("Voir tes ordres")
    assert orders[TRANSLATED]["es-419"] == orders[TRANSLATED]["es-ES"]
    named = [command for command in registered if command["name"] != "admin"]
    named += [part for command in registered for part in command["options"]]
    named += [part for command in registered for _, part in options(command)]
    for part in named:
        assert part[TRANSLATED].keys() == {"de", "es-ES", "es-419", "fr", "pt-BR", "ja"}, part["name"]
        assert part["description"] not in part[TRANSLATED].values()


def test_every_command_that_is_not_hidden_is_there_once(registered: list[slash_commands.CommandPayload]) -> None:
    names = []
    for command in registered:
        inner = [part["name"] for part in command["options"] if part["type"] == 1]
        names += [f"{command['name']} {name}" for name in inner] or [command["name"]]
    assert sorted(names) == sorted(command.name for command in slash_commands.listed(COMMANDS))


def test_lengths_and_counts_are_within_what_discord_takes(registered: list[slash_commands.CommandPayload]) -> None:
    assert len(registered) <= MOST_COMMANDS
    for command in registered:
        assert length(command) <= LONGEST_COMMAND, command["name"]
        assert len(command["options"]) <= MOST_SUBCOMMANDS, command["name"]
        named = [command, *(part for part in command["options"]), *(part for _, part in options(command))]
        for part in named:
            assert NAME.fullmatch(part["name"])
            for description in (part["description"], *part.get(TRANSLATED, {}).values()):
                assert 1 <= limits.size(description) <= limits.DESCRIPTION
        for _, part in options(command):
            choices = part.get("choices", [])
            assert len(choices) <= limits.OPTIONS
            for choice in choices:
                assert 1 <= limits.size(choice["name"]) <= limits.OPTION
                assert 1 <= limits.size(choice["value"]) <= limits.OPTION
            assert not (choices and part.get("autocomplete"))


def test_a_text_has_choices_or_a_length_that_its_client_holds_it_to(
    registered: list[slash_commands.CommandPayload],
) -> None:
    for command in registered:
        for where, option in options(command):
            if option["type"] == STRING and not option.get("choices"):
                assert option["min_length"] == 1, (where, option["name"])
                assert 1 <= option["max_length"] <= 2_000, (where, option["name"])
            if option["type"] == INTEGER:
                assert option["min_value"] <= option["max_value"], (where, option["name"])


FREE = {
    "join name", "link code", "apikey allowance", "apikey name",
    "admin create title", "admin create outcomes", "admin create z", "admin create balance", "admin create odds",
    "admin schedule timetable", "admin grant amount", "admin announce text", "admin channel address",
    "admin season title",
}  # fmt: skip
"""Texts of which nobody can know what they will be; of reasons likewise."""
COUNTED = {"page", "n"}


def test_what_has_a_set_of_values_is_picked_or_completed(registered: list[slash_commands.CommandPayload]) -> None:
    """All else is declared free here; a number that counts no list has bounds."""
    free = set()
    for command in registered:
        for where, option in options(command):
            offered = option.get("choices") or option.get("autocomplete")
            if option["type"] in {STRING, INTEGER} and not offered and option["name"] not in {"reason", *COUNTED}:
                free.add(f"{where} {option['name']}")
    assert free == FREE


def test_what_must_be_said_is_asked_first(registered: list[slash_commands.CommandPayload]) -> None:
    for command in registered:
        for where in [command, *(part for part in command["options"] if part["type"] == 1)]:
            asked = [part["required"] for part in where["options"] if part["type"] != 1]
            assert asked == sorted(asked, reverse=True), where["name"]


def test_the_code_of_a_preview_is_a_buttons_business(registered: list[slash_commands.CommandPayload]) -> None:
    asked = [where for command in registered for where, option in options(command) if option["name"] == "code"]
    assert asked == ["link"]  # that code one does type


@pytest.mark.parametrize(
    ("command", "option", "kind", "how"),
    [
        ("buy", "outcome", STRING, "autocomplete"),
        ("buy", "side", STRING, "choices"),
        ("buy", "amount", STRING, "autocomplete"),
        ("buy", "autofill", BOOLEAN, ""),
        ("rules", "page", INTEGER, "min_value"),
        ("admin create", "preset", STRING, "choices"),
        ("admin create", "title", STRING, ""),
    ],
)
def test_an_option_is_asked_for_in_its_own_way(
    registered: list[slash_commands.CommandPayload], command: str, option: str, kind: int, how: str
) -> None:
    [found] = [
        part for other in registered for where, part in options(other) if (where, part["name"]) == (command, option)
    ]
    assert found["type"] == kind
    assert {key for key in ("autocomplete", "choices", "min_value") if found.get(key)} == ({how} if how else set())


def test_only_those_who_manage_the_server_are_shown_admin(registered: list[slash_commands.CommandPayload]) -> None:
    shown = {command["name"]: command["default_member_permissions"] for command in registered}
    assert shown.pop("admin") == discord.Permissions(manage_guild=True).value
    assert set(shown.values()) == {None}


@pytest.mark.parametrize(("for_users", "installs", "where"), [(True, [0, 1], [0, 1, 2]), (False, [0], [0, 1])])
async def test_every_command_works_in_private_and_those_of_admins_for_nobody_who_installed_the_bot_for_themselves(
    for_users: bool, installs: list[int], where: list[int]
) -> None:
    """So that no answer points to a command that is not there."""
    slash = [command for command in payload_of(COMMANDS, for_users=for_users) if command["type"] == CHAT_INPUT]
    for command in slash:
        admins = command["name"] == "admin"
        assert command["integration_types"] == ([0] if admins else installs), command["name"]
        assert command["contexts"] == ([0, 1] if admins else where), command["name"]
    assert all(
        ChatKind.PRIVATE in command.rule.chats
        for command in slash_commands.listed(COMMANDS)
        if command.rule.role is not Role.ADMIN
    )


def test_a_members_menu_has_their_place_for_everybody_and_what_admins_do_for_who_manages_the_server(
    menus: list[slash_commands.CommandPayload],
) -> None:
    manage = str(discord.Permissions(manage_guild=True).value)
    shown = {
        menu["name"]: (menu["type"], menu["default_member_permissions"], menu["integration_types"], menu["contexts"])
        for menu in menus
    }
    assert {name: (kind, rights and str(rights), *rest) for name, (kind, rights, *rest) in shown.items()} == {
        "Place and profit": (USER, None, [0, 1], [0, 1, 2]),
        "Grant play money…": (USER, manage, [0], [0]),
        "Log of this member": (USER, manage, [0], [0]),
    }
    by_name = {command.name: command for command in slash_commands.listed(COMMANDS)}
    for menu in slash_commands.MENUS:
        param = by_name[menu.command].param(menu.argument)
        assert param is not None
        assert param.kind.entity is Entity.PERSON


def test_the_readme_names_the_permissions_that_the_link_asks_for() -> None:
    text = README.read_text(encoding="utf-8")
    link = permissions.invite_url(1234567890123456789)
    assert f"permissions={permissions.required_permissions().value}" in link
    assert f"`{permissions.required_permissions().value}`" in text
    assert "scope=bot+applications.commands" in link
    for name, _ in permissions.required_permissions():
        if name in permissions.REQUIRED:
            assert name.replace("_", " ").title().replace(" In ", " in ").rstrip("s") in text


@pytest.mark.parametrize(
    ("token", "application"),
    [
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.GabcdE.secret", 1234567890123456789),
        ("not-a-token", None),
        ("", None),
        ("ab\u00e9.x", None),
    ],
)
def test_the_application_is_read_from_the_token(token: str, application: int | None) -> None:
    assert permissions.application_id_of(token) == application


async def _write() -> None:
    shown: Any = [in_english(command) for command in payload_of(COMMANDS)]  # Any: JSON
    SNAPSHOT.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import asyncio

    asyncio.run(_write())
