"""The demo's event in a sixth of its ticks, and a process that plays it: `python -m tests.bot.cli.short_demo DIR`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from bot.cli import demo
from bot.cli.demo_play import Options
from bot.scenarios.scenario import Scenario
from bot.scenarios.worldcup import world_cup

SEED = 7


def short() -> Scenario:
    """The same ten days in 60 ticks of four hours and twelve minutes."""
    return replace(world_cup(), tick_ms=6 * world_cup().tick_ms, ticks=60)


if __name__ == "__main__":
    sys.exit(asyncio.run(demo.play(Options(headless=True, seed=SEED, out=Path(sys.argv[1])), short())))
