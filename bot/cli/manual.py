"""The manual of every command, made from the declarations: `python -m bot.cli.manual > bot/commands/README.md`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence

from bot.chat.permissions import PLATFORMS, SHARED, Role
from bot.grammar.command import Command

_JOINED = "\0"  # a space at which no line is broken
_TITLES = (
    (Role.ANYONE, "For anybody"),
    (Role.MEMBER, "For those who have joined"),
    (Role.ADMIN, "For a chat's admins"),
    (Role.OWNER, "Behind buttons"),
)
_INTRO = """# Commands

Made from the declarations in this folder by `python -m bot.cli.manual > bot/commands/README.md`; a test holds the two
together. A command is a typed function: its signature is the grammar, its docstring the help, its `@command(...)` says
who may use it where, and who reads the answer. Everything else is derived: the dispatcher's checks, `/help`,
completion, forms, Discord's slash commands, Telegram's menus, this page.

## How to add a command

1. Write its function in the module it belongs to, below `@command("ping", role=Role.ANYONE)`; what the other arguments
   of `command` mean is said in `bot/grammar/command.py`.
2. Let the docstring's first line say what one can do with it, and annotate each argument with its type (`OutcomeArg`).
3. Put its sentences into `bot/words`, under the module of the same subject.
4. It is listed behind the command above it; a row of its own begins with a name in `ORDER` (`__init__.py`).
5. Make this page anew, and give the command a line in `SAMPLES` (`tests/bot/chat/test_permissions.py`).

## The files

What may be changed here: names, arguments, help and the one screen of steps each command takes. What is decided stays
out: prices and rules are `engine`'s, what several commands share is `bot/market`'s, every sentence is `bot/words`'s.
"""
_GRAMMAR = """
Arguments are typed in this order, or by name (`amount 100`, `amount=100`); those in brackets may be left out. Names
with spaces need quotes only where they would be unclear. Outcomes go by name, number or the beginning of a name;
amounts are `100` tokens, `$50` of spending, `all`, `half`, `25%` or `2k`.
"""


def manual(commands: Sequence[Command]) -> str:
    """Markdown: the files, then one section a role, in the order of the commands."""
    parts = [_INTRO, *_files(commands), _GRAMMAR]
    for role, title in _TITLES:
        shown = [command for command in commands if command.rule.role is role]
        if shown:
            parts.append(f"## {title}\n")
            parts += [_entry(command) for command in shown]
    return "\n".join(parts)


def _files(commands: Sequence[Command]) -> list[str]:
    """Each module, what it is about, and what it declares."""
    package = sys.modules["bot.commands"]
    rows = [_file("__init__.py", package.__doc__, ())]
    for module in sorted({command.run.__module__ for command in commands}):
        declared = [command.name for command in commands if command.run.__module__ == module]
        rows.append(_file(f"{module.rpartition('.')[2]}.py", sys.modules[module].__doc__, declared))
    return rows


def _file(name: str, docstring: str | None, declared: Sequence[str]) -> str:
    about = " ".join((docstring or "").partition("\n\n")[0].split())
    listed = ", ".join(f"`/{command}`".replace(" ", _JOINED) for command in declared)
    text = f"- `{name}`: {about} {listed}".rstrip()
    wrapped = textwrap.fill(text, 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return wrapped.replace(_JOINED, " ")


def _entry(command: Command) -> str:
    rows = [f"### `{command.usage}`\n", command.summary]
    if command.details:
        rows.append(f"\n{command.details}")
    if command.typed:
        rows.append("")
        rows += [f"- `{p.name}`{'' if p.required else ' (optional)'}: {p.about}" for p in command.typed]
    rows += _notes(command)
    if command.examples:
        rows.append("\nFor example: " + ", ".join(f"`{example}`" for example in command.examples))
    return "\n".join(rows) + "\n"


def _notes(command: Command) -> list[str]:
    """Where it works and who reads the answer, where that is not the usual."""
    works = []
    if command.rule.role is Role.ADMIN and command.rule.chats == SHARED:
        works.append("in the market's own chat only")
    if command.rule.platforms != PLATFORMS:
        works.append(f"on {' and '.join(name.capitalize() for name in sorted(command.rule.platforms))} only")
    notes = ["It stands behind buttons and is offered nowhere."] if command.hidden else []
    notes += [f"Works {', '.join(works)}."] if works else []
    notes += ["Answered for all to read, unless something in it is yours alone."] if command.for_all else []
    return [f"\n{' '.join(notes)}"] if notes else []


if __name__ == "__main__":
    from bot.commands import COMMANDS

    sys.stdout.write(manual(COMMANDS))
