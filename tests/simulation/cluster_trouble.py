"""What is done to the processes of a cluster, drawn by a seed: at any moment one at least serves and is left alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

from tests.simulation.cluster_processes import Cluster, Slot

KILL, FREEZE, CUT, STOP = "kill", "freeze", "cut", "stop"
AWAY_S = (3.0, 8.0)  # how long one is frozen or cut off: the lease of a market lasts three seconds
DOWN_S = (0.0, 1.5)  # until one is started again
PAUSE_S = (0.2, 1.5)  # between two


async def trouble(
    cluster: Cluster,
    counts: Mapping[str, int],
    seed: int,
    *,
    seconds: float = 0.0,
    away_s: tuple[float, float] = AWAY_S,
) -> None:
    """So many of each, in an order and at moments of the seed, over so many seconds at least. Then all serve again."""
    rng = random.Random(seed)
    plan = [what for what, count in counts.items() for _ in range(count)]
    rng.shuffle(plan)
    under_way: set[asyncio.Task[None]] = set()
    try:
        if not plan:
            await asyncio.sleep(seconds)
        for what in plan:
            while len(cluster.up) < 2:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            slot = rng.choice(cluster.up)
            slot.is_up = False
            under_way.add(asyncio.create_task(_done_to(cluster, slot, what, rng, away_s)))
            await asyncio.sleep(max(rng.uniform(*PAUSE_S), seconds / len(plan)))
        await asyncio.gather(*under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _done_to(cluster: Cluster, slot: Slot, what: str, rng: random.Random, away: tuple[float, float]) -> None:
    away_s, down_s, drops = rng.uniform(*away), rng.uniform(*DOWN_S), rng.random() < 0.5
    with cluster.noted(what, slot):
        match what:
            case "kill" | "stop":
                await (cluster.kill(slot) if what == KILL else cluster.stop(slot))
                await asyncio.sleep(down_s)
                await cluster.start(slot)
            case "freeze":
                await cluster.freeze(slot, away_s)
                await cluster.answers(slot)
            case "cut":
                await cluster.cut_off(slot, away_s, drops=drops)
                await cluster.answers(slot)
            case _:
                raise ValueError(what)
