"""What runs in the drawing process: the right module for each kind of data."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from bot.chat.chart_data import (
    CardData,
    ChartData,
    LeaderboardData,
    MakerData,
    OutcomeData,
    PreviewData,
    PricesData,
    ThemeName,
    VolumeData,
)


def draw(data: ChartData, theme: ThemeName) -> bytes:
    """PNG bytes. matplotlib is imported here, so that the bot's own process never pays for it."""
    from bot.charts import card, leaderboard, maker, outcome, preview, prices, volume

    if isinstance(data, PreviewData):
        return preview.draw(data, theme)
    if isinstance(data, PricesData):
        return prices.draw(data, theme)
    if isinstance(data, OutcomeData):
        return outcome.draw(data, theme)
    if isinstance(data, MakerData):
        return maker.draw(data, theme)
    if isinstance(data, VolumeData):
        return volume.draw(data, theme)
    if isinstance(data, CardData):
        return card.draw(data, theme)
    return leaderboard.draw(data, theme)


def warm_up() -> None:
    """Import everything and draw once, so that the first chart somebody asks for is quick."""
    draw(LeaderboardData(market="", at_ms=0, rows=(), people=0), "dark")


def initialize() -> None:
    """First thing in the child: leave Ctrl-C to the parent, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _choose_font_cache()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.join,), daemon=True, name="parent-watch").start()


def _exit_after(wait: Callable[[], None]) -> None:
    wait()
    os._exit(0)


def _choose_font_cache() -> None:
    """matplotlib keeps its list of fonts in a folder; where the home is not writable it needs another."""
    if "MPLCONFIGDIR" not in os.environ and not os.access(Path.home(), os.W_OK):
        os.environ["MPLCONFIGDIR"] = tempfile.mkdtemp(prefix="outcry-matplotlib-")
