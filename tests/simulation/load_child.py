"""The process under load: `outcry run` with as many rooms as there are markets, and its loop's lateness written down.

Started by its path, with any state of the code on PYTHONPATH, so it takes nothing from `tests`. LOAD_ROOMS: how many
rooms; LOAD_LAG: the file for the lateness, in milliseconds: by the wall, and `own`, counted in processor time of the
loop's thread, which other processes on the machine cannot lengthen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

from bot import app
from bot.adapters.room.service import RoomService
from bot.settings import load

EVERY_S = 0.02


class Lateness:
    """How late a task wakes that sleeps again and again."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.own: list[float] = []

    async def measure(self) -> None:
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(EVERY_S)
            self.wall.append((time.perf_counter() - began - EVERY_S) * 1_000)
            self.own.append(max(0.0, time.thread_time() - used - EVERY_S) * 1_000)

    def figures(self) -> dict[str, dict[str, float]]:
        return {name: ranked(values) for name, values in (("wall", self.wall), ("own", self.own)) if values}


def ranked(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}
    places = {name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) for name, share in at.items()}
    return {**places, "max": round(ordered[-1], 2)}


async def serve(lateness: Lateness) -> int:
    settings = load()
    assert not isinstance(settings, list), settings
    task = asyncio.create_task(lateness.measure())
    try:
        return await app.serve(settings)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main() -> int:
    rooms = int(os.environ["LOAD_ROOMS"])
    if rooms > 1:
        titles = {"room": "The room", **{f"room-{number}": f"Room {number}" for number in range(2, rooms + 1)}}
        vars(app)["RoomService"] = partial(RoomService, titles=titles)
    lateness = Lateness()
    code = asyncio.run(serve(lateness))
    Path(os.environ["LOAD_LAG"]).write_text(json.dumps(lateness.figures()), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(main())
