"""The manual of every command, made from the declarations: `python -m bot.cli.manual > bot/commands/README.md`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bot.chat.permissions import SHARED, TABLE, Role
from bot.grammar.command import Command

_TITLES = (
    (Role.ANYONE, "For anybody"),
    (Role.MEMBER, "For those who have joined"),
    (Role.ADMIN, "For a chat's admins"),
    (Role.OWNER, "Behind buttons"),
)
_INTRO = """# Commands

Made from the declarations in this folder by `python -m bot.cli.manual > bot/commands/README.md`; a test holds the two
together. A command is a typed function: its signature is the grammar, its docstring the help. All of them are in the
one `COMMANDS` tuple; who may use which and where is in
`bot/chat/permissions.py`.

Arguments are typed in this order, or by name (`amount 100`, `amount=100`); those in brackets may be left out. Names
with spaces need quotes only where they would be unclear. Outcomes go by number, name or the beginning of it; amounts
are `100` tokens, `$50` of spending, `all`, `half`, `25%` or `2k`.
"""


def manual(commands: Sequence[Command]) -> str:
    """Markdown, one section a role, in the order of the tuple."""
    parts = [_INTRO]
    for role, title in _TITLES:
        shown = [command for command in commands if TABLE[command.name].role is role]
        if shown:
            parts.append(f"## {title}\n")
            parts += [_entry(command) for command in shown]
    return "\n".join(parts)


def _entry(command: Command) -> str:
    rows = [f"### `{command.usage}`\n", command.summary]
    if command.details:
        rows.append(f"\n{command.details}")
    if command.typed:
        rows.append("")
        rows += [f"- `{param.name}`{'' if param.required else ' (optional)'}: {param.about}" for param in command.typed]
    notes = []
    if command.hidden:
        notes.append("stands behind buttons and is offered nowhere")
    if TABLE[command.name].chats == SHARED and TABLE[command.name].role is Role.ADMIN:
        notes.append("in the market's own chat only")
    if notes:
        rows.append(f"\nIt {' and '.join(notes)}." if command.hidden else f"\nWorks {notes[0]}.")
    if command.examples:
        rows.append("\nFor example: " + ", ".join(f"`{example}`" for example in command.examples))
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    from bot.commands import COMMANDS

    sys.stdout.write(manual(COMMANDS))
