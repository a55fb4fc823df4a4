"""What a form asks where a line lacked something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.command import Command
    from bot.params import Hint

_SUBMIT = {"buy": "Show the ticket", "sell": "Show the ticket", "quote": "Show the price"}


def title(command: Command) -> str:
    """`Buy`, `Admin grant`."""
    name = command.name.replace("_", " ")
    return name[:1].upper() + name[1:]


def submit(name: str) -> str:
    return _SUBMIT.get(name, "Go on")


def label(name: str) -> str:
    """`outcome` as a question's title."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def choice(hint: Hint) -> str:
    """`Germany: YES 50.1¢ · NO 50.3¢`."""
    value = hint.value.strip('"')
    return f"{value}: {hint.about}" if hint.about else value
