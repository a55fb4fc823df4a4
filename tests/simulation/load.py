"""A real `outcry run` under load: `make load MINUTES=2 PEOPLE=60 JSON=figures.json`.

Members sit in the room as browsers do, each with its stream open; every couple of seconds each asks for a ticket and
confirms it, over HTTP, until the last order has been told. With MIX=80 (or MIX=0,20,80, one after the other, 0 for
the trading as above) commands come at that rate instead, 70 % reads, 20 % tickets, 10 % Confirms, each timed from the
moment it was due. MARKETS=20 spreads the people over so many rooms, DB=postgres takes a PostgreSQL server of this
machine, FSYNC_MS=5 slows every fsync, CHARTS=1 draws so many charts a second meanwhile, PROFILE=stacks.txt samples
the process (with py-spy where there is one), and AGAINST=commit puts the code as it was then under the same load,
turn by turn. Nothing is judged here but promises: an answer for every request, a clean stop, a history that holds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.paths import ROOT
from tests.simulation import load_layers, load_machine, load_rows
from tests.simulation.load_client import LoadPerson
from tests.simulation.load_crowd import TOKEN, Crowd, Figures, gathered, mixed, saturated
from tests.simulation.load_machine import Processor, memory_mb, processor
from tests.simulation.load_rows import spread
from tests.storage.postgres import Server, find_server

CHILD = ROOT / "tests" / "simulation" / "load_child.py"
FLOOR_S = 2.0
PROBE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked for; `rates` in commands a second, 0: as many orders as the people can send."""

    people: int = 60
    seconds: float = 120.0
    seed: int = 1
    markets: int = 1
    db: str = "sqlite"
    processes: int = 1  # several of them on PostgreSQL
    rates: tuple[float, ...] = (0.0,)
    fsync_ms: float = 0.0
    charts: float = 0.0  # a second
    profile: Path | None = None

    @property
    def asked(self) -> dict[str, object]:
        return asdict(self) | {"profile": None if self.profile is None else str(self.profile)}


@dataclass(slots=True)
class _Probe:
    """Looked at from outside while the load runs: `/healthz`, and memory once a minute."""

    health: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def watching(self, url: str, process: int) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch(url, process))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.memory.append(memory_mb(process))

    async def _watch(self, url: str, process: int) -> None:
        visitor, began = LoadPerson(url, "", 0), time.monotonic()
        try:
            while True:
                at = time.monotonic()
                assert await visitor.get("healthz") == 200
                self.health.append(time.monotonic() - at)
                if at - began >= 60 * len(self.memory):
                    self.memory.append(memory_mb(process))
                await asyncio.sleep(PROBE_S)
        finally:
            visitor.close()


async def start(folder: Path, tree: Path = ROOT, *, rooms: int = 1, **more: str) -> asyncio.subprocess.Process:
    """`outcry run` of a state of the code, in a folder of its own, on any free port."""
    ours = ("OUTCRY_", "DATABASE_", "DISCORD_", "TELEGRAM_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    asked = {
        "PYTHONPATH": str(tree),
        "OUTCRY_ROOM_PORT": "0",
        "OUTCRY_ADMIN_TOKEN": TOKEN,
        "OUTCRY_TRUSTED_PROXIES": "127.0.0.1",  # each person comes from an address of their own
        "LOAD_ROOMS": str(rooms),
        "LOAD_LAG": str(folder / "lag.json"),
    }
    with (folder / "log.txt").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(CHILD), cwd=folder, env=clean | asked | more, stdout=asyncio.subprocess.PIPE, stderr=log
        )


@asynccontextmanager
async def database(load: Load, folder: Path, slow: dict[str, str]) -> AsyncIterator[tuple[str, int | None]]:
    """The address of an empty one that keeps what it is told through a power cut, and the process of its server."""
    if load.db == "sqlite":
        yield f"sqlite:///{folder / 'outcry.db'}", None
        return
    programs = find_server()
    assert programs is not None, "DB=postgres needs PostgreSQL on this machine"
    server = Server(programs, durable=True, environment=slow)
    try:
        yield await server.create(), server.pid
    finally:
        server.stop()


async def measured(load: Load, tree: Path) -> dict[str, object]:
    """Start the processes, drive them, stop them, read what they left."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slow = load_machine.slow_fsync(folder, load.fsync_ms) if load.fsync_ms else {}
        async with database(load, folder, slow) as (url, server):
            figures: dict[str, object] = {"floor": load_machine.floor(url, min(FLOOR_S, load.seconds / 10), slow)}
            folders = [folder / str(number) for number in range(load.processes)]
            async with _running(load, folders, tree, DATABASE_URL=url, **slow) as (rooms, processes):
                figures |= await driven(load, rooms, processes, server)
            lag = json.loads((folders[0] / "lag.json").read_text(encoding="ascii"))
            _verify(tree, url)
            logged = [line for each in folders for line in (each / "log.txt").read_text(encoding="utf-8").splitlines()]
            figures |= {"errors_logged": sum(" ERROR " in line for line in logged)}
            return figures | {"lag_ms": lag} | await load_rows.kept(url) | {"verified": True}


@asynccontextmanager
async def _running(
    load: Load, folders: Sequence[Path], tree: Path, **more: str
) -> AsyncIterator[tuple[list[str], list[int]]]:
    """The processes' rooms and numbers; at the end each stops in order."""
    children: list[asyncio.subprocess.Process] = []
    rooms: list[str] = []
    try:
        for folder in folders:
            folder.mkdir()
            child = await start(folder, tree, rooms=load.markets, **more)
            children.append(child)
            assert child.stdout is not None
            rooms.append((await child.stdout.readline()).decode().removeprefix("room: ").strip())
            assert rooms[-1].startswith("http"), rooms
        yield rooms, [child.pid for child in children]
        for child in children:
            child.send_signal(signal.SIGTERM)
            code = await child.wait()
            assert code == 0, f"the process ended with {code}"
    except BaseException:
        for folder in folders:
            if (folder / "log.txt").exists():
                print((folder / "log.txt").read_text(encoding="utf-8")[-4_000:], file=sys.stderr)
        raise
    finally:
        for child in children:
            if child.returncode is None:
                child.kill()
                await child.wait()


def _verify(tree: Path, url: str) -> None:
    """Its history holds, says the code that wrote it; CalledProcessError where it does not."""
    words = [sys.executable, "-m", "bot", "verify", "--db", url]
    silent = subprocess.DEVNULL
    subprocess.run(
        words, check=True, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, stdout=silent, stderr=silent
    )


async def driven(load: Load, rooms: Sequence[str], processes: Sequence[int], server: int | None) -> dict[str, object]:
    """Let the people in and put the load on; figures of each step."""
    began = time.monotonic()
    crowd = await gathered(rooms, load.people, load.markets)
    try:
        found: dict[str, object] = {
            "people": load.people,
            "markets": load.markets,
            "processes": load.processes,
            "gathered_s": round(time.monotonic() - began, 1),
            "streams": dict(sorted(crowd.streams.items())),
        }
        steps = {f"{rate:g} a second" if rate else "trading": rate for rate in load.rates}
        found["steps"] = {
            name: await _step(load, crowd, rooms[0], processes, server, rate) for name, rate in steps.items()
        }
        return found
    finally:
        crowd.close()


async def _step(
    load: Load, crowd: Crowd, url: str, processes: Sequence[int], server: int | None, rate: float
) -> dict[str, object]:
    """One stretch of load, and what it cost the processes, the database's server and the driver."""
    seconds = load.seconds / len(load.rates)
    probe, ours, streamed = _Probe(), time.process_time(), crowd.stream_bytes
    before, before_server = [processor(process) for process in processes], _of_server(server)
    with load_machine.sampled(load.profile, processes[0], seconds):
        async with probe.watching(url, processes[0]), crowd.looking_at_charts(load.charts):
            if rate:
                seen = await mixed(crowd, seconds, rate, load.seed)
            else:
                seen = await saturated(crowd, seconds, load.seed)
            each = [processor(process).since(then) for process, then in zip(processes, before, strict=True)]
            ours, of_server = time.process_time() - ours, _of_server(server) - before_server
    used = Processor(sum(share.own for share in each), sum(share.children for share in each))
    return {
        **_cost(seen, used, ours),
        "each_share": [round(share.own / seen.seconds, 2) for share in each],
        "database_share": round(of_server / seen.seconds, 2),
        "answers": dict(sorted(seen.answers.items())),
        **{f"{kind}_ms": spread(values) for kind, values in seen.latency.items()},
        "all_ms": spread([value for values in seen.latency.values() for value in values]),
        "health_ms": spread(probe.health),
        "charts": dict(sorted(crowd.charts.items())),
        "memory_mb": probe.memory,
        "stream_kb_per_second": round((crowd.stream_bytes - streamed) / 1_000 / seen.seconds, 1),
    }


def _of_server(process: int | None) -> float:
    """Processor seconds of a PostgreSQL server with all it started; none of SQLite, which is in our processes."""
    if process is None:
        return 0.0
    used = processor(process)
    return used.own + used.children


def _cost(seen: Figures, used: Processor, ours: float) -> dict[str, object]:
    """What was got through, and for how much processor time."""
    orders = seen.answers["accepted"]
    return {
        "seconds": round(seen.seconds, 1),
        "orders": orders,
        "untold": seen.untold,
        "orders_per_second": round(orders / seen.seconds, 2),
        "commands_per_second": round(seen.sent / seen.seconds, 2),
        "server_ms_per_order": round(used.own * 1_000 / orders, 2) if orders else None,
        "server_ms_per_command": round(used.own * 1_000 / seen.sent, 2) if seen.sent else None,
        "orders_per_core_second": round(orders / used.own, 1) if used.own else None,
        "server_share": round(used.own / seen.seconds, 2),  # of one core
        "children_share": round(used.children / seen.seconds, 2),
        "driver_share": round(ours / seen.seconds, 2),
    }


async def run(load: Load, trees: dict[str, Path], rounds: int) -> dict[str, list[dict[str, object]]]:
    """Each state of the code in turn, again and again; the first may be profiled."""
    runs: dict[str, list[dict[str, object]]] = {name: [] for name in trees}
    for _ in range(rounds):
        for name, tree in trees.items():
            runs[name].append(await measured(load, tree))
            print(load_rows.table(name, runs[name][-1]), flush=True)
    return runs


@contextlib.contextmanager
def checked_out(commit: str | None) -> Iterator[dict[str, Path]]:
    """The trees to measure by name: this one, and that of a commit."""
    if commit is None:
        yield {"now": ROOT}
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield {commit[:12]: tree, "now": ROOT}
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of load, for each state of the code")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markets", type=int, default=1)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--processes", type=int, default=1, help="on one PostgreSQL, the people spread over them")
    parser.add_argument("--mix", type=_rates, default=(0.0,), help="commands a second: 80 or 0,20,80; 0: trading")
    parser.add_argument("--charts", type=float, default=0.0, help="drawn a second meanwhile")
    parser.add_argument("--fsync-ms", type=float, default=0.0, help="added to every fsync")
    parser.add_argument("--profile", type=Path, help="stacks of the process, by py-spy")
    parser.add_argument("--against", help="a commit, measured in turn")
    parser.add_argument("--rounds", type=int, help="how often each in turn (2 with --against)")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args(argv)
    if given.processes > 1 and given.db != "postgres":
        parser.error("several processes need --db postgres")
    rounds = given.rounds or (2 if given.against else 1)
    load = Load(
        people=given.people,
        seconds=given.minutes * 60 / rounds,
        seed=given.seed,
        markets=given.markets,
        db=given.db,
        processes=given.processes,
        rates=given.mix,
        fsync_ms=given.fsync_ms,
        charts=given.charts,
        profile=given.profile,
    )
    with checked_out(given.against) as trees:
        runs = asyncio.run(run(load, trees, rounds))
    if given.against:
        print(load_rows.compared(runs))
    if given.profile:
        print(load_layers.table(given.profile.read_text(encoding="utf-8")))
    if given.json:
        given.json.write_text(json.dumps({"load": load.asked, "runs": runs}, indent=2) + "\n", encoding="ascii")
    return 0


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(rate) for rate in text.split(",") if rate)


if __name__ == "__main__":
    sys.exit(main())
