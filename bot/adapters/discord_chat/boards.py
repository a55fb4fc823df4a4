"""The board in Discord's markdown: prices large, everything else small, those who are out struck through below."""

from __future__ import annotations

from collections.abc import Iterator

from bot.adapters.discord_chat import markup
from bot.chat.plain_text import out_together, spark, traded
from bot.chat.reply import Board, BoardRow, Stamp
from bot.text.numbers import price, price_change, round_money

MOST_LARGE_ROWS = 5  # so many outcomes still fit a phone's screen as headings
MOST_FULL_ROWS = 10  # of more each has one line, so that 25 with the longest names fit a message


def status_rows(board: Board) -> list[str]:
    return [f"-# {markup.escaped(board.status)}"] if board.status.strip() else []


def active_rows(board: Board) -> Iterator[tuple[BoardRow, list[str]]]:
    """The lines of each outcome that is still in, the best first."""
    active = [row for row in board.rows if row.active]
    for row in active:
        yield row, _row(row, large=len(active) <= MOST_LARGE_ROWS, full=len(active) <= MOST_FULL_ROWS)


def out_rows(board: Board) -> list[str]:
    return [
        f"-# {', '.join(f'~~{markup.escaped(name)}~~' for name in names)} {markup.escaped(note)}"
        for note, names in out_together(board, MOST_FULL_ROWS)
    ]


def figures(board: Board) -> list[str]:
    """What stands below the prices."""
    lines = []
    if board.next_step and board.next_step_ms is not None:
        at = f"{markup.stamp(Stamp(board.next_step_ms, True))} ({markup.stamp(Stamp(board.next_step_ms))})"
        lines.append(f"{markup.escaped(board.next_step)} {at}.")
    if board.risk_most:
        most, now = round_money(board.risk_most), round_money(board.risk_now)
        lines.append(f"**House risks at most {most}; right now {now}.**")
    lines.append(f"-# {traded(board)}")
    return lines


def _row(row: BoardRow, *, large: bool, full: bool) -> list[str]:
    head = f"{row.place} · {markup.escaped(row.name)}  {price(row.yes)}"
    change = price_change(row.change) if row.change else ""
    if change == price_change(0):
        change = ""
    if not full:
        return [
            " · ".join(
                part for part in (f"**{head}**", f"NO {price(row.no)}", change, markup.escaped(row.note)) if part
            )
        ]
    details = [
        f"NO {price(row.no)}",
        f"{change} this round" if change else "",
        markup.escaped(row.note) or spark(row.spark),
    ]
    return [f"### {head}" if large else f"**{head}**", f"-# {' · '.join(part for part in details if part)}"]
