"""Names and texts from chat are hostile until they have been through here; markup is escaped later, by the adapters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from bot.text.columns import beginning

LONGEST_NAME = 32
LONGEST_TITLE = 80
LONGEST_TEXT = 200
LONGEST_WORDING, MOST_LINES = 1_500, 30  # of a text of several lines

_MARKS_IN_A_ROW = 3  # more combining marks on one letter climb over the lines above ("Zalgo")
_KEPT = {"\u200d", "\ufe0f"}  # the joiner and the selector that emoji are made of
_GAPS = "\t\n\r\v\f"
_EDGES = " " + "".join(sorted(_KEPT))
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that print nothing: a name of them would be no name
_INVISIBLE = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0e\U000e0100-\U000e01ef]")  # marks likewise
_SPACES = re.compile(r"\s+")
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n{3,}")

_LIKE_A_VALUE = re.compile(r"[$+-]?\d[\d.,]*[%¢a-z]?", re.IGNORECASE)

WORDS_OF_LINES = frozenset(
    [
        "all", "amount", "and", "ask", "autofill", "change", "confirm", "everything", "for", "half", "limit", "max",
        "member", "n", "name", "no", "odds", "out", "outcome", "outcomes", "page", "preset", "price", "reason", "scope",
        "side", "slippage", "span", "start", "to", "until", "what", "winner", "y", "yes", "z",
    ]
)  # fmt: skip
"""Words that mean something of their own in some line: an outcome or a person called so is typed in quotes."""


def clean(text: str, most: int = LONGEST_TEXT) -> str:
    """One line of printable text of at most `most` characters: no control, format (right-to-left overrides, zero
    width), invisible, private or unassigned characters, no towers of accents, runs of spaces folded into one."""
    seen = text[: most * 8]
    if not (seen.isascii() and seen.isprintable()):  # of plain text nothing can go
        seen = _readable(seen)
    folded = _SPACES.sub(" ", seen).strip(_EDGES)
    return folded if len(folded) <= most else beginning(folded, most - 1).rstrip() + "…"


def clean_lines(text: str, most: int) -> str:
    """Several lines of printable text, `clean` each, of at most `most` characters together; never two empty ones in a
    row."""
    rows = "\n".join(clean(row, most) for row in _LINE_ENDS.split(text[: most * 8]))
    folded = _EMPTY_LINES.sub("\n\n", rows).strip("\n")
    return folded if len(folded) <= most else folded[: most - 1].rstrip() + "…"


def _readable(text: str) -> str:
    """The signs that may stay; whatever parts two words becomes a space."""
    kept: list[str] = []
    marks = 0
    seen = "".join(sign for sign in _INVISIBLE.sub("", text) if _shows(sign))
    for sign in unicodedata.normalize("NFC", seen):  # what goes must be gone: it would part a letter from its accents
        kind = unicodedata.category(sign)
        if kind[0] == "Z" or sign in _GAPS or sign in _BLANK:
            kept.append(" ")
            marks = 0
            continue
        if sign not in _KEPT:
            marks = marks + 1 if kind[0] == "M" else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(sign)
    return "".join(kept)


def _shows(sign: str) -> bool:
    """Whether it is to be seen, holds an emoji together or parts two words."""
    return unicodedata.category(sign)[0] != "C" or sign in _KEPT or sign in _GAPS


@lru_cache(maxsize=4_096)
def folded(text: str) -> str:
    """What two spellings of one name share: case, accents, width, punctuation and spaces do not count."""
    flat = unicodedata.normalize("NFKD", clean(text).casefold())
    letters = "".join(sign for sign in flat if unicodedata.category(sign)[0] in "LNS")
    return letters or clean(text).casefold()


def quoted(text: str) -> str:
    """A text as it is typed where it is one argument: in quotes where it has spaces or a sign the grammar uses."""
    return f'"{text}"' if re.search(r"[\s=,;]", text) else text


def quoted_name(name: str) -> str:
    """A name as it is typed: in quotes, too, where it could be read as something else."""
    clear = name.casefold() not in WORDS_OF_LINES and not _LIKE_A_VALUE.fullmatch(name)
    return quoted(name) if clear else f'"{name}"'
