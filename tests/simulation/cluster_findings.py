"""A cluster whose ticks are watched, how it comes to rest, and what is found then."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.cluster_people import Person, Seen, all_told
from tests.simulation.cluster_processes import Cluster, clustered
from tests.simulation.cluster_rows import (
    LATE_MS,
    Rows,
    explained,
    overlapping,
    reading,
    unsound_markets,
)
from tests.simulation.load_rows import spread
from tests.storage.postgres import Server

TOLD_S = 90.0  # after which what nobody was told of counts as lost
LOOK_S = 0.3
_LOGGED = re.compile(r"^\S+ \S+ (ERROR|CRITICAL) +(.{0,100})", re.MULTILINE)


@asynccontextmanager
async def watched(
    server: Server,
    folder: Path,
    processes: int,
    rooms: int,
    *,
    trees: Sequence[Path] = (),
    environment: Mapping[str, str] = {},
) -> AsyncIterator[tuple[Cluster, Rows]]:
    """Every process at work, each from its tree where `trees` are given, and every tick noted from the first on.
    `environment` is added to that of every life."""
    url = await (server.create() if trees else server.create_migrated())
    async with clustered(url, server.port, folder, processes, rooms, environment) as cluster, reading(url) as rows:
        for slot, tree in zip(cluster.slots, trees, strict=False):
            slot.tree = tree
        if trees:  # whose code makes the tables
            await cluster.start(cluster.slots[0])
        await rows.watch()
        await asyncio.gather(*(cluster.start(slot) for slot in cluster.slots if slot.process is None))
        yield cluster, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`failures` must be empty, whatever the machine; `late` are orders that waited longer than they may, with what was
    done to whom meanwhile."""

    failures: list[str]
    late: list[str]
    late_ms: dict[str, float]
    counts: dict[str, int]
    done: dict[str, int]  # to processes
    answers: dict[str, int]
    stop_ms: dict[str, float]
    logged: dict[str, int]


async def came_to_rest(cluster: Cluster, rows: Rows, people: Sequence[Person]) -> None:
    """Everybody has been told, nothing waits, and every process has ended by itself."""
    await all_told(people, TOLD_S)
    await _until_zero(rows.pending)
    await _until_zero(rows.unsent)
    for person in people:
        await person.close()
    for slot in cluster.slots:
        await cluster.stop(slot)


async def _until_zero(count: Callable[[], Awaitable[int]]) -> None:
    """Or until it has taken too long: what is left is found by the checks."""
    for _ in range(int(TOLD_S / LOOK_S)):
        if not await count():
            return
        await asyncio.sleep(LOOK_S)


async def found(cluster: Cluster, rows: Rows, people: Sequence[Person], seen: Seen) -> Findings:
    """What the database, the windows and the logs say of a cluster at rest."""
    ticks, lateness = await rows.ticked(cluster), await rows.lateness()
    waiting, unsent = await rows.pending(), await rows.unsent()
    refused = await rows.refused_and_done(seen.refused)
    return Findings(
        failures=[
            *await rows.broken_promises(seen.promises),
            *await unsound_markets(cluster.url),
            *await rows.wrongly_told(),
            *(
                f"person {person.number} was not shown the end of {sorted(person.untold)}"
                for person in people
                if person.untold
            ),
            *overlapping(ticks),
            *seen.wrong,
            *(f"{waiting} orders wait",) * bool(waiting),
            *(f"{unsent} notices wait",) * bool(unsent),
            *(f"process {life} ended with {status}" for life, status in cluster.exits if status),
        ],
        late=[explained(order, cluster.events) for order in lateness if order.late_ms > LATE_MS],
        late_ms=spread([order.late_ms for order in lateness], 1),
        counts={
            "promises": len(seen.promises),
            "orders": len(lateness),
            "ticks": len(ticks),
            "ticks without a lease": sum(not tick.holder for tick in ticks),
            "epochs": len({(tick.market, tick.epoch) for tick in ticks}),
            "retried": seen.retried,
            "refused and done": len(refused),
            "deadlocks": await rows.deadlocks(),
        },
        done=dict(Counter(event.what for event in cluster.events)),
        answers=dict(seen.answers.most_common()),
        stop_ms=spread(cluster.stop_s),
        logged=dict(Counter(line for slot in cluster.slots for _, line in _LOGGED.findall(slot.log))),
    )
