"""Every command there is, gathered from this folder's modules; adapters, help, completion and tests are made from it.

A module's commands stay together in the order of its file, unless one of them begins a row of its own in `ORDER`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from pkgutil import iter_modules

from bot.grammar.command import Command

ORDER = (
    "join",
    "buy",
    "cancel",
    "alert",
    "positions",
    "board",
    "markets",
    "settings",
    "link",
    "room",
    "apikey",
    "rules",
    "help",
    "ticket confirm",
    "ticket buy",
    "order cancel",
    "alert cancel",
    "apikey revoke",
    "settings ask",
    "admin create",
    "admin schedule",
    "admin open",
    "admin start",
    "admin eliminate",
    "admin cut",
    "admin grant",
    "admin monitor",
    "admin users",
    "admin announce",
    "admin channel",
    "admin log",
    "admin export",
    "admin season",
    "admin rehearse",
    "admin pick",
)
"""How menus, help and manual list them: each name stands for itself and for the commands that follow it in its file, up
to the next name of this list. What no name stands for comes last."""


def gather() -> tuple[Command, ...]:
    """The commands of every module of this folder, as `ORDER` has them. Raises ValueError where two have one name."""
    rows = [row for info in iter_modules(__path__, f"{__name__}.") for row in _rows(declared_in(info.name))]
    rows.sort(key=lambda row: ORDER.index(row[0].name) if row[0].name in ORDER else len(ORDER))
    commands = tuple(command for row in rows for command in row)
    names = [command.name for command in commands]
    if len(set(names)) < len(names):
        raise ValueError(f"declared twice: {sorted({name for name in names if names.count(name) > 1})}")
    return commands


def declared_in(module: str) -> list[Command]:
    """The commands a module declares, as they stand in its file; those it imports are another's."""
    named = vars(import_module(module)).values()
    return [value for value in named if isinstance(value, Command) and value.run.__module__ == module]


def _rows(commands: Sequence[Command]) -> Iterable[list[Command]]:
    """Cut before every name that `ORDER` has."""
    row: list[Command] = []
    for command in commands:
        if row and command.name in ORDER:
            yield row
            row = []
        row.append(command)
    if row:
        yield row


COMMANDS = gather()
