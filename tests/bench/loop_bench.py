"""How long the event loop is ever kept from its tasks: `python -m tests.bench.loop_bench`.

SQLite; one process ticks 200 orders a second and tells of them while charts are drawn, 100,000 trades are exported, a
market is verified and people ask for things. Milliseconds by what was going on; `own` counts only processor time of the
loop's thread, which other processes on the machine cannot lengthen.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import io
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.charts.service import Charts
from bot.chat.reply import Picture
from bot.market.background_verify import BackgroundVerifier
from bot.notifications.announcer import Announcer
from storage import export
from storage.database import Database
from tests.bench.commands_bench import send_line
from tests.bench.crowded import MARKET, crowded, placed, silent, ticked
from tests.bench.loop_latency import LoopLatency
from tests.bot.harness import ChatHarness, RecordingPlatform

EVERY_S = 0.002
Figures = dict[str, float]


@asynccontextmanager
async def watched(figures: dict[str, Figures], name: str) -> AsyncIterator[None]:
    latency, began = LoopLatency(), time.perf_counter()
    try:
        async with latency.measured(EVERY_S):
            yield
    finally:
        took_s = round(time.perf_counter() - began, 2)
        figures[name] = {
            "late": round(latency.longest_ms, 1),
            "own": round(latency.longest_own_ms, 1),
            "took_s": took_s,
        }


def many_trades(path: Path, number: int) -> None:
    """Copies of a trade, so that there is much to export."""
    with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(trades)")]
        kept = ", ".join(f'"{name}"' if name != "trade_id" else "1000000 + n" for name in names)
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(
            f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {number})"
            f" INSERT INTO trades ({listed}) SELECT {kept} FROM c, (SELECT * FROM trades WHERE trade_id = 1)"
        )


async def trading(harness: ChatHarness, announcer: Announcer, members: int, until: asyncio.Event) -> None:
    """200 orders a tick, a tick a second, all of it told."""
    rng = random.Random(3)
    while not until.is_set():
        began = time.perf_counter()
        await placed(harness, rng, 200, members, tickets=True)
        await ticked(harness)
        await announcer.step()
        await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - began)))


async def exported(db: Database) -> None:
    async with db.reading() as uow:
        await export.write_trades(uow, await uow.markets.get_one(MARKET), io.StringIO())


async def measured(folder: Path, members: int, history: int, trades: int) -> dict[str, Figures]:
    path, found = folder / "bench.db", dict[str, Figures]()
    db = Database.open(f"sqlite:///{path}")
    await db.migrate()
    charts = Charts(db)
    try:
        harness = await crowded(db, members, history)
        await silent(harness)
        gc.collect()
        gc.freeze()  # as `outcry run` does
        announcer, over = Announcer(db, harness.clock, {"room": RecordingPlatform()}), asyncio.Event()
        auditor = BackgroundVerifier(db, harness.clock.now_ms, apart=True, patience_s=60)

        async def verified() -> None:
            await auditor.ask(MARKET, 1)

        async def asked() -> None:
            for who in range(min(40, members)):
                for line in ("/board", "/leaderboard", "/positions", f"/buy {who % 8 + 1} yes $5"):
                    await send_line(harness, who, line)

        async def drawn() -> None:
            for kind in ("prices", "volume", "leaderboard", "maker"):
                assert await charts.picture(Picture(kind=kind, market=MARKET, tick=await _tick(db), alt=""))

        async def nothing() -> None:
            await asyncio.sleep(5)

        beside = asyncio.create_task(trading(harness, announcer, members, over))
        phases: Sequence[tuple[str, Callable[[], Awaitable[None]]]] = (
            ("warming up", drawn),
            ("ticks and telling alone", nothing),
            ("commands", asked),
            ("charts", drawn),
            ("/verify", verified),
        )
        for name, work in phases:
            async with watched(found, name):
                await work()
        await asyncio.to_thread(many_trades, path, trades)
        async with watched(found, f"export of {trades:,} trades"):
            await exported(db)
        over.set()
        await beside
        await auditor.close()
        del found["warming up"]
    finally:
        await charts.close()
        await db.close()
    return found


async def _tick(db: Database) -> int:
    async with db.reading() as uow:
        return (await uow.markets.get_one(MARKET)).tick


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--history", type=int, default=2_000, help="orders before")
    parser.add_argument("--trades", type=int, default=100_000, help="to export")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measured(Path(name), options.members, options.history, options.trades))
    for work, row in found.items():
        print(f"{work:28}" + "  ".join(f"{key} {value:>7}" for key, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
