"""The board in Discord's markdown: prices large, everything else small, those who are out struck through below."""

from __future__ import annotations

from bot.adapters.discord_chat import markup
from bot.chat.plain_text import spark
from bot.chat.reply import Board, BoardRow, Stamp
from bot.text.numbers import price, price_change, round_money

LARGE = 5  # so many outcomes still fit a phone's screen as headings


def rows(board: Board) -> list[str]:
    """Lines of text, best outcome first."""
    large = sum(row.active for row in board.rows) <= LARGE
    found = [f"-# {markup.escaped(board.status)}"] if board.status.strip() else []
    for place, row in enumerate(board.rows, 1):
        found += _row(place, row, large=large)
    return found


def figures(board: Board) -> list[str]:
    """What stands below the prices."""
    people = f"{board.people:,} {'person' if board.people == 1 else 'people'}"
    found = []
    if board.next_step and board.next_step_ms is not None:
        at = f"{markup.stamp(Stamp(board.next_step_ms, True))} ({markup.stamp(Stamp(board.next_step_ms))})"
        found.append(f"{markup.escaped(board.next_step)} {at}.")
    if board.risk_most:
        most, now = round_money(board.risk_most), round_money(board.risk_now)
        found.append(f"**House risks at most {most}; right now {now}.**")
    found.append(f"-# {round_money(board.volume)} traded · {people}")
    return found


def _row(place: int, row: BoardRow, *, large: bool) -> list[str]:
    name = markup.escaped(row.name)
    if not row.active:
        return [f"-# ~~{name}~~ {markup.escaped(row.note or 'out')}"]
    head = f"{place} · {name}  {price(row.yes)}"
    change = price_change(row.change) if row.change else ""
    small = [
        f"NO {price(row.no)}",
        f"{change} this round" if change else "",
        markup.escaped(row.note) or spark(row.spark),
    ]
    return [f"### {head}" if large else f"**{head}**", f"-# {' · '.join(part for part in small if part)}"]
