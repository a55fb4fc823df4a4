"""`outcry run` with somebody beside it who looks at the clock: how long the event loop was ever kept from turning.

`WATCH_FILE=stalls.json python -m tests.bench.watched run` writes the figures when it ends. Milliseconds; `own` counts
only processor time of the loop's thread, which other processes on the machine cannot lengthen.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from bot import app
from bot.settings import load

EVERY_S = 0.005
LONG_MS = 100


class Watch:
    """Turns with the loop, and notes how late it was each time."""

    def __init__(self) -> None:
        self.longest_ms = self.longest_own_ms = 0.0
        self.long = self.turns = 0

    async def look(self) -> None:
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(EVERY_S)
            late = (time.perf_counter() - began - EVERY_S) * 1_000
            own = (time.thread_time() - used) * 1_000
            self.turns += 1
            self.long += own >= LONG_MS
            self.longest_ms, self.longest_own_ms = max(self.longest_ms, late), max(self.longest_own_ms, own)

    def figures(self) -> dict[str, float]:
        return {
            "longest_stall_ms": round(self.longest_ms, 1),
            "longest_own_stall_ms": round(self.longest_own_ms, 1),
            "stalls_over_100_ms": self.long,
            "cpu_s": round(time.process_time(), 1),
        }


async def watched(watch: Watch) -> int:
    settings = load()
    assert not isinstance(settings, list), settings
    looking = asyncio.create_task(watch.look())
    try:
        return await app.serve(settings)
    finally:
        looking.cancel()


def main() -> int:
    watch = Watch()
    status = asyncio.run(watched(watch))
    Path(os.environ["WATCH_FILE"]).write_text(json.dumps(watch.figures()), encoding="ascii")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
