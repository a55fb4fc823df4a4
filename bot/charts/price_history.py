"""Every market's prices tick by tick in memory: read once, then only what ticks have added; and those a chart shows.

Ticks are only ever added, so what was read holds. A step line stands still until a price changes: ticks that changed
none are left out without loss, and only beyond `MOST_POINTS` some that did are.
"""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence

from storage.records import Market, TickRow
from storage.unit_of_work import UnitOfWork

MOST_POINTS = 1_500  # more than a canvas has pixels side by side; a whole season has no more to show
MOST_MARKETS = 8  # kept in memory; of 25 outcomes and 10,000 ticks each takes 6 MB


class History:
    """The ticks of one market in columns: number and epoch ms of each; per outcome YES, NO and the money traded so
    far."""

    def __init__(self, outcomes: int) -> None:
        self.ticks: array[int] = array("q")
        self.times: array[int] = array("q")
        self.yes: list[array[int]] = [array("q") for _ in range(outcomes)]
        self.no: list[array[int]] = [array("q") for _ in range(outcomes)]
        self.sums: list[array[int]] = [array("q") for _ in range(outcomes)]
        self.moved: array[int] = array("q")  # rows in which a price changed

    @property
    def last_tick(self) -> int:
        return self.ticks[-1] if self.ticks else -1

    def add(self, rows: Iterable[TickRow]) -> None:
        for row in rows:
            if not self.ticks or self._moves(row):
                self.moved.append(len(self.ticks))
            self.ticks.append(row.tick)
            self.times.append(row.ts_ms)
            for outcome, sums in enumerate(self.sums):
                self.yes[outcome].append(row.yes[outcome])
                self.no[outcome].append(row.no[outcome])
                sums.append((sums[-1] if sums else 0) + row.volume[outcome])

    def _moves(self, row: TickRow) -> bool:
        last = len(self.ticks) - 1
        return any(
            yes[last] != row.yes[outcome] or no[last] != row.no[outcome]
            for outcome, (yes, no) in enumerate(zip(self.yes, self.no, strict=True))
        )

    def rows(self, tick: int, since_ms: int | None) -> range:
        """Those up to a tick, from the last one at or before a moment on: what held then is where a chart begins."""
        first = 0 if since_ms is None else max(0, bisect_right(self.times, since_ms) - 1)
        return range(first, bisect_right(self.ticks, tick))

    def shown(self, rows: range, moments: Sequence[int]) -> list[int]:
        """At most about `MOST_POINTS` of these rows in which a price changed; the first and the last always, and those
        on either side of each of `moments`."""
        moved = self.moved[bisect_left(self.moved, rows.start) : bisect_left(self.moved, rows.stop)]
        return sorted({rows[0], *thinned(moved), *beside(self.times, rows, moments), rows[-1]})

    def thins(self, rows: range) -> bool:
        """Whether some that moved a price are left out of these."""
        return bisect_left(self.moved, rows.stop) - bisect_left(self.moved, rows.start) > MOST_POINTS

    def traded(self, outcome: int, rows: range, shown: Sequence[int]) -> list[int]:
        """Money traded in an outcome up to each row that is shown, since the one before: nothing of it is left out."""
        sums = self.sums[outcome]
        before = [rows.start - 1, *shown[:-1]]
        return [sums[row] - (sums[since] if since >= 0 else 0) for since, row in zip(before, shown, strict=True)]


class PriceHistory:
    """Of the markets that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, History] = OrderedDict()
        self._reading: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, uow: UnitOfWork, market: Market) -> History:
        """All ticks that `uow` sees of it, and perhaps some after: ask for `rows` up to its tick."""
        async with self._reading[market.id]:
            history = self._kept.get(market.id) or History(market.params.n_outcomes)
            if history.last_tick < market.tick:
                history.add(await uow.ticks.series(market.id, after=history.last_tick))
            self._kept[market.id] = history
            self._kept.move_to_end(market.id)
            if len(self._kept) > MOST_MARKETS:
                self._reading.pop(self._kept.popitem(last=False)[0], None)
        return history


def thinned(rows: Sequence[int]) -> list[int]:
    """Evenly, the first and the last always."""
    step = -(-len(rows) // MOST_POINTS) or 1
    return [*rows[::step], *rows[-1:]]


def beside(times: Sequence[int], rows: range, moments: Iterable[int]) -> set[int]:
    """The rows before and after each moment, so that no price seems to move while trading stands still."""
    kept: set[int] = set()
    for moment in moments:
        after = bisect_left(times, moment, rows.start, rows.stop)
        kept |= {max(rows.start, after - 1), min(after, rows.stop - 1)}
    return kept
