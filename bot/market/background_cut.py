"""Works out what a market cut back to a moment would be, beside the bot's own work: one at a time, the last one kept.

Playing a long market again takes seconds; whoever asks waits a moment, and asks again for what is not ready.
"""

from __future__ import annotations

from functools import partial

from bot.market.background import BackgroundJobs
from engine.branch import Branch
from storage.cutting import work_out
from storage.database import Database
from storage.records import Market

PATIENCE_S = 2.0
LONGEST_S = 600.0  # then it is given up

_Key = tuple[int, int, str]  # market, moment (engine time), head


class BackgroundCuts:
    """`patience_s` is how long an answer waits for a result that may come soon."""

    def __init__(self, db: Database, patience_s: float = PATIENCE_S) -> None:
        self._db = db
        self._found: tuple[_Key, Branch] | None = None
        self._errands = BackgroundJobs[_Key](patience_s, LONGEST_S)

    async def ask(self, market: Market, moment_ms: int) -> tuple[Branch | None, bool]:
        """(what it would be, whether that is still on its way); (None, False) where it failed. `moment_ms` is engine
        time; the result holds while the market's head is the same."""
        key = (market.id, moment_ms, market.head)
        wanted = None if self._known(key) else partial(self._work, key)
        running = await self._errands.ask(key, wanted)
        return self._known(key), running

    async def close(self) -> None:
        """End what is under way."""
        await self._errands.close()

    def _known(self, key: _Key) -> Branch | None:
        return self._found[1] if self._found is not None and self._found[0] == key else None

    async def _work(self, key: _Key) -> None:
        market, moment_ms, _ = key
        branch = await work_out(self._db, market, moment_ms)
        self._found = None if branch is None else (key, branch)
