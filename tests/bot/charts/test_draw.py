"""Every chart comes out as a PNG, whatever the names and however little there is to show."""

from __future__ import annotations

import struct
import warnings
from dataclasses import replace

import pytest

from bot.charts import worker
from bot.chat.chart_data import ChartData, Exit, PricesData, ThemeName, VolumeData
from tests.bot.charts.samples import HOUR, START, card, leaderboard, maker, outcome, prices, volume

HOSTILE = ("$\\frac{", "\u202eevil", "🦊", "日本代表", "<b>@everyone</b>", "=1+1", "x" * 200, "ñandú", "\x00", "é" * 3)
OUT = (Exit(outcome=0, at_ms=START + 20 * HOUR, round=1), Exit(outcome=1, at_ms=START + 20 * HOUR, round=1))
NOTHING = PricesData(market="", names=("a", "b", "c"), times=(), yes=((), (), ()))


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    "data",
    [
        prices(),
        prices(exits=OUT),
        prices(exits=OUT, winner=3),
        prices(names=HOSTILE, exits=OUT),
        NOTHING,
        outcome(),
        outcome(out=OUT[0]),
        maker(),
        maker(risk=-1_000_000_000, result=-5_000_000),
        leaderboard(("Mara", 35), ("🦊", 3), ("\u202eevil", -40)),
        leaderboard(),
        volume(),
        volume(nothing=True),
        volume(names=HOSTILE),
        card(podium=(("Mara", 35), ("🦊", 3), ("\u202eevil", -40))),
        card(names=HOSTILE, winners=(0, 3)),
        replace(card(), prices=replace(NOTHING, winners=(1,)), volume=0),
        VolumeData(market="", names=("a", "b", "c"), times=(), volume=((), (), ())),
    ],
    ids=lambda data: type(data).__name__,
)
def test_every_chart_is_drawn_without_a_warning(data: ChartData, theme: ThemeName) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        width, height = size(worker.draw(data, theme))
    assert width == 1200
    assert 180 <= height <= 900


def test_a_market_of_one_tick_is_drawn() -> None:
    data = prices()
    first = replace(data, times=data.times[:1], yes=tuple(series[:1] for series in data.yes))
    assert size(worker.draw(first, "dark")) == (1200, 675)


def test_dark_and_light_differ() -> None:
    assert worker.draw(prices(), "dark") != worker.draw(prices(), "light")
