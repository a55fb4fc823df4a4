"""A market tick of 200 orders from load to commit, and telling of it: `python -m tests.bench.tick_bench`.

Medians in milliseconds by phase, in a market of 1,000 members and 10,000 orders of history; every order was a ticket,
so that every tick leaves about as many notices as orders. `cpu` is processor time of this process; `notices_cpu` is
that of delivering a hundred of them to a platform that takes no time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bot.notifications.announcer import Announcer
from storage.database import Database
from tests.bench.crowded import counting, crowded, databases, placed, silent, ticked
from tests.bot.harness import RecordingPlatform

Figures = dict[str, float]


async def measured(db: Database, members: int, history: int, orders: int, times: int) -> Figures:
    harness, rng = await crowded(db, members, history), random.Random(2)
    await silent(harness)
    found: dict[str, list[float]] = defaultdict(list)
    for at in range(times + 1):  # the first warms up
        await placed(harness, rng, orders, members, tickets=True)
        with counting(harness.db) as counted:
            began, used = time.perf_counter(), time.process_time()
            report = await ticked(harness)
            wall, cpu = time.perf_counter() - began, time.process_time() - used
            statements = len(counted.statements)
        async with db.reading() as uow:
            waiting = await uow.outbox.backlog()
        announcer, used = Announcer(db, harness.clock, {"room": RecordingPlatform()}), time.process_time()
        with counting(harness.db) as counted:
            await announcer.step()
        told, telling = time.process_time() - used, len(counted.statements)
        if at:
            values = {**report.phases, "whole": wall * 1_000, "cpu": cpu * 1_000, "statements": statements}
            values |= {"notices": waiting, "fills": len(report.fills)}
            values |= {"notices_cpu": told * 100_000 / waiting, "notices_statements": telling * 100 / waiting}
            for name, value in values.items():
                found[name].append(value)
    return {name: round(median(values), 1) for name, values in found.items()}


async def bench(members: int, history: int, orders: int, times: int, only: str | None = None) -> dict[str, Figures]:
    with tempfile.TemporaryDirectory() as folder:
        async with databases(Path(folder), only) as dbs:
            return {name: await measured(db, members, history, orders, times) for name, db in dbs.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--history", type=int, default=10_000, help="orders before")
    parser.add_argument("--orders", type=int, default=200, help="in a tick")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--db", choices=("sqlite", "postgres"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    given = (options.members, options.history, options.orders, options.times, options.db)
    found = asyncio.run(bench(*given))
    for name, row in found.items():
        print(f"{name:10}" + "  ".join(f"{key} {value}" for key, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
