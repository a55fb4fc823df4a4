"""A `Reply` as rows of styled text and media, ready to be cut into Telegram's messages. Knows no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.adapters.telegram_chat.limits import CAPTION
from bot.adapters.telegram_chat.markup import (
    MarkupPage,
    TextLine,
    TextRun,
    TextStyle,
    pages,
    quoted,
    shown,
    spelled,
    styled,
)
from bot.chat import plain_text
from bot.chat.reply import (
    Attachment,
    Board,
    BoardRow,
    CodeBlock,
    Folded,
    Line,
    Picture,
    Reply,
    Span,
    Stamp,
    Style,
    Table,
    Tone,
)
from bot.text.columns import cut, width
from bot.text.names import clean
from bot.text.numbers import moment, price, price_change, round_money, span

PHONE_COLUMNS = 36  # signs of fixed width that a narrow phone shows in a line
_NAME, _SHORT_NAME = 14, 11  # columns on the board
MOST_ROWS_OUT = 10  # of a board with more outcomes those who went together stand in one line
SPARK_POINTS = 8
_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z])")
_BARE_COMMAND = re.compile(r"/[a-z]+(?: [a-z]+)?")
_STYLES = {
    Style.PLAIN: TextStyle.PLAIN,
    Style.BOLD: TextStyle.BOLD,
    Style.QUIET: TextStyle.QUIET,
    Style.STRIKE: TextStyle.STRIKE,
    Style.CODE: TextStyle.CODE,
}
_TONE_SIGNS = {Tone.GOOD: "✅ ", Tone.BAD: "⚠️ ", Tone.COLD: "❄️ ", Tone.LOUD: "📣 "}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReply:
    """What a reply becomes: `caption` goes with the first photo (or lone file), `pages` follow as messages."""

    caption: MarkupPage | None
    pages: tuple[MarkupPage, ...]
    photos: tuple[Attachment, ...]
    documents: tuple[Attachment, ...]


def render(reply: Reply, now_ms: int, extra: TextLine = ()) -> RenderedReply:
    """Lay a reply out, a last row of the adapter's own below it: with a photo the whole text is its caption where it
    fits, else the head alone."""
    text = [*rows(reply, now_ms), *([extra] if extra else [])]
    photos = tuple(file for file in reply.files if file.media_type == "image/png")
    documents = tuple(file for file in reply.files if file.media_type != "image/png")
    if not photos and len(documents) != 1:
        return RenderedReply(caption=None, pages=tuple(pages(text)), photos=(), documents=documents)
    whole_text = pages(text, CAPTION, CAPTION)
    if len(whole_text) == 1:
        return RenderedReply(caption=whole_text[0], pages=(), photos=photos, documents=documents)
    head, *rest = pages(text[:1], CAPTION, CAPTION)
    if rest:  # a head longer than a caption: the picture goes without one
        return RenderedReply(caption=None, pages=tuple(pages(text)), photos=photos, documents=documents)
    return RenderedReply(caption=head, pages=tuple(pages(text[1:])), photos=photos, documents=documents)


def rows(reply: Reply, now_ms: int) -> list[TextLine]:
    """The whole text of a reply, the sentence that matters first and bold."""
    head = _line(reply.head, now_ms, TextStyle.BOLD)
    sign = _TONE_SIGNS.get(reply.tone, "")
    lines: list[TextLine] = [(styled(sign), *head) if sign else head]
    for block in reply.blocks:
        if isinstance(block, Table):
            lines += _table(block, now_ms)
        elif isinstance(block, Board):
            lines += _board(block)
        elif isinstance(block, Picture):
            if not any(file.media_type == "image/png" for file in reply.files) and block.alt:
                lines.append((styled(block.alt, TextStyle.QUIET),))
        elif isinstance(block, CodeBlock):
            lines.append((TextRun(block.text.rstrip("\n"), TextStyle.PRE),))
        elif isinstance(block, Folded):
            lines.append(quoted(_line(block.title, now_ms, TextStyle.BOLD)))
            lines += [quoted(_line(row, now_ms)) for row in block.lines]
        else:
            lines.append(_line(block, now_ms))
    if any(file.media_type == "image/png" for file in reply.files):
        lines += _alts(reply, lines)
    return [_merged(row) for row in lines]


def _alts(reply: Reply, lines: Sequence[TextLine]) -> list[TextLine]:
    """What the charts show, in words, as far as the text does not say it already: Telegram has no alt texts."""
    said = "\n".join("".join(part.text for part in line) for line in lines)
    rows: list[TextLine] = []
    for block in reply.blocks:
        if isinstance(block, Picture) and block.alt:
            unsaid = [part for part in _SENTENCES.split(block.alt) if shown(part).rstrip(".") not in said]
            if unsaid:
                rows.append((styled(" ".join(unsaid), TextStyle.QUIET),))
    return rows


def _merged(row: TextLine) -> TextLine:
    """Neighbours in the same ink are one run: entities are few."""
    merged: list[TextRun] = []
    for run_of_text in row:
        if (
            merged
            and run_of_text.style is merged[-1].style
            and run_of_text.style in (TextStyle.PLAIN, TextStyle.BOLD, TextStyle.QUIET, TextStyle.STRIKE)
        ):
            merged[-1] = replace(merged[-1], text=merged[-1].text + run_of_text.text)
        else:
            merged.append(run_of_text)
    return tuple(merged)


def stamp(part: Stamp, now_ms: int) -> TextRun:
    """A moment in the reader's own zone where the app knows the tag, else UTC with a countdown."""
    left = part.at_ms - now_ms
    soon = f"in {span(left)}" if left > 0 else "now"
    text = f"{soon} ({moment(part.at_ms)})" if part.countdown else moment(part.at_ms)
    if not 0 < part.at_ms < 2**31 * 1000:
        return TextRun(text)
    return TextRun(text, TextStyle.TIME, at=part.at_ms // 1000, form="r" if part.countdown else "dt")


def _line(line: Line, now_ms: int, base: TextStyle = TextStyle.PLAIN) -> TextLine:
    return tuple(_part(part, now_ms, base) for part in line)


def _part(part: Span | Stamp, now_ms: int, base: TextStyle) -> TextRun:
    if isinstance(part, Stamp):
        return stamp(part, now_ms)
    if part.style is Style.CODE:
        return command(part.text)
    style = _STYLES[part.style]
    return styled(part.text, base if style is TextStyle.PLAIN else style)


def command(text: str) -> TextRun:
    """What one can type: a bare command is tapped and sent, a whole line is tapped and copied."""
    text_shown = spelled(shown(text))
    is_bare = _BARE_COMMAND.fullmatch(text) is not None and " " not in text_shown
    return TextRun(text_shown) if is_bare else TextRun(text_shown, TextStyle.CODE)


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
    lines: list[TextLine]
    if max(width(row) for row in aligned) <= PHONE_COLUMNS:
        lines = [(TextRun("\n".join(aligned), TextStyle.PRE),)]
    else:
        lines = [_list_row(table, row, now_ms) for row in table.rows]
    return [*lines, _line(table.more, now_ms)] if table.more else lines


def _aligned(cells: Sequence[Sequence[str]], numeric: Sequence[bool], gap: str = " ") -> list[str]:
    """Rows padded to common widths; columns that are empty everywhere fall out."""
    columns = [i for i in range(len(numeric)) if any(row[i] for row in cells)]
    widths = {i: max(width(row[i]) for row in cells) for i in columns}
    return [gap.join(plain_text.padded(row[i], widths[i], right=numeric[i]) for i in columns).rstrip() for row in cells]


def _list_row(table: Table, row: Sequence[Line], now_ms: int) -> TextLine:
    """A table's row as a line: numbers with what they are, words as they stand."""
    runs: list[TextRun] = []
    for column, cell in zip(table.columns, row, strict=True):
        parts = _line(cell, now_ms)
        if not any(part.text.strip() for part in parts):
            continue
        if runs:
            runs.append(TextRun(" · "))
        named = column.numeric and len(column.title) > 1
        runs += [styled(f"{column.title} ", TextStyle.QUIET), *parts] if named else parts
    return tuple(runs)


def _board(board: Board) -> list[TextLine]:
    """The board on a phone: who is in as an aligned table, who is out struck through, then figures, step and risk."""
    lines: list[TextLine] = []
    active = [row for row in board.rows if row.active]
    cells = [["", "", "YES", "NO", "", ""], *map(_board_cells, active)]
    if active:
        lines.append((TextRun("\n".join(_fitting(cells)), TextStyle.PRE),))
    lines += [_out(note, names) for note, names in plain_text.out_together(board, MOST_ROWS_OUT)]
    lines.append((styled(f"{clean(board.status)} · {plain_text.traded(board)}"),))
    if board.next_step and board.next_step_ms is not None:
        when = stamp(Stamp(board.next_step_ms, countdown=True), board.now_ms)
        lines.append((styled(f"{board.next_step} "), when, TextRun(".")))
    if board.risk_most:
        risk = f"House risks at most {round_money(board.risk_most)}; right now {round_money(board.risk_now)}."
        lines.append((styled(risk, TextStyle.QUIET),))
    return lines


def _board_cells(row: BoardRow) -> list[str]:
    change = price_change(row.change) if row.change is not None else ""
    note = row.note or plain_text.spark(row.spark[-SPARK_POINTS:])
    return [row.place, shown(clean(row.name)), price(row.yes), price(row.no), change, shown(note)]


def _fitting(cells: Sequence[Sequence[str]]) -> list[str]:
    """The board's rows as wide as a phone: the path goes first, then the ends of long names, then the change."""
    numeric = [True, False, True, True, True, False]
    for columns, name_width in ((6, _NAME), (5, _NAME), (5, _SHORT_NAME), (4, _NAME)):
        shortened = [[row[0], cut(row[1], name_width), *row[2:columns], *[""] * (6 - columns)] for row in cells]
        aligned = _aligned(shortened, numeric)
        if max(map(width, aligned)) <= PHONE_COLUMNS:
            break
    return aligned


def _out(note: str, names: Sequence[str]) -> TextLine:
    """Who is out, struck through, and what is said of them."""
    struck = [styled(clean(name), TextStyle.STRIKE) for name in names]
    parts = [part for name in struck for part in (TextRun(", "), name)][1:]
    return (*parts, styled(f" {clean(note) or 'out'}", TextStyle.QUIET))
