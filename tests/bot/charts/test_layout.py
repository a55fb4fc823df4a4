"""Labels never hide each other, marks are round, and names are what a font here can write."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.layout import DAY, HOUR, MINUTE, Box, best_label_box, bins, round_step, spread_apart, time_marks
from bot.charts.style import shown, shown_title
from bot.text.columns import cut, width
from tests.bot.charts.samples import START


@given(st.lists(st.floats(-100, 600), max_size=10))
def test_spread_labels_keep_their_gap_their_order_and_the_plot(wanted: list[float]) -> None:
    places = spread_apart(wanted, 36, 0, 470)
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    for upper, lower in pairwise(order):
        assert places[lower] - places[upper] >= 36 - 1e-6
    assert all(-1e-6 <= place <= 470 + 1e-6 for place in places)


def test_labels_with_room_stay_at_their_lines() -> None:
    assert spread_apart([10, 100, 300], 36, 0, 470) == [10, 100, 300]


def test_more_labels_than_room_are_set_evenly() -> None:
    assert spread_apart([5, 5, 5], 300, 0, 100) == [0, 50, 100]


@pytest.mark.parametrize("span", [2_000, 45 * MINUTE, 7 * HOUR, 3 * DAY, 11 * DAY, 90 * DAY, 3_000 * DAY])
def test_time_marks_are_few_and_inside(span: int) -> None:
    marks = time_marks(START, START + span)
    assert 1 <= len(marks) <= 6 or span > 365 * DAY
    assert all(START <= at <= START + span for at, _ in marks)
    assert len({label for _, label in marks}) == len(marks) or span > 365 * DAY


def test_time_marks_are_utc_moments() -> None:
    assert [label for _, label in time_marks(START, START + 3 * HOUR)][:2] == ["10:00", "11:00"]
    assert time_marks(START, START + 10 * DAY)[0][1] == "5 Jul"


def test_bins_lose_nothing() -> None:
    times = [START + minute * MINUTE for minute in range(361)]
    middles, sums, _ = bins(times, list(range(361)), 60)
    assert len(middles) == len(sums) == 60
    assert sum(sums) == sum(range(361))
    assert bins([], [], 60) == ([], [], 1.0)
    assert bins([START], [7], 60)[1] == [7]


def test_steps_are_round() -> None:
    assert [round_step(span, 4) for span in (100, 11_200, 3)] == [25, 5_000, 1]


def test_a_label_goes_where_it_hides_nothing() -> None:
    plot = Box(0, 0, 800, 400)
    line = [(x, 200.0) for x in range(0, 800, 6)]
    box = best_label_box((400, 200), (100, 30), plot, [], line)
    assert not [point for point in line if box.left < point[0] < box.right and box.top < point[1] < box.bottom]
    other = best_label_box((400, 200), (100, 30), plot, [box], line)
    assert box.overlap(other) == 0


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Brazil", "Brazil"),
        ("$\\foo$", "$\\foo$"),
        ("\u202egnorts", "gnorts"),
        ("\x00\u200b\udcff", "#3"),
        ("🇩🇪 Germany", "#3"),
        ("👩\u200d🚀", "#3"),
        ("\U00012000", "#3"),  # cuneiform: no font here
        ("a" * 30, "a" * 19 + "…"),
        ("", "#3"),
    ],
)
def test_a_name_no_font_can_write_is_shown_by_its_number(name: str, label: str) -> None:
    assert shown(name, 3) == label


def test_a_cut_name_counts_wide_letters_twice() -> None:
    assert width(cut("日本の友達と仲間たち全員", 20)) <= 20


def test_a_title_loses_only_what_no_font_can_write() -> None:
    assert shown_title("World Cup 🇩🇪 2014") == "World Cup  2014"
    assert shown_title("🇩🇪") == "Outcry"
