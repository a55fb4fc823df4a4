"""A few seconds of what `contention` does for minutes."""

from __future__ import annotations

from tests.simulation.contention import contend
from tests.storage.databases import postgres
from tests.storage.postgres import Server

__all__ = ["postgres"]


async def test_nothing_deadlocks_however_many_write_at_once(postgres: Server) -> None:  # the fixture
    before = len(postgres.log())  # which other tests write to, some of them deadlocks
    outcome = await contend(postgres, 4)
    assert outcome.answers > len(outcome.wrong) == 0
    assert outcome.ticks
    assert outcome.deadlocks == 0
    assert "deadlock" not in postgres.log()[before:]
