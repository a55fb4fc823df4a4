"""What a command costs in a crowded market, through the dispatcher: `python -m tests.bench.commands_bench`.

Milliseconds, median and worst in a hundred; `cpu` is processor time of this process (of SQLite all of it, of PostgreSQL
without the server's); `statements` are those the database was sent, the begin and end of transactions not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bot.chat.invocation import ChatKind, Invocation
from bot.chat.reply import Reply
from storage.database import Database
from tests.bench.crowded import Counted, counting, crowded, databases, silent
from tests.bot.harness import ChatHarness, button

LINES = ("/board", "/help", "/balance", "/positions", "/orders", "/trades", "/leaderboard", "/settings", "/tape")


class CommandTimes:
    """The times of one command."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.statements: list[int] = []

    def start(self) -> None:
        self._counted.statements.clear()
        self._began, self._used = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self.wall.append((time.perf_counter() - self._began) * 1_000)
        self.cpu.append((time.process_time() - self._used) * 1_000)
        self.statements.append(len(self._counted.statements))

    def figures(self) -> dict[str, float]:
        ranked = sorted(self.wall)
        return {
            "ms": round(median(ranked), 2),
            "p99": round(ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)], 2),
            "cpu": round(median(self.cpu), 2),
            "statements": max(self.statements),
        }


async def send_line(harness: ChatHarness, who: int, line: str, clock: CommandTimes | None = None) -> Reply:
    harness.now += 1_000
    one = Invocation(
        text=line,
        platform="room",
        person_ext=f"p{who}",
        person_name=f"Person {who}",
        chat_ext="room",
        chat_kind=ChatKind.ROOM,
        is_admin=False,
        request_id=f"r{harness.now}",
    )
    if clock is not None:
        clock.start()
    reply = await harness.dispatcher.run(one)
    if clock is not None:
        clock.stop()
    assert reply.ok, (line, reply)
    return reply


async def completed(harness: ChatHarness, who: int, line: str, clock: CommandTimes) -> None:
    harness.now += 1_000
    one = Invocation(
        text=line,
        platform="room",
        person_ext=f"p{who}",
        person_name=f"Person {who}",
        chat_ext="room",
        chat_kind=ChatKind.ROOM,
        is_admin=False,
        request_id="",
    )
    clock.start()
    assert await harness.dispatcher.complete(one)
    clock.stop()


async def measured(db: Database, members: int, orders: int, times: int) -> dict[str, dict[str, float]]:
    harness = await crowded(db, members, orders)
    await silent(harness)
    with counting(db) as counted:
        names = (*LINES, "/buy (ticket)", "Confirm", "completion")
        times_by_name = {name: CommandTimes(counted) for name in names}
        for at in range(times + 2):  # the first two warm up
            who = at * 7 % members
            if at == 2:
                times_by_name = {name: CommandTimes(counted) for name in names}
            for line in LINES:
                await send_line(harness, who, line, times_by_name[line])
            ticket = await send_line(harness, who, f"/buy {at % 8 + 1} yes $5", times_by_name["/buy (ticket)"])
            await send_line(harness, who, button(ticket, "Confirm"), times_by_name["Confirm"])
            await completed(harness, who, "/buy ge", times_by_name["completion"])
    return {name: clock.figures() for name, clock in times_by_name.items()}


def table(found: dict[str, dict[str, float]]) -> str:
    names = ("ms", "p99", "cpu", "statements")
    lines = [f"{'command':16}" + "".join(f"{name:>11}" for name in names)]
    return "\n".join(
        [*lines, *(f"{line:16}" + "".join(f"{row[name]:>11}" for name in names) for line, row in found.items())]
    )


async def bench(
    members: int, orders: int, times: int, only: str | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    with tempfile.TemporaryDirectory() as folder:
        async with databases(Path(folder), only) as dbs:
            return {name: await measured(db, members, orders, times) for name, db in dbs.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--db", choices=("sqlite", "postgres"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found = asyncio.run(bench(options.members, options.orders, options.times, options.db))
    for name, rows in found.items():
        print(f"{name}\n{table(rows)}\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
