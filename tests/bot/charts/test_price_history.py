"""What a chart shows of a long history: nothing that stands still seems to move, and no money is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.price_history import MOST_POINTS, History
from storage.records import TickRow

SECOND = 1_000


def tick(number: int, *yes: int, volume: int = 0) -> TickRow:
    return TickRow(
        market=1,
        tick=number,
        ts_ms=number * SECOND,
        yes=yes,
        no=tuple(1_000_000 - price for price in yes),
        volume=tuple(volume for _ in yes),
        orders=0,
        trades=0,
        hash="",
        state_hash="",
    )


def history(*rows: TickRow) -> History:
    made = History(len(rows[0].yes))
    made.add(rows)
    return made


def restless(ticks: int) -> History:
    """Every tick moves a price, by turns."""
    return history(*(tick(n, 100_000 + n, 200_000 + n // 2, volume=n) for n in range(ticks)))


def test_ticks_that_move_no_price_are_left_out_and_the_last_is_not() -> None:
    made = history(*(tick(n, 100_000 + n // 10) for n in range(100)))
    assert made.shown(made.rows(99, None), ()) == [*range(0, 100, 10), 99]


@pytest.mark.parametrize("ticks", [1, 2, MOST_POINTS, MOST_POINTS + 1, 10_000])
def test_a_long_history_keeps_first_last_and_both_sides_of_each_moment(ticks: int) -> None:
    made = restless(ticks)
    moments = [at * SECOND for at in (3, ticks // 3, ticks // 2, ticks - 2) if 0 < at < ticks]
    shown = made.shown(made.rows(ticks - 1, None), moments)
    assert {0, ticks - 1} <= set(shown)
    for moment in moments:
        assert {moment // SECOND - 1, moment // SECOND} <= set(shown)
    assert shown == sorted(set(shown))
    assert len(shown) <= MOST_POINTS + 2 * len(moments) + 2
    assert made.thins(made.rows(ticks - 1, None)) == (ticks > MOST_POINTS)


@given(st.integers(0, 400), st.integers(1, 400), st.lists(st.integers(0, 400), max_size=4))
def test_every_dollar_traded_is_in_one_point(since: int, ticks: int, moments: list[int]) -> None:
    made = restless(ticks)
    rows = made.rows(ticks - 1, since * SECOND)
    shown = made.shown(rows, [moment * SECOND for moment in moments])
    assert sum(made.traded(0, rows, shown)) == sum(range(rows.start, ticks))


def test_a_span_begins_with_what_held_when_it_began() -> None:
    made = history(tick(0, 1), tick(5, 2), tick(9, 3))
    rows = made.rows(9, 7 * SECOND)
    assert [made.ticks[row] for row in made.shown(rows, ())] == [5, 9]


def test_a_reader_of_an_older_tick_is_shown_nothing_after_it() -> None:
    made = restless(100)
    rows = made.rows(50, None)
    assert made.ticks[made.shown(rows, ())[-1]] == 50
    assert all(before < after for before, after in pairwise(made.shown(rows, ())))
