"""How a play shows on a terminal: one bar that moves; where there is none, a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from bot.words import terminal as words
from engine.units import MICRO
from storage.records import Market

LINES = 10


class Console:
    """`ticks` are all there will be."""

    def __init__(self, ticks: int, out: TextIO | None = None) -> None:
        self._ticks = ticks
        self._out = out or sys.stdout
        self._moving = self._out.isatty()
        self._began = time.monotonic()
        self._fills = 0

    def line(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    def progress(self, tick: int, at_ms: int, fills: int) -> None:
        """`fills` of this tick."""
        self._fills += fills
        share = tick / self._ticks
        if self._moving:
            end = "\n" if tick == self._ticks else ""
            self._out.write(f"\r{words.bar(share, at_ms, self._fills)}{end}")
            self._out.flush()
        elif tick % max(1, self._ticks // LINES) == 0:
            self.line(words.progress(share, at_ms, self._fills))

    def end(self, market: Market, summary: Mapping[str, object], folder: Path) -> None:
        """How it ended and where the files are."""
        winner, result = summary["winner"], summary["house_result"]
        assert isinstance(result, float)
        self.line(
            words.ended(
                str(winner) if winner else None,
                self._fills,
                market.volume,
                round(result * MICRO),
                market.params.z,
            )
        )
        self.line(words.written(folder, time.monotonic() - self._began))
