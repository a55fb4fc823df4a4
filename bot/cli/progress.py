"""How far a long command has come: one line of a terminal, written over while the command works."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TextIO

BAR_COLUMNS = 28


class ProgressLine:
    """Silent where `out` is no terminal or the command is `quiet`; else written at most once in `every_s` seconds."""

    def __init__(
        self, out: TextIO, *, quiet: bool = False, every_s: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.visible = out.isatty() and not quiet
        self._out = out
        self._every_s = every_s
        self._clock = clock
        self._shown_at = -math.inf
        self._columns = 0

    def show(self, text: str) -> None:
        """Put `text` in the place of what was shown before."""
        now = self._clock()
        if self.visible and now - self._shown_at >= self._every_s:
            self._write(f"\r{text:<{self._columns}}")
            self._shown_at, self._columns = now, len(text)

    def keep(self) -> None:
        """Leave the line as it is; what comes next is printed below it."""
        if self._columns:
            self._write("\n")
            self._columns = 0

    def clear(self) -> None:
        """Leave an empty line; what comes next is printed in its place."""
        if self._columns:
            self._write(f"\r{'':<{self._columns}}\r")
            self._columns = 0

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class ProgressShares:
    """For another process that waits: a line `progress 0.25` for each hundredth."""

    def __init__(self, out: TextIO, *, silent: bool) -> None:
        self._out, self._silent = out, silent
        self._shown = -1

    def show(self, share: float) -> None:
        if not self._silent and int(share * 100) > self._shown:
            self._shown = int(share * 100)
            print(f"progress {min(1.0, share):.2f}", file=self._out, flush=True)


def bar(share: float) -> str:
    """`[#######.....................]` for a quarter; `share` from 0 to 1."""
    full = round(share * BAR_COLUMNS)
    return f"[{'#' * full}{'.' * (BAR_COLUMNS - full)}]"
