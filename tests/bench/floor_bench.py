"""What the trading floor costs and how fast it is: `python -m tests.bench.floor_bench [--against COMMIT]`.

`outcry run` as a child, people at their streams by hand-written HTTP, one page in a real Chromium. Times are the
wall's, so other processes lengthen them; `cpu` is processor time of the process under measurement.

What no code can go below. An event waits for: the commit (on SQLite one fsync; on PostgreSQL one, and a NOTIFY, which
is a round trip), at most 50 ms in which commits that come together are read together (`TOGETHER_S`), the reading of one
market (its row, its members where they moved: milliseconds), one write a stream (about 20 µs of the kernel each, so 500
streams take 10 ms at the least), and a page's next frame, 16.7 ms. A quote is the curve evaluated some twenty times for
the largest sensible size, in Python: a millisecond; beyond that there is only HTTP. A page's first paint is its sixty
files at six a time over loopback and the start of a document in a browser, some 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bot.adapters.room import assets
from tests.bench.floor_watch import Silent, Watch, commits, delays, first_paint, observe, observed, page_of
from tests.paths import ROOT
from tests.simulation.load import checked_out, start
from tests.simulation.load_client import LoadPerson, button
from tests.simulation.load_crowd import Crowd, gathered
from tests.simulation.load_machine import memory_mb, processor
from tests.storage.postgres import Server, find_server

MARKET = "api/v1/markets/1"
PAUSE_S = 0.7  # between two orders while ticks are watched: some in every tick, few, so that the tick is measured
WATCHES = 10  # streams of whom the bytes are counted
SILENT = 20  # browsers that do not read
STALLED_S = 26.0  # by then each of those was let go

Rows = dict[str, str]
Ask = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    """Processes of one state of the code on one database, and the people in their rooms."""

    urls: Sequence[str]
    pids: Sequence[int]
    files: Sequence[Path]  # commits, by process
    crowd: Crowd

    def cpu(self) -> float:
        """Processor seconds of all processes so far."""
        return sum(processor(pid).own for pid in self.pids)

    def ticks(self) -> int:
        return sum(len(commits(file)) for file in self.files)


@asynccontextmanager
async def world(tree: Path, db: str, processes: int, people: int) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory() as name:
        async with AsyncExitStack() as stack:
            url = f"sqlite:///{Path(name) / 'outcry.db'}"
            if db == "postgres":
                programs = find_server()
                assert programs is not None, "there is no PostgreSQL on this machine"
                server = Server(programs)
                stack.callback(server.stop)
                url = await server.create()
            urls, pids, files = list[str](), list[int](), list[Path]()
            for number in range(processes):
                folder = Path(name) / str(number)
                folder.mkdir()
                files.append(folder / "commits")
                child = await start(folder, tree, DATABASE_URL=url, LOAD_COMMITS=str(files[-1]))
                stack.push_async_callback(_stopped, child)
                assert child.stdout is not None
                urls.append((await child.stdout.readline()).decode().removeprefix("room: ").strip())
                pids.append(child.pid)
            crowd = await gathered(urls, people, 1)
            stack.callback(crowd.close)
            yield World(urls, pids, files, crowd)


async def _stopped(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        child.send_signal(signal.SIGTERM)
    await child.wait()


async def latency(db: str, processes: int, seconds: float) -> Rows:
    """From a tick's commit to a stream, and to the page of a browser at a process that does not tick."""
    async with world(ROOT, db, processes, 20) as made:
        watches = [await person.watch(Watch) for person in made.crowd.people]
        ticking = max(range(processes), key=lambda at: len(commits(made.files[at])))
        elsewhere = [at for at in range(len(watches)) if processes == 1 or at % processes != ticking]
        person = made.crowd.people[elsewhere[0]]
        url = made.urls[elsewhere[0] % processes]
        async with page_of(person, url) as page:
            await page.goto(url)
            await page.locator("#board tbody tr, #board [role=row], #board li").first.wait_for()
            await observe(page)
            await _trading(made.crowd, seconds)
            seen = await observed(page)
        committed = sorted(moment for file in made.files for moment in commits(file))
        heard = [delay for at in elsewhere for delay in delays(watches[at].times, committed)]
        for watch in watches:
            if watch.transport is not None:
                watch.transport.abort()
        where = f"{db}, {processes} process{'es' if processes > 1 else ''}"
        return {
            f"tick to stream ({where})": spread(heard),
            f"tick to board in Chromium ({where})": spread(delays(seen, committed)),
        }


async def watched(tree: Path, people: int, seconds: float) -> tuple[Rows, Rows]:
    """Figures of a full house that both states of the code have, and those of the floor alone."""
    async with world(tree, "sqlite", 1, people - WATCHES) as made:
        crowd, pid = made.crowd, made.pids[0]
        await _everybody_holds(crowd)
        watches = [await person.watch(Watch) for person in crowd.people[:WATCHES]]
        await asyncio.sleep(4)
        both = {f"tick with {people} streams": await _ticking(made, crowd, seconds, watches)}
        for person in crowd.people[WATCHES:]:
            person.close()
        await asyncio.sleep(4)
        both["tick with 20 streams"] = await _ticking(made, crowd, seconds, watches)
        both["ticket, typed"] = await _timed(made, [partial(_ticket, person) for person in crowd.people[:100]])
        both[f"memory with {people} accounts"] = f"{memory_mb(pid)} MB"
        both["who does not read"] = await _silent(made)
        rows = Rows() if tree != ROOT else await _floor(made)
        return both, rows


async def _everybody_holds(crowd: Crowd) -> None:
    """Each has bought once, so that each account moves with every price."""
    rng = random.Random(3)
    for at in range(0, len(crowd.people), 8):
        await asyncio.gather(*(_bought(person, rng.randint(1, 5)) for person in crowd.people[at : at + 8]))


async def _trading(crowd: Crowd, seconds: float) -> None:
    """Somebody buys, then somebody else, of those whose stream is open."""
    rng, until = random.Random(4), time.monotonic() + seconds
    while time.monotonic() < until:
        await _bought(rng.choice(crowd.listening), rng.randint(1, 5))
        await asyncio.sleep(PAUSE_S)


async def _bought(person: LoadPerson, outcome: int) -> None:
    ticket = await person.say(f"/buy {outcome} yes $5")
    if button(ticket, "Confirm"):
        await person.confirm(ticket)


async def _ticking(made: World, crowd: Crowd, seconds: float, watches: Sequence[Watch]) -> str:
    """The three orders of a tick, each with its ticket, are in it."""
    before, ticks, bytes_before = made.cpu(), made.ticks(), _bytes(watches)
    await _trading(crowd, seconds)
    used, ticks, sent = made.cpu() - before, made.ticks() - ticks, _bytes(watches)
    each = {
        kind: round((sent[kind] - bytes_before[kind]) / max(1, len(watches)) / max(1, ticks)) for kind in sorted(sent)
    }
    return f"{used / max(1, ticks) * 1_000:.0f} ms cpu a tick ({ticks} ticks); bytes a tick and person: {each}"


def _bytes(watches: Sequence[Watch]) -> Counter[str]:
    total: Counter[str] = Counter()
    for watch in watches:
        total.update(watch.sizes)
    return total


async def _silent(made: World) -> str:
    """Memory that browsers take that do not read, and whether they were let go."""
    before = memory_mb(made.pids[0])
    streams = [await person.watch(Silent) for person in made.crowd.people[20 : 20 + SILENT]]
    await _trading(made.crowd, 10)
    most = memory_mb(made.pids[0])
    await asyncio.sleep(STALLED_S)
    for stream in streams:
        if stream.transport is not None:
            stream.transport.abort()
    return f"{(most - before) / SILENT:.2f} MB each"


async def _timed(made: World, asks: Sequence[Ask]) -> str:
    """One after the other."""
    walls, before = list[float](), made.cpu()
    for ask in asks:
        began = time.perf_counter()
        await ask()
        walls.append(time.perf_counter() - began)
    used = made.cpu() - before
    return f"{spread(walls)}, {used * 1_000 / len(asks):.2f} ms cpu, {len(asks) / max(used, 0.01):.0f} a second a core"


async def _ticket(person: LoadPerson) -> None:
    await person.say("/buy 2 yes $3")


async def _quote(person: LoadPerson, amount: str) -> None:
    body: dict[str, object] = {"outcome": 1, "side": "yes", "action": "buy", "amount": amount}
    status, answer = await person.post(f"{MARKET}/quote", body)
    assert status == 200, answer


async def _got(person: LoadPerson, path: str) -> None:
    status, body = await person.fetch(path)
    assert status == 200, (path, status, body)


async def _floor(made: World) -> Rows:
    people = made.crowd.people
    quotes = [partial(_quote, people[at % len(people)], f"${at % 90 + 5}") for at in range(600)]
    rows = {"quote, first of a person": await _timed(made, quotes[:200]), "quote": await _timed(made, quotes[200:])}
    for name, path in (("market", MARKET), ("account", f"{MARKET}/account"), ("markets", "api/v1/markets")):
        rows[f"GET {name}"] = await _timed(made, [partial(_got, people[at % len(people)], path) for at in range(300)])
    chart = f"{MARKET}/chart?span=all"
    spans = ("5m", "15m", "1h", "6h", "1d", "1w", "30d", "round", "all")
    firsts = [partial(_got, people[0], f"{MARKET}/chart?span={span}") for span in spans]
    rows["GET chart, first of a tick"] = await _timed(made, firsts)
    rows["GET chart, repeated"] = await _timed(
        made, [partial(_got, people[at % len(people)], chart) for at in range(200)]
    )
    host = made.crowd.hosts[0]
    assert (await host.press(await host.say("/admin resolve north"), "Confirm"))["reply"]["ok"]
    await asyncio.sleep(5)
    status, _ = await people[0].fetch(f"{MARKET}/theatre")
    if status == 200:
        ticks = [partial(_got, people[at % len(people)], f"{MARKET}/theatre/{at % 20 + 1}") for at in range(60)]
        rows["GET theatre tick, first"] = await _timed(made, ticks[:20])
        rows["GET theatre tick, repeated"] = await _timed(made, ticks[20:])
    async with page_of(people[0], made.urls[0]) as page:
        paints = await first_paint(page, made.urls[0])
    rows["first paint in Chromium"] = "ms: " + ", ".join(f"{paint:.0f}" for paint in paints)
    return rows


def page_bytes() -> Rows:
    packed = [len(asset.packed) for asset in assets.load().values()]
    return {"page": f"{sum(packed) / 1_000:.1f} kB packed in {len(packed)} files"}


def spread(seconds: Sequence[float]) -> str:
    """Milliseconds."""
    if not seconds:
        return "nothing came"
    ranked = sorted(value * 1_000 for value in seconds)
    return f"median {median(ranked):.1f} ms, p99 {ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)]:.1f} ms"


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


async def bench(parts: Sequence[str], people: int, seconds: float, trees: dict[str, Path]) -> dict[str, Rows]:
    found: dict[str, Rows] = {"now": {}}

    def told(name: str, rows: Rows) -> None:
        found.setdefault(name, {}).update(rows)
        for row, text in rows.items():
            print(f"{name:14}{row:52}{text}   [load {load()}]", flush=True)

    if "page" in parts:
        told("now", page_bytes())
    if "latency" in parts:
        told("now", await latency("sqlite", 1, seconds))
        if find_server() is not None:
            told("now", await latency("postgres", 2, seconds))
    if "watched" in parts:
        for name, tree in trees.items():
            both, rows = await watched(tree, people, seconds)
            told(name, both | rows)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30.0, help="of ticks that are watched")
    parser.add_argument("--parts", default="page,latency,watched")
    parser.add_argument("--against", help="a commit, measured first")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with checked_out(options.against) as trees:
        found = asyncio.run(bench(options.parts.split(","), options.people, options.seconds, trees))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
