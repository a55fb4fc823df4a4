"""Charts of 2, 10 and 25 outcomes: all text inside the picture and apart, prices in steps, the leading lines named."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.font_manager import FontManager, fontManager, json_dump
from matplotlib.lines import Line2D
from matplotlib.text import Text

from bot.charts import card, leaderboard, maker, outcome, prices, volume
from bot.charts.layout import Box
from bot.charts.style import DASHES, END_ISOLATE, ISOLATE, LEFT_TO_RIGHT, Canvas, isolated
from bot.chat.chart_data import CardData, Exit, LeaderboardData, MakerData, OutcomeData, PricesData, VolumeData
from bot.text.numbers import round_money
from tests.bot.charts import samples
from tests.bot.charts.samples import HOUR, START, many

COUNTS = (2, 10, 25)
AT = START + 20 * HOUR
BEST = tuple((name, 120 - 7 * place) for place, name in enumerate(samples.WIDE[:3]))


def gone(count: int) -> tuple[Exit, ...]:
    """Four in ten of so many outcomes, in two rounds."""
    numbers = range(count * 2 // 5)
    return tuple(Exit(outcome=number, at_ms=AT + number % 2 * 8 * HOUR, round=number % 2 + 1) for number in numbers)


def last_decided(count: int) -> PricesData:
    final = tuple(Exit(outcome=number, at_ms=samples.TIMES[-1], final=True) for number in range(1, count))
    return samples.prices(names=many(count), exits=final, winner=0)


def paint(data: PricesData | OutcomeData | VolumeData | MakerData | LeaderboardData | CardData) -> Canvas:
    match data:
        case PricesData():
            return prices.paint(data, "dark")
        case OutcomeData():
            return outcome.paint(data, "dark")
        case VolumeData():
            return volume.paint(data, "dark")
        case MakerData():
            return maker.paint(data, "dark")
        case LeaderboardData():
            return leaderboard.paint(data, "dark")
        case CardData():
            return card.paint(data, "dark")


def texts(canvas: Canvas) -> list[tuple[str, Box]]:
    """Everything written, on axes too, and where: pixels from the left and the top."""
    axes_texts = [label for axes in canvas.figure.axes for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    return [(text.get_text(), _box(text, canvas)) for text in [*canvas.figure.texts, *axes_texts] if text.get_text()]


def points(line: Line2D) -> list[tuple[float, float]]:
    """(time, value) of what is drawn."""
    return [(at, value) for at, value in np.column_stack(line.get_data()).tolist()]


def _box(text: Text, canvas: Canvas) -> Box:
    extent = text.get_window_extent()
    return Box(extent.x0, canvas.height - extent.y1, extent.x1, canvas.height - extent.y0)


@pytest.mark.parametrize(
    "data",
    [
        *(samples.prices(names=many(count)) for count in COUNTS),
        *(samples.prices(names=many(count), exits=gone(count)) for count in COUNTS),
        *(last_decided(count) for count in COUNTS),
        *(samples.volume(names=many(count)) for count in COUNTS),
        *(replace(samples.outcome(), name=name) for name in samples.WIDE),
        samples.leaderboard(*((name, 20 - 10 * place) for place, name in enumerate(samples.WIDE))),
        samples.maker(),
        *(samples.card(names=many(count), podium=BEST) for count in COUNTS),
        samples.card(names=many(25), winners=(0, 1), podium=BEST),
        samples.card(names=many(25), winners=tuple(range(25)), podium=(("Ada", 5),) * 9),
        samples.card(winners=(3,), podium=(("Ada", -3), ("W" * 32, -5))),
        replace(samples.prices(names=many(25)), market="A title as long as titles may be, " * 2 + "and then some"),
    ],
    ids=lambda data: f"{type(data).__name__} of {len(getattr(data, 'names', '1'))}",
)
def test_what_is_written_is_inside_the_picture_and_hides_nothing_else_that_is(
    data: PricesData | OutcomeData | VolumeData | MakerData | LeaderboardData | CardData,
) -> None:
    canvas = paint(data)
    written = texts(canvas)
    for text, box in written:
        assert 0 <= box.left <= box.right <= canvas.width, text
        assert 0 <= box.top <= box.bottom <= canvas.height, text
    for (first, box), (other, other_box) in combinations(written, 2):
        inner = Box(box.left, box.top + 6, box.right, box.bottom - 6)  # lines of text may touch with their rims
        assert inner.overlap(other_box) == 0, (first, other)


def shown_names(canvas: Canvas, data: PricesData | VolumeData) -> int:
    """How many outcomes are named beside the plot."""
    right = max(axes.get_window_extent().x1 for axes in canvas.figure.axes)
    return sum(box.left > right and "more" not in text for text, box in texts(canvas))


@pytest.mark.parametrize(("count", "named"), [(2, 2), (10, 10), (25, 8)])
def test_of_more_than_ten_outcomes_the_leading_are_named_and_the_rest_counted(count: int, named: int) -> None:
    data = samples.prices(names=many(count))
    canvas = paint(data)
    assert shown_names(canvas, data) == named
    rest = [text for text, _ in texts(canvas) if "more" in text]
    assert rest == ([f"{count - named} more, up to 102¢"] if count > named else []) or "17 more" in rest[0]


def test_of_more_than_ten_traded_outcomes_the_most_traded_are_named_and_the_rest_summed_up() -> None:
    data = samples.volume(names=many(25))
    canvas = paint(data)
    traded = [total for total in data.totals if total]
    assert shown_names(canvas, data) == 9
    rest = sum(sorted(traded)[: len(traded) - 9])
    assert [text for text, _ in texts(canvas) if "more" in text] == [f"{len(traded) - 9} more {round_money(rest)}"]


def test_outcomes_of_one_colour_have_lines_and_marks_of_their_own_kind() -> None:
    data = samples.prices(names=tuple(f"Driver {number}" for number in range(25)))
    yes = tuple((250_000 + number if number % 10 == 4 else 1_000,) * len(data.times) for number in range(25))
    canvas = paint(replace(data, yes=yes))
    own = [line for line in canvas.figure.axes[0].lines if line.get_color() == canvas.colour(4)]
    assert sorted(line.is_dashed() for line in own if len(points(line)) > 1) == [False, True, True]
    assert {line.get_marker() for line in own if len(points(line)) == 1} == {"o", "D", "^"}
    assert len(set(DASHES.values())) == 3


@pytest.mark.parametrize(
    "data",
    [samples.prices(exits=gone(4)), samples.prices(names=many(25), exits=gone(25)), samples.outcome(), samples.maker()],
    ids=lambda data: type(data).__name__,
)
def test_a_figure_stays_level_until_it_changes(data: PricesData | OutcomeData | MakerData) -> None:
    for axes in paint(data).figure.axes:
        for line in axes.lines:
            if str(line.get_drawstyle()) == "steps-post":
                continue
            assert all(x == other_x or y == other_y for (x, y), (other_x, other_y) in pairwise(points(line)))


def test_nothing_moves_while_trading_stands_still() -> None:
    data = samples.prices()
    frozen = (START + 10 * HOUR, START + 16 * HOUR)
    still = tuple(
        tuple(series[9] if frozen[0] <= at < frozen[1] else price for at, price in zip(data.times, series, strict=True))
        for series in data.yes
    )
    kept = [place for place, at in enumerate(data.times) if not frozen[0] < at < frozen[1]]  # no ticks in between
    data = replace(
        data, times=tuple(data.times[place] for place in kept), frozen=(frozen,),
        yes=tuple(tuple(series[place] for place in kept) for series in still),
    )  # fmt: skip
    for line in paint(data).figure.axes[0].lines:
        inside = [(a, b) for a, b in pairwise(points(line)) if a[0] < frozen[1] and b[0] > frozen[0]]
        assert all(y == other_y for (_, y), (_, other_y) in inside)


def test_nobody_is_out_of_a_market_that_was_called_off() -> None:
    data = replace(samples.prices(exits=gone(10), names=many(10)), called_off=True)
    canvas = paint(data)
    written = " ".join(text for text, _ in texts(canvas))
    assert "Called off" in written
    assert "Round" not in written
    assert "out" not in written
    assert {line.get_linewidth() for line in canvas.figure.axes[0].lines if len(points(line)) > 1} == {5.5}


def test_a_name_read_from_the_right_keeps_its_figure_behind_it() -> None:
    assert isolated("Brazil") == "Brazil"
    name = isolated("مرحبا")
    assert name == f"{ISOLATE}مرحبا{END_ISOLATE}"
    canvas = Canvas("dark")
    text = canvas.text(0, 50, f"{name} 16¢", size=30, colour="#fff")
    assert text.get_text() == f"{LEFT_TO_RIGHT}{name} 16¢"
    cut = canvas.shortened(isolated("مرحبا بالعالم"), 120, 30)
    assert cut.startswith(ISOLATE)
    assert cut.endswith(f"…{END_ISOLATE}")
    assert canvas.measure(cut, 30) <= 120


def test_fonts_are_those_that_are_installed_now_whatever_matplotlib_remembers(tmp_path: Path) -> None:
    remembered = FontManager.__new__(FontManager)
    remembered.__dict__.update(fontManager.__dict__)
    gone_font = replace(fontManager.ttflist[0], fname=str(tmp_path / "gone.ttf"), name="Noto Sans Thai")
    own = [entry for entry in fontManager.ttflist if "matplotlib" in entry.fname]
    remembered.ttflist = [gone_font, *own]
    json_dump(remembered, tmp_path / f"fontlist-v{FontManager.__version__}.json")
    code = "from bot.charts.style import families; print(*families(), sep='|')"
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "Noto Sans Thai" not in run.stdout
    installed = {entry.name for entry in fontManager.ttflist} & {"Noto Sans CJK JP", "Symbola"}
    assert installed <= set(run.stdout.strip().split("|"))
