"""A command as it is typed on Discord: every option by its name, so that what is copied can be pasted and sent."""

from __future__ import annotations

import re

from bot.commands import COMMANDS
from bot.grammar.command import Command, Param

_WORD = re.compile(r'"[^"]*"|\S+')
_TEMPLATE = re.compile(r"[<\[|]")  # what is still to be said stands in such brackets: nothing to paste
_BY_NAME = {one.name: one for one in COMMANDS if not one.hidden}


def spelled(text: str) -> str:
    """`/buy germany yes $50` as `/buy outcome:germany side:yes amount:$50`; anything else as it is."""
    if not text.startswith("/") or _TEMPLATE.search(text):
        return text
    words = [str(one) for one in _WORD.findall(text[1:])]
    for size in (2, 1):
        found = _BY_NAME.get(" ".join(words[:size]))
        if found is not None:
            options = _options(found, words[size:])
            return text if options is None else " ".join([f"/{found.name}", *options])
    return text


def _options(command: Command, words: list[str]) -> list[str] | None:
    """None where it is not clear which word is what."""
    left = {param.name: param for param in command.typed}
    found = []
    while words:
        param = left.get(words[0])
        if param is not None:
            words = words[1:]
        else:
            param = next((one for one in left.values() if not one.kind.named), None)
        if param is None:
            return None
        del left[param.name]
        size = _size(param, words, left)
        value = " ".join(words[:size]) or ("yes" if param.kind.flag else "")
        words = words[size:]
        if not value:
            return None
        found.append(f"{param.name}:{value.strip(chr(34))}")
    return found


def _size(param: Param, words: list[str], left: dict[str, Param]) -> int:
    """How many of the words are its value: up to the next option's name, as many as it takes. Where another value may
    follow it is one word, quoted if it has spaces, or a list with commas."""
    until = next((place for place, word in enumerate(words) if word in left), len(words))
    if param.kind.words != 1 and any(not one.kind.named for one in left.values()):
        return min(until, next((place for place, word in enumerate(words, 1) if not word.endswith(",")), until))
    return min(until, param.kind.words or until)
