"""Styled text as Telegram's HTML: escaped, cleaned, measured as Telegram measures, cut into messages.

Limits and tags: core.telegram.org/bots/api#html-style, #sendmessage, #messageentity. Lengths are UTF-16 units after
entities are parsed. Runs are never nested, so that every cut between two signs leaves valid HTML.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.adapters.telegram_chat.limits import LONGEST_TEXT, MOST_ENTITIES, split_at, units
from bot.commands import COMMANDS

_KEPT = {"\u200d", "\ufe0f"}  # the joiner and the selector that emoji are made of
_JOINER = "\u2060"  # invisible; breaks up what Telegram would turn into a mention or a link
_MENTION = re.compile(r"@(?=\w)")
_DOMAIN = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_]{2})")
_SECOND = "|".join(sorted(one.name.removeprefix("admin ") for one in COMMANDS if one.name.startswith("admin ")))
_ADMIN = re.compile(rf"(?<![\w/])/admin (?=(?:{_SECOND})\b)")


class Ink(StrEnum):
    """How a run is shown; the values are Telegram's tags."""

    PLAIN = ""
    BOLD = "b"
    QUIET = "i"
    STRIKE = "s"
    CODE = "code"
    PRE = "pre"
    TIME = "tg-time"
    LINK = "a"


_OPAQUE = frozenset({Ink.CODE, Ink.PRE, Ink.TIME, Ink.LINK})  # Telegram looks for nothing inside these


@dataclass(frozen=True, slots=True)
class TextRun:
    """A stretch of text in one ink. `at` (epoch seconds) and `form` belong to a time, `url` to a link."""

    text: str
    ink: Ink = Ink.PLAIN
    at: int = 0
    form: str = ""
    url: str = ""

    @property
    def counts(self) -> bool:
        return self.ink is not Ink.PLAIN and bool(self.text)


TextLine = tuple[TextRun, ...]


@dataclass(frozen=True, slots=True)
class MarkupPage:
    """One message: as HTML, and as plain text for a server that does not know a tag."""

    html: str
    plain: str


def shown(text: str) -> str:
    """Without control, direction, private and broken signs; line ends and tabs become spaces."""
    kept: list[str] = []
    for sign in text:
        kind = unicodedata.category(sign)
        if sign in "\t\n\r\v\f" or kind in ("Zl", "Zp"):
            kept.append(" ")
        elif kind[0] != "C" or kind == "Cn" or sign in _KEPT:
            kept.append(sign)
    return "".join(kept).replace("\ufffe", "").replace("\uffff", "")


def spelled(text: str) -> str:
    """Commands as Telegram knows them: `/admin create` is `/admin_create`."""
    return _ADMIN.sub("/admin_", text)


def run(text: str, ink: Ink = Ink.PLAIN) -> TextRun:
    """A run of somebody's text. Outside code a name becomes neither a mention nor a link."""
    said = spelled(shown(text))
    if ink in _OPAQUE:
        return TextRun(said, ink)
    said = _MENTION.sub(f"@{_JOINER}", said).replace("://", f":{_JOINER}//")
    return TextRun(_DOMAIN.sub(f".{_JOINER}", said), ink)


def row_units(row: TextLine) -> int:
    return sum(units(one.text) for one in row)


def pages(rows: Iterable[TextLine], first: int = LONGEST_TEXT, later: int = LONGEST_TEXT) -> list[MarkupPage]:
    """Rows as messages, the first of at most `first` units, the others of at most `later`, cut between rows where that
    is possible. Never empty, and no page is blank."""
    done: list[MarkupPage] = []
    held: list[TextLine] = []
    size = marks = 0
    waiting = list(rows)[::-1]
    while waiting:
        row = waiting.pop()
        most = later if done else first
        wide, marked = row_units(row) + (1 if held else 0), sum(one.counts for one in row)
        if size + wide <= most and marks + marked <= MOST_ENTITIES:
            held.append(row)
            size, marks = size + wide, marks + marked
        elif held:
            done += _page(held)
            held, size, marks = [], 0, 0
            waiting.append(row)
        else:
            head, tail = _cut(row, most)
            done += _page([head])
            waiting.append(tail)
    done += _page(held)
    return done or [MarkupPage("…", "…")]


def _page(rows: Sequence[TextLine]) -> list[MarkupPage]:
    plain = "\n".join("".join(one.text for one in row) for row in rows)
    if not plain.strip(" \n" + _JOINER):
        return []
    return [MarkupPage("\n".join("".join(map(markup, row)) for row in rows), plain)]


def markup(one: TextRun) -> str:
    """A run as Telegram's HTML."""
    text = html.escape(one.text, quote=False)
    if one.ink is Ink.PLAIN or not one.text.strip():
        return text
    if one.ink is Ink.TIME:
        return f'<tg-time unix="{one.at}" format="{one.form}">{text}</tg-time>'
    if one.ink is Ink.LINK:
        return f'<a href="{html.escape(one.url)}">{text}</a>'
    return f"<{one.ink}>{text}</{one.ink}>"


def without_times(text: str) -> str:
    """HTML for a server that does not know times: what stands in the tag remains."""
    return re.sub(r"</?tg-time[^>]*>", "", text)


def _cut(row: TextLine, most: int) -> tuple[TextLine, TextLine]:
    """A row that is too long or too colourful for one message: its beginning that fits, and the rest."""
    head: list[TextRun] = []
    size = marks = 0
    for place, one in enumerate(row):
        if marks + one.counts > MOST_ENTITIES:
            return tuple(head), row[place:]
        if size + units(one.text) > most:
            first, second = split_at(one.text, most - size)
            if not head and not first:
                first, second = one.text[:1], one.text[1:]
            rest = replace(one, text=second)
            return (*head, replace(one, text=first)), (rest, *row[place + 1 :])
        head.append(one)
        size, marks = size + units(one.text), marks + one.counts
    return tuple(head), ()


def joined(rows: Sequence[TextLine]) -> Iterator[TextLine]:
    """Rows with an empty one between them."""
    for place, row in enumerate(rows):
        if place:
            yield ()
        yield row
