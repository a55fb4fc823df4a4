"""A few kills and a freeze of what `cluster` does for as long as one likes. How long anything took is not judged."""

from __future__ import annotations

from pathlib import Path

from tests.simulation.cluster import Asked, run
from tests.storage.databases import postgres
from tests.storage.postgres import Server

__all__ = ["postgres"]


async def test_two_processes_that_are_killed_and_frozen_lose_nothing_and_do_nothing_twice(
    postgres: Server, tmp_path: Path
) -> None:
    asked = Asked(kills=1, freezes=1, cuts=0, stops=0, rooms=2, people=4, away_s=(3.2, 3.6))
    findings = await run(postgres, tmp_path, asked)
    assert findings.failures == []
    assert findings.counts["promises"] > 0
    assert findings.done == {"kill": 1, "freeze": 1}
