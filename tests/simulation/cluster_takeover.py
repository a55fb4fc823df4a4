"""How long a market waits for another process when its own is killed, frozen, cut off or stopped.

That is from the event to the first tick of an orphaned market by another process, committed. Orders come into every
market all the time, straight into the database, so that each is due for a tick whenever one is possible.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from engine.state import Side
from engine.units import MICRO
from storage.database import Database
from storage.records import OrderDraft
from tests.simulation import load_machine
from tests.simulation.cluster_findings import watched
from tests.simulation.cluster_people import Seen, gathered
from tests.simulation.cluster_processes import Cluster, Life, Slot
from tests.simulation.cluster_rows import Rows
from tests.simulation.load_crowd import TOKEN
from tests.storage.postgres import Server

ROOMS = 4
FEED_S = 0.2  # between two orders in a market
SETTLED_S = 1.5  # for so long each process must have been ticking before the next try
LOST_S = 60.0  # after which nobody takes over any more
IN_A_TICK = "before commit"


@asynccontextmanager
async def fed(url: str) -> AsyncIterator[None]:
    """Orders for every market while the block runs."""
    db = Database.open(url)
    feeding = asyncio.create_task(_feed(db))
    try:
        yield
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await db.close()


async def _feed(db: Database) -> None:
    async with db.reading() as uow:
        people = {market.id: (await uow.members.of(market.id))[0].person for market in await uow.markets.all()}
    for number in count():
        for market, person in people.items():
            draft = OrderDraft(outcome=number % 5, side=Side("yes"), buy=True, size=MICRO // 10)
            async with db.writing() as uow:
                await uow.orders.append(
                    market, person, draft, request_id=f"fed-{market}-{number}", reserve=MICRO,
                    now_ms=int(time.time() * 1_000),
                )  # fmt: skip
                await uow.commit()
        await asyncio.sleep(FEED_S)


class Takeovers:
    """Tries one after the other; before each, every process ticks its part of the markets."""

    def __init__(self, cluster: Cluster, rows: Rows) -> None:
        self._cluster = cluster
        self._rows = rows
        self._tries = 0

    async def measured(
        self, happen: Callable[[Slot], Awaitable[float]], heal: Callable[[Slot], Awaitable[None]]
    ) -> list[float]:
        """Seconds until each market of the process it happened to was ticked by another. `happen` returns when it was
        (epoch seconds)."""
        await self._settled()
        victim = self._cluster.slots[self._tries % len(self._cluster.slots)]
        self._tries += 1
        at = await happen(victim)
        orphaned = await self._markets_of(victim.life, at)
        found = await self._taken_over(victim.life, orphaned, at)
        await heal(victim)
        return found

    async def _settled(self) -> None:
        """Until all lives that are on have ticked something lately, and each market was ticked by one of them alone."""
        for _ in range(int(LOST_S / 0.3)):
            ticks = await self._rows.ticked(self._cluster, time.time() - SETTLED_S)
            by_market = {(tick.market, tick.life) for tick in ticks}
            everybody = {slot.life for slot in self._cluster.slots}
            if {life for _, life in by_market} == everybody and len(by_market) == ROOMS:
                return
            await asyncio.sleep(0.3)
        raise AssertionError("the markets are not shared out")

    async def _markets_of(self, life: Life, at: float) -> set[int]:
        ticks = [tick for tick in await self._rows.ticked(self._cluster, at - SETTLED_S) if tick.at <= at]
        return {market for market, last in {tick.market: tick for tick in ticks}.items() if last.life == life}

    async def _taken_over(self, life: Life, orphaned: Collection[int], at: float) -> list[float]:
        assert orphaned, f"process {life} ticked nothing"
        for _ in range(int(LOST_S / 0.2)):
            first: dict[int, float] = {}
            for tick in await self._rows.ticked(self._cluster, at):
                if tick.market in orphaned and tick.life != life:
                    first.setdefault(tick.market, tick.done)
            if first.keys() == set(orphaned):
                return [done - at for done in first.values()]
            await asyncio.sleep(0.2)
        raise AssertionError(f"nobody took over markets {sorted(orphaned)} of process {life}")

    # What happens, and how it is put right

    async def kill(self, slot: Slot) -> float:
        slot.signal(signal.SIGKILL)
        at = time.time()
        await self._cluster.kill(slot)
        return at

    async def freeze(self, slot: Slot) -> float:
        slot.signal(signal.SIGSTOP)
        return time.time()

    async def freeze_in_a_tick(self, slot: Slot) -> float:
        """It stops itself, with the transaction of a tick open and all of it written."""
        slot.signal(signal.SIGUSR1)
        for _ in range(int(LOST_S / 0.005)):
            if load_machine.is_stopped(slot.pid):
                return time.time()
            await asyncio.sleep(0.005)
        raise AssertionError(f"process {slot.life} does not tick")

    async def cut_off(self, slot: Slot) -> float:
        slot.proxy.flowing.clear()
        return time.time()

    async def stop(self, slot: Slot) -> float:
        slot.signal(signal.SIGTERM)
        return time.time()

    async def wake(self, slot: Slot) -> None:
        slot.signal(signal.SIGCONT)

    async def connect(self, slot: Slot) -> None:
        slot.proxy.flowing.set()

    async def start(self, slot: Slot) -> None:
        if slot.process is not None:
            await slot.process.wait()
        await self._cluster.start(slot)


async def run(
    server: Server, folder: Path, tries: int, processes: int, names: Sequence[str] = ()
) -> dict[str, list[float]]:
    """Seconds by what happened; each is printed when it has been tried so often. `names`: these alone."""
    async with watched(server, folder, processes, ROOMS, environment={"LOAD_STOP_AT": IN_A_TICK}) as (cluster, rows):
        people = await gathered(cluster, ROOMS, 1, Seen(), TOKEN)
        for person in people:
            await person.close()
        takeovers = Takeovers(cluster, rows)
        events = {
            "SIGKILL": (takeovers.kill, takeovers.start),
            "SIGSTOP": (takeovers.freeze, takeovers.wake),
            "SIGSTOP in a tick": (takeovers.freeze_in_a_tick, takeovers.wake),
            "network cut": (takeovers.cut_off, takeovers.connect),
            "SIGTERM": (takeovers.stop, takeovers.start),
        }
        seconds: dict[str, list[float]] = {}
        async with fed(cluster.url):
            for name, (happen, heal) in events.items():
                if names and name not in names:
                    continue
                seconds[name] = []
                for _ in range(tries):
                    seconds[name] += await takeovers.measured(happen, heal)
                print(row(name, seconds[name]), flush=True)
        return seconds


def row(name: str, seconds: Sequence[float]) -> str:
    least, median, most = min(seconds), statistics.median(seconds), max(seconds)
    return f"{name:20}{len(seconds):4} markets  min {least:5.2f}  median {median:5.2f}  max {most:5.2f} s"
