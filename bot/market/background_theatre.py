"""Markets that are over, run again beside the bot's own work: one at a time, the last few kept, bounded by their ticks.

Whoever asks first waits a moment; what rows tell is there at once, the boards when all ticks have been run again.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from bot.market.background import Asker, BackgroundJobs, Report
from bot.market.theatre import Theatre, of_rows
from bot.words.theatre import DIFFERS
from storage.database import Database
from storage.records import Market
from storage.rerun import rerun

PATIENCE_S = 1.0
LONGEST_S = 900.0  # then it is given up
MOST = 8  # markets
MOST_TICKS = 40_000  # of all of them together; one is kept however long it is


class BackgroundTheatres:
    """`patience_s` is how long an answer waits for what may come soon."""

    def __init__(self, db: Database, patience_s: float = PATIENCE_S) -> None:
        self._db = db
        self._kept: OrderedDict[int, Theatre] = OrderedDict()
        self._jobs = BackgroundJobs[int](patience_s, LONGEST_S, _tell_nobody)

    async def ask(self, market: Market) -> Theatre | None:
        """A market that is over; None as long as its rows are not read. `Theatre.ready` says whether there is more to
        come: it does while somebody asks."""
        kept = self._known(market)
        if kept is None or not kept.ready:
            await self._jobs.ask(market.id, partial(self._work, market))
            kept = self._known(market)
        if kept is not None:
            self._kept.move_to_end(market.id)
        return kept

    async def close(self) -> None:
        """End what is under way."""
        await self._jobs.close()

    def _known(self, market: Market) -> Theatre | None:
        kept = self._kept.get(market.id)
        return kept if kept is not None and kept.market.head == market.head else None

    async def _work(self, market: Market, _: Report) -> None:
        theatre = self._known(market) or await of_rows(self._db, market.id)
        self._kept[market.id] = theatre
        self._make_room(market.id)
        if theatre.ready:
            return
        again = await rerun(self._db, market.id, theatre.rows)
        if again is None:
            theatre.why = DIFFERS
        theatre.again = again

    def _make_room(self, newest: int) -> None:
        self._kept.move_to_end(newest)
        while len(self._kept) > 1 and (len(self._kept) > MOST or self._ticks() > MOST_TICKS):
            self._kept.popitem(last=False)

    def _ticks(self) -> int:
        return sum(len(theatre.rows) for theatre in self._kept.values())


async def _tell_nobody(market: int, asker: Asker, share: float | None) -> None:
    """Who asks comes again."""
