"""Any reply, built of any text: what the tests of rendering send through a platform's markup.

Each platform brings the texts that are dangerous to it, and the bounds of what it is ever sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from bot.chat.reply import Attachment, Board, BoardRow, Column, Line, Picture, Span, Stamp, Style, Table

Texts = st.SearchStrategy[str]
Numbers = st.SearchStrategy[int]


LONGEST_NAMES = ("M" * 32, "W_*~|" * 6 + "W_", "日本代表" * 8, "مرحبا بالعالم الجميل جدا هنا وهن")
"""Outcomes' names as long as they may be: wide letters, markup, signs of two columns, from right to left."""


def board_of(count: int, out: int = 0) -> Board:
    """A board of so many outcomes with the longest names there can be, so many of them out in two rounds."""
    rows = tuple(
        BoardRow(
            outcome=number,
            name=f"{LONGEST_NAMES[number % len(LONGEST_NAMES)][:29]} {number}",
            place=f"{number + 1}th=" if number < count - out else "",
            yes=1_000_000 // count,
            no=1_000_000 - 1_000_000 // count,
            change=-123_000,
            spark=(100_000, 300_000) * 12 if number < count - out else (),
            active=number < count - out,
            note="" if number < count - out else f"out in round {1 + number % 2}",
        )
        for number in sorted(range(count), key=lambda number: (number >= count - out, number % 2))
    )
    return Board(
        title="Cup", status="Open", rows=rows, volume=10**15, people=1_000, traders=900, now_ms=0,
        next_step="Round 2 freezes", next_step_ms=10**12, risk_now=10**15, risk_most=10**15,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`moments` are epoch milliseconds; `money` is in millionths; `least_spans` of a line, `least_rows` of a board."""

    texts: Texts
    moments: Numbers
    money: Numbers
    now_ms: int = 0
    next_step_ms: Numbers
    least_spans: int = 0
    least_rows: int = 0

    def lines(self) -> st.SearchStrategy[Line]:
        stamps = st.builds(Stamp, self.moments, st.booleans())
        spans = st.builds(Span, self.texts, st.sampled_from(Style), st.none() | st.integers(0, 24))
        return st.lists(spans | stamps, min_size=self.least_spans, max_size=8).map(tuple)

    def tables(self) -> st.SearchStrategy[Table]:
        """One to five columns wide."""
        columns = st.builds(Column, title=self.texts, numeric=st.booleans())
        lines = self.lines()
        return st.integers(1, 5).flatmap(
            lambda wide: st.builds(
                Table,
                columns=st.lists(columns, min_size=wide, max_size=wide).map(tuple),
                rows=st.lists(st.lists(lines, min_size=wide, max_size=wide).map(tuple), max_size=12).map(tuple),
                more=lines,
            )
        )

    def boards(self) -> st.SearchStrategy[Board]:
        row = st.builds(
            BoardRow,
            outcome=st.integers(0, 24),
            place=st.sampled_from(("", "1st", "2nd=", "12th=")),
            name=self.texts,
            yes=self.money,
            no=self.money,
            change=st.none() | self.money,
            spark=st.lists(st.integers(0, 10**6), max_size=24).map(tuple),
            active=st.booleans(),
            note=self.texts,
        )
        return st.builds(
            Board,
            title=self.texts,
            status=self.texts,
            rows=st.lists(row, min_size=self.least_rows, max_size=25).map(tuple),
            volume=st.integers(0, 10**15),
            people=st.integers(0, 10**6),
            traders=st.integers(0, 10**6),
            now_ms=st.just(self.now_ms),
            next_step=self.texts,
            next_step_ms=st.none() | self.next_step_ms,
            risk_now=self.money,
            risk_most=self.money,
        )

    def pictures(self) -> st.SearchStrategy[Picture]:
        return st.builds(Picture, kind=st.just("prices"), market=st.just(1), tick=st.integers(1, 3), alt=self.texts)

    def attachments(self) -> st.SearchStrategy[Attachment]:
        return st.builds(
            Attachment,
            name=self.texts,
            data=st.sampled_from([b"", b"x" * 10]),
            media_type=st.sampled_from(["image/png", "text/csv"]),
        )
