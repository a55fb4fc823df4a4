"""The process is killed at each named point and at random times; nothing is lost and nothing happens twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.crash import POINTS, run
from tests.storage.databases import database_url

__all__ = ["database_url"]


@pytest.mark.timeout(600)
async def test_a_process_killed_anywhere_loses_nothing_and_repeats_nothing(database_url: str, tmp_path: Path) -> None:
    kills = len(POINTS) + 2 if database_url.startswith("sqlite") else 4
    seen = await run(database_url, tmp_path, kills, seed=1)
    assert seen["filled"] > 0
