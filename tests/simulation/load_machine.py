"""What a load run asks of the machine: processor time and memory of a process, slower disks, the floor under it all.

`python -m tests.simulation.load_machine URL SECONDS` writes one row at a time, each in a durable transaction of its
own, with the database's driver and nothing else, and prints what that takes as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.paths import ROOT

_PER_S = os.sysconf("SC_CLK_TCK")
_SLOW_FSYNC = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
static void wait_first(void) {
    const char *ms = getenv("LOAD_FSYNC_US");
    long us = ms ? atol(ms) : 0;
    struct timespec span = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&span, 0);
}
int fsync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_first();
    return real(file);
}
int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_first();
    return real(file);
}
"""


@dataclass(frozen=True, slots=True)
class Processor:
    """Processor seconds so far: of a process by itself, and of the processes it started."""

    own: float
    children: float

    def since(self, before: Processor) -> Processor:
        return Processor(self.own - before.own, self.children - before.children)


def processor(process: int) -> Processor:
    """Raises FileNotFoundError for a process that has ended."""
    fields = _stat(process)
    ended = sum(int(fields[at]) for at in (13, 14))
    return Processor(_ticks(fields) / _PER_S, (ended + sum(_tree(child) for child in _children(process))) / _PER_S)


def is_stopped(process: int) -> bool:
    """By SIGSTOP."""
    return _stat(process)[0] == "T"


def _tree(process: int) -> int:
    """Clock ticks of a process and all it started; one that ends meanwhile counts with its parent."""
    try:
        fields = _stat(process)
    except OSError:
        return 0
    return _ticks(fields) + sum(int(fields[at]) for at in (13, 14)) + sum(_tree(child) for child in _children(process))


def _ticks(fields: list[str]) -> int:
    return int(fields[11]) + int(fields[12])


def _stat(process: int) -> list[str]:
    """The fields of proc(5) from the state on: 11 and 12 are its own time, 13 and 14 that of waited-for children."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def _children(process: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    except OSError:
        return []


def memory_mb(process: int) -> float:
    """Resident memory."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def slow_fsync(folder: Path, ms: float) -> dict[str, str]:
    """Environment in which every fsync and fdatasync of a process takes so much longer. Raises RuntimeError where
    nothing here can compile the few lines that do it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        raise RuntimeError("FSYNC_MS needs Linux and a C compiler (cc): there is none, so nothing was slowed down")
    source, library = folder / "slow_fsync.c", folder / "slow_fsync.so"
    source.write_text(_SLOW_FSYNC, encoding="ascii")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    return {"LD_PRELOAD": str(library), "LOAD_FSYNC_US": str(int(ms * 1_000))}


@contextmanager
def sampled(file: Path | None, process: int, seconds: float) -> Iterator[None]:
    """Its stacks into a file while the block runs, at most so long: see `load_layers`. Raises RuntimeError without
    py-spy, which is no part of what Outcry needs."""
    if file is None:
        yield
        return
    program = shutil.which("py-spy")
    if program is None:
        raise RuntimeError("PROFILE needs py-spy: pip install py-spy, or put it on PATH")
    words = [
        program,
        "record",
        "--pid",
        str(process),
        "--duration",
        str(max(1, int(seconds))),
        "--rate",
        "200",
        "--gil",
    ]
    sampler = subprocess.Popen(
        [*words, "--format", "raw", "--output", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
        sampler.wait(timeout=30)
    finally:
        if sampler.returncode is None:
            sampler.kill()
            sampler.wait()


def floor(url: str, seconds: float, environment: dict[str, str]) -> dict[str, float]:
    """What a durable transaction of one row costs in this database, in a process of its own."""
    words = [sys.executable, "-m", "tests.simulation.load_machine", url, str(seconds)]
    done = subprocess.run(words, check=True, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


async def _measured(write: Callable[[int], Awaitable[None]], seconds: float) -> dict[str, float]:
    began, used, times = time.perf_counter(), time.process_time(), list[float]()
    while time.perf_counter() - began < seconds:
        at = time.perf_counter()
        await write(len(times))
        times.append(time.perf_counter() - at)
    wall, cpu, ranked = time.perf_counter() - began, time.process_time() - used, sorted(times)
    return {
        "per_second": round(len(times) / wall, 1),
        "cpu_ms": round(cpu * 1_000 / len(times), 3),
        "p50": round(ranked[len(ranked) // 2] * 1_000, 2),
        "p99": round(ranked[len(ranked) * 99 // 100] * 1_000, 2),
    }


async def _sqlite_floor(path: str, seconds: float) -> dict[str, float]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE load_floor (number INTEGER PRIMARY KEY, text TEXT)")

    async def write(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO load_floor VALUES (?, ?)", (number, "an order"))
        connection.execute("COMMIT")

    try:
        return await _measured(write, seconds)
    finally:
        connection.execute("DROP TABLE load_floor")
        connection.close()


async def _postgres_floor(url: str, seconds: float) -> dict[str, float]:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with engine.connect() as wrapped:
        connection = (await wrapped.get_raw_connection()).driver_connection  # asyncpg's, with nothing around it
        assert connection is not None
        await connection.execute("CREATE TABLE load_floor (number INTEGER PRIMARY KEY, text TEXT)")

        async def write(number: int) -> None:
            async with connection.transaction():
                await connection.execute("INSERT INTO load_floor VALUES ($1, $2)", number, "an order")

        try:
            return await _measured(write, seconds)
        finally:
            await connection.execute("DROP TABLE load_floor")


def main(url: str, seconds: str) -> None:
    path = url.removeprefix("sqlite:///")
    measure = _postgres_floor(url, float(seconds)) if path == url else _sqlite_floor(path, float(seconds))
    print(json.dumps(asyncio.run(measure)))


if __name__ == "__main__":
    main(*sys.argv[1:])
