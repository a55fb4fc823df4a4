"""Kill a real process at named points and at random times, start it again, and count the money.

`python -m tests.simulation.crash --kills 200 [--db sqlite|postgres] [--seed 1]` runs as many as one likes; the test
suite runs a few. After every kill the ledger balances and every accepted order is there once; at the end every one of
them has been executed exactly once, every market replays to its head, and every fill was told.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scheduler.tick import run_tick
from storage.database import Database
from storage.records import OrderRow, OrderStatus
from storage.verify import Verified, verify
from tests.paths import ROOT
from tests.scheduler.replay import replay
from tests.simulation.crash_child import STEP_MS
from tests.storage.databases import MISSING, server

POINTS = (
    "fenced",
    "loaded",
    "applied",
    "between tables: config saved",
    "between tables: accounts saved",
    "between tables: trades saved",
    "before commit",
    "committed",
    "before send",
    "after send",
    "before the order is committed",
    "after the order is committed",
)


def kill_at(url: str, folder: Path, seed: int, point: str, count: int) -> None:
    """A life that ends by its own hand at a named point."""
    child = _spawn(url, folder, seed, f"{point}:{count}")
    try:
        status = child.wait(timeout=120)
    finally:
        child.kill()
    if status != -signal.SIGKILL:
        raise AssertionError(f"the child never passed {point!r} {count} times, it ended with {status}")


def kill_after(url: str, folder: Path, seed: int, seconds: float) -> None:
    """A life that ends from outside, wherever it happens to be."""
    child = _spawn(url, folder, seed, "")
    time.sleep(seconds)
    child.kill()
    status = child.wait(timeout=120)
    if status != -signal.SIGKILL:
        raise AssertionError(f"the child had ended by itself with {status}")


def _spawn(url: str, folder: Path, seed: int, crash_at: str) -> subprocess.Popen[str]:
    """Returns once the child is at work. Its own group, so that nothing of it outlives it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.simulation.crash_child", url, str(folder), str(seed)],
        cwd=ROOT,
        env={**os.environ, "OUTCRY_CRASH_AT": crash_at},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        if child.stdout.readline().strip() != "alive":
            raise AssertionError(f"the child did not start: {child.wait(timeout=30)}")
    return child


async def check(url: str, folder: Path) -> None:
    """What must hold after every kill."""
    accepted = set(_lines(folder / "accepted"))
    db = Database.open(url)
    async with db.reading() as uow:
        for market in await uow.markets.all():
            audit = await uow.ledger.audit(market.id)
            assert audit.ok, audit.problems
        for request in accepted:
            assert await uow.orders.by_request(request) is not None, f"accepted order {request} is gone"
    await db.close()


async def finish(url: str, folder: Path) -> Counter[str]:
    """Run what is left, deliver what waits, and prove that everything happened exactly once. Returns what was seen."""
    db = Database.open(url)
    async with db.reading() as uow:
        markets = await uow.markets.all()
    told = Counter(tuple(line.split(" ")[1:]) for line in _lines(folder / "sent"))
    seen: Counter[str] = Counter(markets=len(markets))
    for market in markets:
        now = (market.tick_ms or 0) + STEP_MS
        await run_tick(db, market.id, now)
        told += Counter(await _drain(db, now + 10 * STEP_MS))
        await replay(db, market.id)
        (checked,) = await verify(db, market.id)
        assert isinstance(checked, Verified), checked
        seen += await _check_orders(db, market.id, told)
    for request in set(_lines(folder / "accepted")):
        async with db.reading() as uow:
            row = await uow.orders.by_request(request)
        assert row is not None
        assert row.status is not OrderStatus.PENDING
    await db.close()
    seen["repeated messages"] = sum(count - 1 for (_, kind, _), count in told.items() if kind == "order")
    return seen


async def _check_orders(db: Database, market: int, told: Counter[tuple[str, ...]]) -> Counter[str]:
    """Each order of a market ran in one tick, its trades add up to what it says, and its owner heard of it."""
    async with db.reading() as uow:
        audit = await uow.ledger.audit(market)
        assert audit.ok, audit.problems
        rows: list[OrderRow] = []
        for tick in await uow.ticks.series(market):
            rows += await uow.orders.of_tick(market, tick.tick)
        assert len({row.number for row in rows}) == len(rows)
        traded = {row.number: await uow.trades.of_order(market, row.number) for row in rows}
        trades = await uow.trades.all(market)
        assert await uow.orders.pending(market) == []
    for row in rows:
        assert sum(trade.size for trade in traded[row.number]) == row.draft.size - row.remaining, row
        assert told[str(market), "order", str(row.number)] >= 1, f"nobody was told of {row}"
    strays = {trade.order for trade in trades} - traded.keys()
    assert not strays, f"trades of orders that never ran: {strays}"
    return Counter(row.status.value for row in rows) + Counter(f"{trade.kind} fills" for trade in trades)


async def _drain(db: Database, now_ms: int) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    async with db.writing() as uow:
        while rows := await uow.deliveries.claim(["room"], now_ms, STEP_MS, 500):
            for row in rows:
                found.append((str(row.market), row.kind, str(row.payload.get("order", ""))))
                await uow.deliveries.done(row, "m", now_ms)
        await uow.commit()
    return found


def _lines(path: Path) -> list[str]:
    """Whole lines only: the last may have been cut by the kill."""
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


async def run(url: str, folder: Path, kills: int, seed: int) -> Counter[str]:
    """`kills` lives: each named point in turn, a random moment after each round of them, checked after every one."""
    rng = random.Random(seed)
    for number in range(kills):
        turn = number % (len(POINTS) + 2)
        life = seed * 100_000 + number
        if turn < len(POINTS):
            await asyncio.to_thread(kill_at, url, folder, life, POINTS[turn], rng.randrange(1, 9))
        else:
            await asyncio.to_thread(kill_after, url, folder, life, rng.random() * 1.5)
        await check(url, folder)
    return await finish(url, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the process, start it again, count the money.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="outcry-crash-") as name:
        seen = asyncio.run(_main(asked.db, Path(name), asked.kills, asked.seed))
    print(f"{asked.kills} kills survived: " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items())))


async def _main(kind: str, folder: Path, kills: int, seed: int) -> Counter[str]:
    if kind == "sqlite":
        return await run(f"sqlite:///{folder / 'outcry.db'}", folder, kills, seed)
    found = server()
    if found is None:
        raise SystemExit(MISSING)
    return await run(await found.create(), folder, kills, seed)


if __name__ == "__main__":
    main()
