"""Works out what a market cut back to a moment would be, beside the bot's own work: one at a time, the last one kept.

Playing a long market again takes seconds; whoever asks waits a moment, and is told when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from bot.market.background import Asker, BackgroundJobs, Report
from engine.branch import Branch
from storage.cutting import work_out
from storage.database import Database
from storage.records import Market

PATIENCE_S = 2.0
LONGEST_S = 600.0  # then it is given up


class _Key(NamedTuple):
    """A market's number, moment (engine time) and head; `again` is the line that asks once more."""

    market: int
    moment_ms: int
    head: str
    again: str


class BackgroundCuts:
    """`now_ms` gives epoch milliseconds; `patience_s` is how long an answer waits for a result that may come soon."""

    def __init__(self, db: Database, now_ms: Callable[[], int], patience_s: float = PATIENCE_S) -> None:
        self._db, self._now_ms = db, now_ms
        self._found: tuple[tuple[int, int, str], Branch] | None = None
        self._jobs = BackgroundJobs[_Key](patience_s, LONGEST_S, self._tell)

    async def ask(self, market: Market, moment_ms: int, again: str, asker: Asker | None) -> tuple[Branch | None, bool]:
        """(what it would be, whether that is still on its way, and `asker` told when it is ready); (None, False) where
        it failed. `moment_ms` is engine time; the result holds while the market's head is the same."""
        key = _Key(market.id, moment_ms, market.head, again)
        wanted = None if self._known(key) else partial(self._work, key)
        running = await self._jobs.ask(key, wanted, asker)
        return self._known(key), running

    async def close(self) -> None:
        """End what is under way."""
        await self._jobs.close()

    def _known(self, key: _Key) -> Branch | None:
        return self._found[1] if self._found is not None and self._found[0] == key[:3] else None

    async def _work(self, key: _Key, _: Report) -> None:
        branch = await work_out(self._db, key.market, key.moment_ms)
        self._found = None if branch is None else (key[:3], branch)

    async def _tell(self, key: _Key, asker: Asker, share: float | None) -> None:
        if share is None:
            ready = self._known(key) is not None
            await asker.tell(self._db, "cut_ready", {"again": key.again, "ready": ready}, self._now_ms())
