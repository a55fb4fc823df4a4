"""Replies as plain text, aligned where signs are two columns wide."""

from __future__ import annotations

import pytest

from bot.chat import plain_text
from bot.chat.reply import Action, Board, BoardRow, Column, Picture, Reply, Stamp, Table, code, line

NOW = 1_404_370_000_000


def row(number: int, name: str, yes: int, place: str = "", *, active: bool = True, note: str = "") -> BoardRow:
    return BoardRow(
        outcome=number, place=place, name=name, yes=yes, no=10**6 - yes, change=4_000 if active else None,
        spark=(200_000, 250_000, yes) if active else (), active=active, note=note,
    )  # fmt: skip


def test_a_reply_is_its_lines_its_tables_and_its_buttons() -> None:
    columns = (Column(title="Token"), Column(title="Held", numeric=True))
    table = Table(
        columns=columns,
        rows=((line("日本 YES"), line("1,000")), (line("Chile NO"), line("5"))),
        more=line("and 3 more"),
    )
    reply = Reply(
        head=line("Head."),
        blocks=(
            line("Due ", Stamp(NOW + 90_000, countdown=True), "."),
            table,
            Picture(kind="prices", market=1, tick=2, alt="up"),
        ),
        actions=(Action(label="Confirm", text="/x"),),
    )
    assert plain_text.text(reply, NOW).splitlines() == [
        "Head.",
        "Due in 1 min 30 s.",
        "Token      Held",
        "日本 YES  1,000",
        "Chile NO      5",
        "and 3 more",
        "[chart: up]",
        "[Confirm]",
    ]
    assert plain_text.line_text(line(Stamp(NOW), code("/x"))) == "3 July 2014 06:46 UTC`/x`"


def test_a_board_is_aligned_and_says_what_is_next() -> None:
    rows = (
        row(1, "日本", 501_000, "1st"),
        row(0, "Germany", 402_000, "2nd"),
        row(2, "Chile", 0, active=False, note="out in round 1"),
    )
    board = Board(
        title="Cup", status="Open", rows=rows, volume=1_240_000_000, people=3, traders=1, now_ms=NOW,
        next_step="Round 2 freezes", next_step_ms=NOW + 3_600_000, risk_now=48_740_000, risk_most=10**10,
    )  # fmt: skip
    assert plain_text.board_lines(board) == [
        "Cup · Open",
        "     Outcome    YES     NO  Round",
        "1st  日本     50.1¢  49.9¢  +0.4¢  ▁▂█",
        "2nd  Germany  40.2¢  59.8¢  +0.4¢  ▁▂█",
        "     Chile                         out in round 1",
        "$1,240 traded by 1 of 3 people",
        "Round 2 freezes in 1 h (3 July 2014 07:46 UTC).",
        "House risks at most $10,000; right now $48.74.",
    ]


@pytest.mark.parametrize(
    ("volume", "traders", "people", "says"),
    [
        (0, 0, 1, "Nothing traded yet · 1 person in"),
        (0, 0, 5, "Nothing traded yet · 5 people in"),
        (48_740_000, 1, 1, "$48.74 traded by 1 person"),
        (1_240_000_000, 3, 5, "$1,240 traded by 3 of 5 people"),
        (1_240_000_000, 5, 5, "$1,240 traded by 5 people"),
    ],
)
def test_traded_by_counts_who_traded(volume: int, traders: int, people: int, says: str) -> None:
    board = Board(title="Cup", status="Open", rows=(), volume=volume, people=people, traders=traders, now_ms=NOW)
    assert plain_text.traded(board) == says


def test_padding_counts_columns_not_signs() -> None:
    assert plain_text.padded("日", 4) + "|" == "日  |"
    assert plain_text.padded("👨\u200d👩\u200d👧\u200d👦", 4) == "👨\u200d👩\u200d👧\u200d👦  "


def test_a_spark_is_flat_where_nothing_moved() -> None:
    assert plain_text.spark((500_000, 500_100)) == "▄▄"
    assert plain_text.spark((1,)) == ""
    assert plain_text.spark((0, 500_000, 1_000_000)) == "▁▄█"
