"""A `Reply` as rows of styled text and media, ready to be cut into Telegram's messages. Knows no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.adapters.telegram_chat.limits import LONGEST_CAPTION, clipped
from bot.adapters.telegram_chat.markup import Ink, MarkupPage, TextLine, TextRun, pages, run, shown, spelled
from bot.chat import plain_text
from bot.chat.reply import Attachment, Board, BoardRow, Line, Picture, Reply, Span, Stamp, Style, Table, Tone
from bot.text.columns import width
from bot.text.names import clean
from bot.text.numbers import moment, price, price_change, round_money, span

WIDEST = 36  # signs of fixed width that a narrow phone shows in a line
_LONGEST_NAME = 14  # on the board
_SPARK = 8
_BARE = re.compile(r"/[a-z]+(?: [a-z]+)?")
_INKS = {
    Style.PLAIN: Ink.PLAIN,
    Style.BOLD: Ink.BOLD,
    Style.QUIET: Ink.QUIET,
    Style.STRIKE: Ink.STRIKE,
    Style.CODE: Ink.CODE,
}
_SIGNS = {Tone.GOOD: "✅ ", Tone.BAD: "⚠️ ", Tone.COLD: "❄️ ", Tone.LOUD: "📣 "}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReply:
    """What a reply becomes: `caption` goes with the first photo (or lone file), `pages` follow as messages."""

    caption: MarkupPage | None
    pages: tuple[MarkupPage, ...]
    photos: tuple[Attachment, ...]
    documents: tuple[Attachment, ...]


def sheet(reply: Reply, now_ms: int, extra: TextLine = ()) -> RenderedReply:
    """Lay a reply out, a last row of the adapter's own below it: with a photo the whole text is its caption where it
    fits, else the head alone."""
    text = [*rows(reply, now_ms), *([extra] if extra else [])]
    photos = tuple(one for one in reply.files if one.media_type == "image/png")
    documents = tuple(one for one in reply.files if one.media_type != "image/png")
    if not photos and len(documents) != 1:
        return RenderedReply(caption=None, pages=tuple(pages(text)), photos=(), documents=documents)
    whole = pages(text, LONGEST_CAPTION, LONGEST_CAPTION)
    if len(whole) == 1:
        return RenderedReply(caption=whole[0], pages=(), photos=photos, documents=documents)
    head, *rest = pages(text[:1], LONGEST_CAPTION, LONGEST_CAPTION)
    if rest:  # a head longer than a caption: the picture goes without one
        return RenderedReply(caption=None, pages=tuple(pages(text)), photos=photos, documents=documents)
    return RenderedReply(caption=head, pages=tuple(pages(text[1:])), photos=photos, documents=documents)


def rows(reply: Reply, now_ms: int) -> list[TextLine]:
    """The whole text of a reply, the sentence that matters first and bold."""
    head = _line(reply.head, now_ms, Ink.BOLD)
    sign = _SIGNS.get(reply.tone, "")
    found: list[TextLine] = [(run(sign), *head) if sign else head]
    for block in reply.blocks:
        if isinstance(block, Table):
            found += _table(block, now_ms)
        elif isinstance(block, Board):
            found += _board(block)
        elif isinstance(block, Picture):
            if not any(one.media_type == "image/png" for one in reply.files) and block.alt:
                found.append((run(block.alt, Ink.QUIET),))
        else:
            found.append(_line(block, now_ms))
    return [_merged(row) for row in found]


def _merged(row: TextLine) -> TextLine:
    """Neighbours in the same ink are one run: entities are few."""
    found: list[TextRun] = []
    for one in row:
        if found and one.ink is found[-1].ink and one.ink in (Ink.PLAIN, Ink.BOLD, Ink.QUIET, Ink.STRIKE):
            found[-1] = replace(found[-1], text=found[-1].text + one.text)
        else:
            found.append(one)
    return tuple(found)


def stamp(part: Stamp, now_ms: int) -> TextRun:
    """A moment in the reader's own zone where the app knows the tag, else UTC with a countdown."""
    left = part.at_ms - now_ms
    soon = f"in {span(left)}" if left > 0 else "now"
    said = f"{soon} ({moment(part.at_ms)})" if part.countdown else moment(part.at_ms)
    if not 0 < part.at_ms < 2**31 * 1000:
        return TextRun(said)
    return TextRun(said, Ink.TIME, at=part.at_ms // 1000, form="r" if part.countdown else "dt")


def _line(line: Line, now_ms: int, base: Ink = Ink.PLAIN) -> TextLine:
    return tuple(_part(part, now_ms, base) for part in line)


def _part(part: Span | Stamp, now_ms: int, base: Ink) -> TextRun:
    if isinstance(part, Stamp):
        return stamp(part, now_ms)
    if part.style is Style.CODE:
        return command(part.text)
    ink = _INKS[part.style]
    return run(part.text, base if ink is Ink.PLAIN else ink)


def command(text: str) -> TextRun:
    """What one can type: a bare command is tapped and sent, a whole line is tapped and copied."""
    said = spelled(shown(text))
    bare = _BARE.fullmatch(text) is not None and " " not in said
    return TextRun(said) if bare else TextRun(said, Ink.CODE)


def _cell(line: Line, now_ms: int) -> str:
    """A cell without its styles: nothing can be marked inside a table."""
    parts = (plain_text.line_text((part,), now_ms) if isinstance(part, Stamp) else part.text for part in line)
    return spelled(shown("".join(parts)))


def _table(table: Table, now_ms: int) -> list[TextLine]:
    """Aligned columns where a phone is wide enough for them, else a line a row."""
    cells = [[shown(column.title) for column in table.columns]]
    cells += [[_cell(cell, now_ms) for cell in row] for row in table.rows]
    numeric = [column.numeric for column in table.columns]
    aligned = _aligned(cells, numeric)
    found: list[TextLine]
    if max(width(row) for row in aligned) <= WIDEST:
        found = [(TextRun("\n".join(aligned), Ink.PRE),)]
    else:
        found = [_listed(table, row, now_ms) for row in table.rows]
    return [*found, _line(table.more, now_ms)] if table.more else found


def _aligned(cells: Sequence[Sequence[str]], numeric: Sequence[bool], gap: str = " ") -> list[str]:
    """Rows padded to common widths; columns that are empty everywhere fall out."""
    kept = [i for i in range(len(numeric)) if any(row[i] for row in cells)]
    widths = {i: max(width(row[i]) for row in cells) for i in kept}
    return [gap.join(plain_text.padded(row[i], widths[i], right=numeric[i]) for i in kept).rstrip() for row in cells]


def _listed(table: Table, row: Sequence[Line], now_ms: int) -> TextLine:
    """A table's row as a line: numbers with what they are, words as they stand."""
    found: list[TextRun] = []
    for column, cell in zip(table.columns, row, strict=True):
        parts = _line(cell, now_ms)
        if not any(one.text.strip() for one in parts):
            continue
        if found:
            found.append(TextRun(" · "))
        named = column.numeric and len(column.title) > 1
        found += [run(f"{column.title} ", Ink.QUIET), *parts] if named else parts
    return tuple(found)


def _board(board: Board) -> list[TextLine]:
    """The board on a phone: who is in as an aligned table, who is out struck through, then figures, step and risk."""
    found: list[TextLine] = []
    live = [row for row in board.rows if row.active]
    cells = [["", "", "YES", "NO", "", ""], *(_board_cells(place, row) for place, row in enumerate(live, 1))]
    numeric = [True, False, True, True, True, False]
    aligned = _aligned(cells, numeric)
    if max(map(width, aligned)) > WIDEST:  # the path goes first, then the change
        aligned = _aligned([[*row[:5], ""] for row in cells], numeric)
    if max(map(width, aligned)) > WIDEST:
        aligned = _aligned([[*row[:4], "", ""] for row in cells], numeric)
    if live:
        found.append((TextRun("\n".join(aligned), Ink.PRE),))
    found += [_out(row) for row in board.rows if not row.active]
    people = f"{board.people:,} {'person' if board.people == 1 else 'people'}"
    found.append((run(f"{clean(board.status)} · {round_money(board.volume)} traded · {people}"),))
    if board.next_step and board.next_step_ms is not None:
        when = stamp(Stamp(board.next_step_ms, countdown=True), board.now_ms)
        found.append((run(f"{board.next_step} "), when, TextRun(".")))
    if board.risk_most:
        risk = f"House risks at most {round_money(board.risk_most)}; right now {round_money(board.risk_now)}."
        found.append((run(risk, Ink.QUIET),))
    return found


def _board_cells(place: int, row: BoardRow) -> list[str]:
    change = price_change(row.change) if row.change is not None else ""
    name = clipped(clean(row.name), _LONGEST_NAME)
    tail = row.note or plain_text.spark(row.spark[-_SPARK:])
    return [str(place), shown(name), price(row.yes), price(row.no), change, shown(tail)]


def _out(row: BoardRow) -> TextLine:
    note = clean(row.note) or "out"
    return (run(clean(row.name), Ink.STRIKE), run(f" {note}", Ink.QUIET))
