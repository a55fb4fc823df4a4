"""Which command a line begins with, and which one was meant where it begins with none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches

from bot.chat.reply import Reply
from bot.grammar.command import Command
from bot.words import usage as words

_CLOSE = 0.75
_NO_SLASH = "!.\\／ "  # typed in a slash's place


def find(line: str, commands: Mapping[str, Command]) -> tuple[Command | None, str]:
    """The command, of those by name, that a line begins with, longest name first, and what follows. `/admin_create` is
    `/admin create`."""
    if not line.startswith("/"):
        return None, line
    first, _, rest = line[1:].strip().partition(" ")
    first = first.partition("@")[0].casefold().replace("_", " ")
    typed = [*first.split(), *rest.split()]
    for size in (2, 1):
        command = commands.get(" ".join(word.casefold() for word in typed[:size]))
        if command is not None:
            taken = size - len(first.split())
            return command, rest.split(None, taken)[-1] if taken and len(typed) > size else "" if taken else rest
    return None, rest


def unknown(line: str, offered: Sequence[Command]) -> Reply:
    """What is said to a line that `find` knows no command for; `offered` are those that could be meant."""
    if not line.startswith("/"):
        return words.not_a_command(_with_slash(line, offered))
    typed = line[1:].replace("_", " ").split() or [""]
    name = typed[0].partition("@")[0].casefold()
    following = [(command.name, command.summary) for command in offered if command.name.startswith(f"{name} ")]
    if following and len(typed) == 1:
        return words.half_a_command(name, following)
    if following:
        second = typed[1].casefold()
        near = get_close_matches(f"{name} {second}", [full for full, _ in following], n=2, cutoff=0.6)
        return words.unknown_command(f"{name} {second}", near, " ".join(typed[2:]))
    near = get_close_matches(name, [command.name for command in offered], n=2, cutoff=0.6)
    starting = [command.name for command in offered if name and command.name.startswith(name)]
    if len(typed) > 1:  # arguments were meant for what was typed, not for whatever looks a little like it
        near = [other for other in near if _mistyped(name, other)]
    return words.unknown_command(name, (starting or near)[:2], " ".join(typed[1:]))


def _mistyped(name: str, meant: str) -> bool:
    """Whether one may well have hit a wrong key, or two in the wrong order."""
    if sorted(name) == sorted(meant):
        return True
    differing = sum(typed != sign for typed, sign in zip(name, meant, strict=False))
    return (len(name) == len(meant) and differing == 1) or SequenceMatcher(None, name, meant).ratio() >= _CLOSE


def _with_slash(line: str, offered: Sequence[Command]) -> str | None:
    """The line with the slash it lacks, or that stands there as another sign, where it then begins with a command or
    nearly does."""
    typed = line.lstrip(_NO_SLASH).split()
    meant = f"/{' '.join(typed)}"
    names = [command.name for command in offered]
    if find(meant, {command.name: command for command in offered})[0] is not None:
        return meant
    if len(typed) == 1 and any(name.startswith(f"{typed[0].casefold()} ") for name in names):
        return meant
    for size in (2, 1):
        near = get_close_matches(" ".join(typed[:size]).casefold(), names, n=1, cutoff=0.8)
        if near:
            return " ".join([f"/{near[0]}", *typed[size:]])
    return None
