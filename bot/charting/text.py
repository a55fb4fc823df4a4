"""Names as a chart can show them: no hidden characters, not too long, and only glyphs that a font here has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from bot.text import names

COLUMNS = 20  # what fits beside a line on a phone; a wide character takes two
# in this order, those that are installed; the first comes with matplotlib
FAMILIES = (
    "DejaVu Sans",
    "Noto Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Symbola",
)
JOINERS = "\u200d\ufe0f"  # build one picture of several, which no font here does

FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))  # letters that pair into flags, likewise


@cache
def families() -> tuple[str, ...]:
    """The installed ones of FAMILIES (naming one that is missing makes matplotlib complain at every text)."""
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(family for family in FAMILIES if family in installed)


@cache
def _glyphs() -> frozenset[int]:
    found: set[int] = set()
    for family in families():
        path = font_manager.findfont(font_manager.FontProperties(family=family))
        found.update(FT2Font(path).get_charmap())
    return frozenset(found)


def columns(text: str) -> int:
    """How wide the text is in letters: East Asian wide ones count twice, marks that sit on others not at all."""
    return sum(
        0 if unicodedata.combining(char) or char in JOINERS else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def cut(text: str, width: int = COLUMNS) -> str:
    """At most `width` columns, the last of them an ellipsis if something is missing."""
    if columns(text) <= width:
        return text
    short = text
    while columns(short) > width - 1:
        short = short[:-1]
    return short.rstrip() + "…"


def can_show(text: str) -> bool:
    """Whether every character has a glyph in a font that is installed, and none needs its neighbours to join."""
    if any(char in JOINERS or char in FLAGS for char in text):
        return False
    return all(ord(char) in _glyphs() for char in text)


def shown(name: str, number: int) -> str:
    """The name as the chart writes it, or `#number` where it cannot."""
    text = names.clean(name)
    return cut(text) if text and can_show(text) else f"#{number}"


def heading(text: str) -> str:
    """A market's title as far as it can be written; the line it stands in is shortened to the sheet."""
    title = names.clean(text)
    return title if can_show(title) else "".join(char for char in title if can_show(char)).strip() or "Outcry"


def shown_all(outcomes: Sequence[str]) -> tuple[str, ...]:
    """Names of outcomes, each with its number from 1 in reserve."""
    return tuple(shown(name, number) for number, name in enumerate(outcomes, 1))
