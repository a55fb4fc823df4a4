"""A `Reply` as plain text: for announcements.txt, for tests, and for chats that can do no more."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bot.chat.reply import (
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
    without_apps,
    without_copies,
)
from bot.text.columns import width
from bot.text.numbers import moment, price, price_change, round_money, span

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = "  "


def text(reply: Reply, now_ms: int | None = None) -> str:
    """The whole message. `now_ms` turns stamps into countdowns; buttons are shown as the lines they stand for."""
    rows = [line_text(reply.head, now_ms)]
    for block in reply.blocks:
        if isinstance(block, Table):
            rows += table_lines(block, now_ms)
        elif isinstance(block, Board):
            rows += board_lines(block)
        elif isinstance(block, Picture):
            rows.append(f"[chart: {block.alt}]")
        elif isinstance(block, CodeBlock):
            rows += block.text.splitlines()
        elif isinstance(block, Folded):
            rows += [line_text(row, now_ms) for row in (block.title, *block.lines)]
        else:
            rows.append(line_text(block, now_ms))
    actions = without_copies(without_apps(reply.actions))
    if actions:
        rows.append(" ".join(f"[{action.label}]" for action in actions))
    return "\n".join(row.rstrip() for row in rows)


def sentences(reply: Reply) -> str:
    """Its lines in one: for programs, which need no tables and buttons."""
    rows = [reply.head]
    for block in reply.blocks:
        if isinstance(block, Folded):
            rows += [block.title, *block.lines]
        elif isinstance(block, tuple):
            rows.append(block)
    return " ".join(text for row in rows if (text := line_text(row).strip()))


def line_text(line: Line, now_ms: int | None = None) -> str:
    """One line without its styles."""
    return "".join(_part(part, now_ms) for part in line)


def _part(part: Span | Stamp, now_ms: int | None) -> str:
    if isinstance(part, Stamp):
        if part.countdown and now_ms is not None:
            return f"in {span(part.at_ms - now_ms)}" if part.at_ms > now_ms else "now"
        return moment(part.at_ms)
    return f"`{part.text}`" if part.style is Style.CODE else part.text


def padded(text_: str, columns: int, *, right: bool = False) -> str:
    """Filled with spaces to that many columns."""
    space = " " * max(0, columns - width(text_))
    return space + text_ if right else text_ + space


def table_lines(table: Table, now_ms: int | None = None) -> list[str]:
    """Aligned columns under their titles."""
    cells = [[column.title for column in table.columns]]
    cells += [[line_text(cell, now_ms) for cell in row] for row in table.rows]
    rows = aligned(cells, [column.numeric for column in table.columns])
    return [*rows, line_text(table.more, now_ms)] if table.more else rows


def aligned(cells: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """Rows of cells padded to common widths; numbers to the right."""
    widths = [max(width(row[i]) for row in cells) for i in range(len(numeric))]
    return [
        _GAP.join(padded(cell, widths[i], right=numeric[i]) for i, cell in enumerate(row)).rstrip() for row in cells
    ]


def board_lines(board: Board) -> list[str]:
    """The board in a fixed-width fount: one row an outcome, then the figures, the next step, the risk."""
    cells = [["", "Outcome", "YES", "NO", "Round", ""]]
    cells += [_board_row(row) for row in board.rows]
    rows = [f"{board.title} · {board.status}", *aligned(cells, [True, False, True, True, True, False]), traded(board)]
    if board.next_step and board.next_step_ms is not None:
        left = board.next_step_ms - board.now_ms
        soon = f"in {span(left)}" if left > 0 else "now"
        rows.append(f"{board.next_step} {soon} ({moment(board.next_step_ms)}).")
    if board.risk_most:
        rows.append(f"House risks at most {round_money(board.risk_most)}; right now {round_money(board.risk_now)}.")
    return rows


def traded(board: Board) -> str:
    """`$1,240 traded by 3 of 5 people`: who has traded, and of how many who are in."""
    people = f"{board.people:,} {'person' if board.people == 1 else 'people'}"
    if not board.traders:
        return f"Nothing traded yet · {people} in"
    who = people if board.traders == board.people else f"{board.traders:,} of {people}"
    return f"{round_money(board.volume)} traded by {who}"


def _board_row(row: BoardRow) -> list[str]:
    if not row.active:
        return ["", row.name, "", "", "", row.note or "out"]
    change = price_change(row.change) if row.change is not None else ""
    return [row.place, row.name, price(row.yes), price(row.no), change, row.note or spark(row.spark)]


def out_together(board: Board, most: int) -> list[tuple[str, list[str]]]:
    """Who is out of a board, each with what is said of it; where they are more than `most` outcomes in all, those of
    whom the same is said together."""
    out = [(row.note or "out", row.name) for row in board.rows if not row.active]
    if len(board.rows) <= most:
        return [(note, [name]) for note, name in out]
    return [(note, [name for _, name in group]) for note, group in groupby(out, key=lambda entry: entry[0])]


def spark(path: Sequence[int]) -> str:
    """A path of prices in eight heights, between its own least and most; flat where it moved less than a point."""
    if len(path) < 2:
        return ""
    low, high = min(path), max(path)
    if high - low < 10_000:
        return _BLOCKS[3] * len(path)
    return "".join(_BLOCKS[(value - low) * (len(_BLOCKS) - 1) // (high - low)] for value in path)
