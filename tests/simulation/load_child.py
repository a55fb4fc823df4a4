"""The process under load: `outcry run` with as many rooms as there are markets, and its loop's lateness written down.

Started by its path, with any state of the code on PYTHONPATH, so it takes nothing from `tests`. LOAD_ROOMS: how many
rooms; LOAD_LAG: the file for the lateness, in milliseconds: by the wall, and `own`, counted in processor time of the
loop's thread, which other processes on the machine cannot lengthen. After a SIGUSR1 it stops itself, as by SIGSTOP, at
the next of the points (`Database.crash`) that LOAD_STOP_AT names. LOAD_COMMITS: a file for the moments at which ticks
were committed here, a line each, in seconds of the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from bot import app
from bot.adapters.room.service import RoomService
from bot.settings import load
from storage import database

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


class StopAt:
    """Freezes this process at a named point, once it is asked to; writes down when ticks were committed."""

    def __init__(self, point: str, commits: str) -> None:
        self._point = point
        self._is_asked = False
        self._commits = Path(commits) if commits else None

    def ask(self, *_: object) -> None:
        self._is_asked = True

    def __call__(self, point: str) -> None:
        if self._commits is not None and point == "committed":
            with self._commits.open("a", encoding="ascii") as file:
                print(time.monotonic(), file=file)
        if self._is_asked and point == self._point:
            self._is_asked = False
            os.kill(os.getpid(), signal.SIGSTOP)


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
    stop_at = StopAt(os.environ.get("LOAD_STOP_AT", ""), os.environ.get("LOAD_COMMITS", ""))
    signal.signal(signal.SIGUSR1, stop_at.ask)
    vars(database)["_no_crash"] = stop_at
    lateness = Lateness()
    code = asyncio.run(serve(lateness))
    Path(os.environ["LOAD_LAG"]).write_text(json.dumps(lateness.figures()), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(main())
