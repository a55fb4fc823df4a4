"""A rolling upgrade under load: two processes of an older state of the code become two of this one, and then two of the
older one again, one after the other, while people trade.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from tests.paths import ROOT
from tests.simulation.cluster_findings import Findings, came_to_rest, found, watched
from tests.simulation.cluster_people import Seen, gathered
from tests.simulation.cluster_processes import Cluster, Slot
from tests.simulation.load_crowd import TOKEN
from tests.storage.postgres import Server

ROOMS = 2


@dataclass(slots=True)
class Rolling:
    """`refused`: what the older code said where it could not be started again."""

    cluster: Cluster
    old: Path
    seconds: float
    refused: list[str] = field(default_factory=list)

    async def there_and_back(self) -> None:
        """Old and new run side by side for as long as is asked, each alone for half of that."""
        first, second = self.cluster.slots
        await asyncio.sleep(self.seconds / 2)
        for slot, seconds in ((first, self.seconds), (second, self.seconds / 2)):
            await self._replace(slot, ROOT)
            await asyncio.sleep(seconds)
        for slot, seconds in ((first, self.seconds), (second, self.seconds / 2)):
            if not await self._went_back(slot):
                return
            await asyncio.sleep(seconds)

    async def _replace(self, slot: Slot, tree: Path) -> None:
        with self.cluster.noted("upgrade" if tree == ROOT else "way back", slot):
            await self.cluster.stop(slot)
            slot.tree = tree
            await self.cluster.start(slot)

    async def _went_back(self, slot: Slot) -> bool:
        """Where the older code does not start on these tables, this one goes on."""
        try:
            await self._replace(slot, self.old)
        except AssertionError as error:
            self.refused.append(str(error))
            slot.tree = ROOT
            await self.cluster.start(slot)
            return False
        return True


async def run(
    server: Server, folder: Path, old: Path, people: int, seconds: float, seed: int
) -> tuple[Findings, list[str]]:
    """What is found afterwards, and what the older code said where it would not start again."""
    seen = Seen()
    async with watched(server, folder, 2, ROOMS, trees=[old, old]) as (cluster, rows):
        crowd = await gathered(cluster, people, seed, seen, TOKEN)
        rolling = Rolling(cluster, old, seconds)
        doing = asyncio.create_task(rolling.there_and_back())
        await asyncio.gather(*(person.trade(lambda: not doing.done()) for person in crowd), doing)
        await came_to_rest(cluster, rows, crowd)
        return await found(cluster, rows, crowd, seen), rolling.refused
