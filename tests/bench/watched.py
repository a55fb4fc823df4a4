"""`outcry run` with the lateness of its event loop measured: how long the loop was ever kept from its tasks.

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
from tests.bench.loop_latency import LoopLatency

EVERY_S = 0.005


async def serve(latency: LoopLatency) -> int:
    settings = load()
    assert not isinstance(settings, list), settings
    async with latency.measured(EVERY_S):
        return await app.serve(settings)


def main() -> int:
    latency = LoopLatency()
    status = asyncio.run(serve(latency))
    figures = {
        "longest_stall_ms": round(latency.longest_ms, 1),
        "longest_own_stall_ms": round(latency.longest_own_ms, 1),
        "stalls_over_100_ms": latency.long,
        "cpu_s": round(time.process_time(), 1),
    }
    Path(os.environ["WATCH_FILE"]).write_text(json.dumps(figures), encoding="ascii")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
