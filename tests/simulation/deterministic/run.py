"""One seed from its beginning to its verdict: `run_seed`."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.deterministic import rules
from tests.simulation.deterministic.digest import digest_of
from tests.simulation.deterministic.loop import StuckError
from tests.simulation.deterministic.process import Process, SimulatedClock
from tests.simulation.deterministic.world import World, surrounded

MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`broken` is the first rule that does not hold, "" where all do."""

    seed: int
    digest: str
    broken: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)

    def line(self) -> str:
        figures = " ".join(f"{name}={self.counts.get(name, 0)}" for name in ("ticks", "orders", "crashes", "failovers"))
        verdict = "BROKEN" if self.broken else "ok"
        return f"seed {self.seed} {verdict} digest={self.digest[:16]} {figures}"


def run_seed(seed: int) -> Verdict:
    """The same for the same seed, wherever and whenever it runs."""
    place = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="outcry-sim-", dir=place) as folder:
        world = World(seed, Path(folder))
        with surrounded(world):
            try:
                return _run(world)
            finally:
                world.loop.bury([*world.processes])
                world.loop.close()


def _run(world: World) -> Verdict:
    broken = ""
    try:
        world.loop.run_until_complete(world.play())
    except StuckError:
        broken = "the world goes on: nothing was ready, and nothing would have been"
    except (AssertionError, Exception) as error:
        broken = f"nobody waits for ever: {type(error).__name__}: {error}"
    world.end()
    inspector = Process(world, "inspector", SimulatedClock(world, 0, 0))
    world.processes.append(inspector)
    broken = broken or world.loop.run_until_complete(inspector.begin(rules.first_broken(world, inspector)))
    return Verdict(
        seed=world.seed, digest=digest_of(world), broken=broken, counts=dict(world.counts), journal=world.journal
    )
