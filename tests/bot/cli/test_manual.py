"""The manual of commands is made from them, and help says the same."""

from __future__ import annotations

from bot.chat.invocation import ParseContext
from bot.cli.manual import manual
from bot.commands import COMMANDS
from bot.grammar.parser import parse
from tests.paths import ROOT

README = ROOT / "bot" / "commands" / "README.md"
SCENE = ParseContext(
    now_ms=1_700_000_000_000, outcomes=("Germany", "Brazil", "Costa Rica", "Chile"), active=(True,) * 4
)


def test_the_manual_in_the_folder_is_the_one_the_declarations_make() -> None:
    assert README.read_text(encoding="utf-8") == manual(COMMANDS), "python -m bot.cli.manual > bot/commands/README.md"


def test_every_command_and_argument_explains_itself_in_one_line() -> None:
    for command in COMMANDS:
        assert command.summary.endswith("."), command.name
        assert len(command.summary) <= 100, command.name
        for param in command.params:
            assert param.about, (command.name, param.name)
            assert len(param.about) <= 100, (command.name, param.name)


def test_every_example_is_a_line_that_works() -> None:
    for command in COMMANDS:
        for example in command.examples:
            assert example.startswith(f"/{command.name}"), example
            parsed = parse(command, example.removeprefix(f"/{command.name}").strip(), SCENE)
            assert parsed.problems == (), (example, parsed.problems)


def test_the_options_are_those_the_contract_names() -> None:
    options = {command.name: tuple(param.name for param in command.params) for command in COMMANDS}
    assert options["buy"] == options["sell"] == options["quote"]
    assert options["buy"] == ("outcome", "side", "amount", "limit", "slippage", "autofill")
    assert options["admin create"] == ("title", "outcomes", "preset", "z", "balance", "tick", "odds")
    assert options["admin eliminate"][:2] == ("outcomes", "reason")
    assert options["admin resolve"][:2] == ("winner", "reason")
