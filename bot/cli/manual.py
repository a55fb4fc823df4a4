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
        shown = [one for one in commands if TABLE[one.name].role is role]
        if shown:
            parts.append(f"## {title}\n")
            parts += [_entry(one) for one in shown]
    return "\n".join(parts)


def _entry(one: Command) -> str:
    rows = [f"### `{one.usage}`\n", one.summary]
    if one.details:
        rows.append(f"\n{one.details}")
    if one.typed:
        rows.append("")
        rows += [f"- `{p.name}`{'' if p.required else ' (optional)'}: {p.about}" for p in one.typed]
    notes = []
    if one.hidden:
        notes.append("stands behind buttons and is offered nowhere")
    if TABLE[one.name].chats == SHARED and TABLE[one.name].role is Role.ADMIN:
        notes.append("in the market's own chat only")
    if notes:
        rows.append(f"\nIt {' and '.join(notes)}." if one.hidden else f"\nWorks {notes[0]}.")
    if one.examples:
        rows.append("\nFor example: " + ", ".join(f"`{example}`" for example in one.examples))
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    from bot.commands import COMMANDS

    sys.stdout.write(manual(COMMANDS))
