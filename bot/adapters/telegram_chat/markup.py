"""Styled text as Telegram's HTML: escaped, cleaned, measured as Telegram measures, cut into messages.

Limits and tags: core.telegram.org/bots/api#html-style, #sendmessage, #messageentity. Lengths are UTF-16 units after
entities are parsed. Runs are never nested, so that every cut between two signs leaves valid HTML.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from bot.adapters.telegram_chat.limits import ENTITIES, TEXT, size, split_at
from bot.commands import COMMANDS

_EMOJI_PARTS = {"\u200d", "\ufe0f"}  # the joiner and the selector that emoji are made of
_QUOTE, _QUOTE_END = "<blockquote expandable>", "</blockquote>"
_JOINER = "\u2060"  # invisible; breaks up what Telegram would turn into a mention or a link
_MENTION = re.compile(r"@(?=\w)")
_DOMAIN = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_]{2})")
_SUBCOMMANDS = "|".join(
    sorted(command.name.removeprefix("admin ") for command in COMMANDS if command.name.startswith("admin "))
)
_ADMIN_COMMAND = re.compile(rf"(?<![\w/])/admin (?=(?:{_SUBCOMMANDS})\b)")


class TextStyle(StrEnum):
    """How a run is shown; the values are Telegram's tags."""

    PLAIN = ""
    BOLD = "b"
    QUIET = "i"
    STRIKE = "s"
    CODE = "code"
    PRE = "pre"
    TIME = "tg-time"
    LINK = "a"


_LITERAL = frozenset(
    {TextStyle.CODE, TextStyle.PRE, TextStyle.TIME, TextStyle.LINK}
)  # Telegram looks for nothing inside these


@dataclass(frozen=True, slots=True)
class TextRun:
    """A stretch of text in one ink. `at` (epoch seconds) and `form` belong to a time, `url` to a link. Rows whose runs
    are `quoted` are one quote with those beside them, folded to its first lines."""

    text: str
    style: TextStyle = TextStyle.PLAIN
    at: int = 0
    form: str = ""
    url: str = ""
    quoted: bool = False

    @property
    def is_entity(self) -> bool:
        return self.style is not TextStyle.PLAIN and bool(self.text)


TextLine = tuple[TextRun, ...]


@dataclass(frozen=True, slots=True)
class MarkupPage:
    """One message: as HTML, and as plain text for a server that does not know a tag."""

    html: str
    plain: str


def shown(text: str) -> str:
    """Without control, direction, private and broken signs; line ends and tabs become spaces."""
    signs: list[str] = []
    for sign in text:
        kind = unicodedata.category(sign)
        if sign in "\t\n\r\v\f" or kind in ("Zl", "Zp"):
            signs.append(" ")
        elif kind[0] != "C" or kind == "Cn" or sign in _EMOJI_PARTS:
            signs.append(sign)
    return "".join(signs).replace("\ufffe", "").replace("\uffff", "")


def spelled(text: str) -> str:
    """Commands as Telegram knows them: `/admin create` is `/admin_create`."""
    return _ADMIN_COMMAND.sub("/admin_", text)


def styled(text: str, style: TextStyle = TextStyle.PLAIN) -> TextRun:
    """A run of somebody's text. Outside code a name becomes neither a mention nor a link."""
    cleaned = spelled(shown(text))
    if style in _LITERAL:
        return TextRun(cleaned, style)
    cleaned = _MENTION.sub(f"@{_JOINER}", cleaned).replace("://", f":{_JOINER}//")
    return TextRun(_DOMAIN.sub(f".{_JOINER}", cleaned), style)


def row_size(row: TextLine) -> int:
    return sum(size(text_run.text) for text_run in row)


def is_quoted(row: TextLine) -> bool:
    return any(text_run.quoted for text_run in row)


def quoted(row: TextLine) -> TextLine:
    """The row as part of a quote; one without a word keeps its place in it."""
    return tuple(replace(text_run, quoted=True) for text_run in row or (TextRun(""),))


def pages(rows: Iterable[TextLine], first: int = TEXT, later: int = TEXT) -> list[MarkupPage]:
    """Rows as messages, the first of at most `first` units, the others of at most `later`, cut between rows where that
    is possible. Never empty, and no page is blank."""
    finished: list[MarkupPage] = []
    page_rows: list[TextLine] = []
    size_so_far = entities = 0
    waiting = list(rows)[::-1]
    while waiting:
        row = waiting.pop()
        limit = later if finished else first
        needed, row_entities = row_size(row) + (1 if page_rows else 0), sum(text_run.is_entity for text_run in row)
        row_entities += is_quoted(row) and not (page_rows and is_quoted(page_rows[-1]))
        if size_so_far + needed <= limit and entities + row_entities <= ENTITIES:
            page_rows.append(row)
            size_so_far, entities = size_so_far + needed, entities + row_entities
        elif page_rows:
            finished += _page(page_rows)
            page_rows, size_so_far, entities = [], 0, 0
            waiting.append(row)
        else:
            head, tail = _cut_row(row, limit, ENTITIES - is_quoted(row))
            finished += _page([head])
            waiting.append(tail)
    finished += _page(page_rows)
    return finished or [MarkupPage("…", "…")]


def _page(rows: Sequence[TextLine]) -> list[MarkupPage]:
    plain = "\n".join("".join(text_run.text for text_run in row) for row in rows)
    if not plain.strip(" \n" + _JOINER):
        return []
    groups = [
        (quote, "\n".join("".join(map(markup, row)) for row in group)) for quote, group in groupby(rows, is_quoted)
    ]
    return [MarkupPage("\n".join(f"{_QUOTE}{text}{_QUOTE_END}" if quote else text for quote, text in groups), plain)]


def markup(text_run: TextRun) -> str:
    """A run as Telegram's HTML."""
    text = html.escape(text_run.text, quote=False)
    if text_run.style is TextStyle.PLAIN or not text_run.text.strip():
        return text
    if text_run.style is TextStyle.TIME:
        return f'<tg-time unix="{text_run.at}" format="{text_run.form}">{text}</tg-time>'
    if text_run.style is TextStyle.LINK:
        return f'<a href="{html.escape(text_run.url)}">{text}</a>'
    return f"<{text_run.style}>{text}</{text_run.style}>"


def without_times(text: str) -> str:
    """HTML for a server that knows neither times nor quotes: what stands in the tags remains."""
    return re.sub(r"</?(?:tg-time|blockquote)[^>]*>", "", text)


def _cut_row(row: TextLine, most: int, most_entities: int) -> tuple[TextLine, TextLine]:
    """A row that is too long or too colourful for one message: its beginning that fits, and the rest."""
    head: list[TextRun] = []
    size_so_far = entities = 0
    for index, text_run in enumerate(row):
        if entities + text_run.is_entity > most_entities:
            return tuple(head), row[index:]
        if size_so_far + size(text_run.text) > most:
            first, second = split_at(text_run.text, most - size_so_far)
            if not head and not first:
                first, second = text_run.text[:1], text_run.text[1:]
            rest = replace(text_run, text=second)
            return (*head, replace(text_run, text=first)), (rest, *row[index + 1 :])
        head.append(text_run)
        size_so_far, entities = size_so_far + size(text_run.text), entities + text_run.is_entity
    return tuple(head), ()
