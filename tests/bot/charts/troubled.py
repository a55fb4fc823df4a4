"""Drawings that go wrong in the drawing process itself, which loads this: it imports little."""

from __future__ import annotations

import os
import signal
import time

from bot.chat.chart_data import ChartData, ThemeName

PNG = b"\x89PNG\r\n\x1a\n"


def draw(data: ChartData, theme: ThemeName) -> bytes:
    """In place of `bot.charts.worker.draw`, by the name of the market."""
    if data.market == "hangs":
        time.sleep(600.0)
    if data.market == "raises":
        raise ValueError("it cannot be drawn")
    return PNG


def warm_up() -> None:
    """Nothing is loaded for these."""


def die() -> None:
    """As where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
