"""What waiting costs: processor time of `outcry run` with three running markets in which nothing happens (Linux).

`python -m tests.bench.idle_bench [--seconds 60]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bot.market import membership
from engine.state import Status
from scheduler.tick import run_tick
from storage.database import Database
from storage.records import Market, Member
from tests.bench.crowded import params
from tests.simulation.load import start

MARKETS = 3
MEMBERS = 20


async def prepared(folder: Path) -> None:
    """Three markets that have just started, each in a chat of its own."""
    db, now = Database.open(f"sqlite:///{folder / 'outcry.db'}"), int(time.time() * 1_000)
    await db.migrate()
    for number in range(MARKETS):
        async with db.writing() as uow:
            chat = await uow.chats.open("room", "room" if number == 0 else f"room-{number}", "room", "Room", now)
            people = [
                await uow.people.identify("room", f"p{member}", f"Person {member}", now) for member in range(MEMBERS)
            ]
            market = await uow.markets.create(
                chat=chat.id, title="Cup", params=params(), draft={}, creator=people[0].id, now_ms=now
            )
            assert isinstance(await uow.markets.update(market.id, status=Status.LOBBY), Market)
            for person in people:
                joined = await membership.join(uow, market.id, person.id, "", now)
                assert isinstance(joined, Member)
            assert isinstance(await uow.markets.start(market.id, now), Market)
            await uow.commit()
        await run_tick(db, market.id, now)
    await db.close()


def used(process: int) -> float:
    """Processor seconds so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measured(seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await prepared(folder)
        child = await start(folder)
        try:
            await asyncio.sleep(12)  # what was to be told is told
            before = used(child.pid)
            await asyncio.sleep(seconds)
            return {"cpu_s_per_minute": round((used(child.pid) - before) * 60 / seconds, 2)}
        finally:
            child.send_signal(signal.SIGTERM)
            await child.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found = asyncio.run(measured(options.seconds))
    print(f"processor seconds a minute: {found['cpu_s_per_minute']}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
