"""How the outcomes of a market are told apart, typed and listed: names that are numbers, words of a line, lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.text.names import clean, quoted_name

_MINUS = re.compile("[\u2010-\u2015\u2212](?=\\d|$)")
_BESIDE_NO_DIGIT = re.compile(r"[-.:/](?!\d|-?$)|[.,:/]$")
_LEADING = re.compile(r"[^\w+.$#-]*(\d{1,3})(?!\d)")
_QUOTED = re.compile(r'\s*["“”„«]([^"“”„«»]*)["”“»]\s*(?:,|$)')
_UNTYPABLE = re.compile(r'[,;"“”„«»]')

NUMBERED = re.compile(r"#\s*\d+", re.ASCII)
"""How an outcome goes by its number whatever the names are; no outcome may be called so."""


@lru_cache(maxsize=4_096)
def outcome_key(name: str) -> str:
    """What two spellings of one outcome share: as `folded`, but the signs that tell `C` from `C#` and `C++`, `A` from
    `A-`, `5` from `-5` and `5%`, and `1.5` and `1:5` from `15` count."""
    flat = _MINUS.sub("-", unicodedata.normalize("NFKD", clean(name).casefold()).strip())
    signs = "".join(sign for sign in flat if unicodedata.category(sign)[0] in "LNS" or sign in "#%*-.,:/")
    return _BESIDE_NO_DIGIT.sub("", signs) or clean(name).casefold()


def misread_by_number(names: Sequence[str]) -> bool:
    """Whether a name begins with the number of another outcome: then nobody can tell what a plain number means."""
    for place, name in enumerate(names, 1):
        leading = _LEADING.match(unicodedata.normalize("NFKC", name))
        if leading and int(leading[1]) != place and 1 <= int(leading[1]) <= len(names):
            return True
    return False


def outcome_number(names: Sequence[str], outcome: int) -> str:
    """`2`, or `#2` where a plain number could be a name; `outcome` counts from 0."""
    return f"#{outcome + 1}" if misread_by_number(names) else str(outcome + 1)


def typed_outcome(names: Sequence[str], outcome: int) -> str:
    """An outcome as it is typed anywhere in a line: its name, in quotes where it could be read as anything else; its
    number where the name has signs that divide a line or a list."""
    return f"#{outcome + 1}" if _UNTYPABLE.search(names[outcome]) else quoted_name(names[outcome])


def split_names(text: str) -> list[tuple[str, bool]]:
    """The parts of a list with commas, and whether each stood in quotes: a comma in those divides nothing."""
    parts: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        inside = _QUOTED.match(text, at)
        if inside:
            parts.append((inside[1].strip(), True))
            at = inside.end()
            continue
        part, _, _ = text[at:].partition(",")
        parts.append((part.strip(), False))
        at += len(part) + 1
    return [part for part in parts if part[0]]


def joined_names(names: Iterable[str]) -> str:
    """The list that `split_names` reads as these names."""
    return ", ".join(f'"{name}"' if "," in name else name for name in names)
