"""Candles: how the price of one token moved in spans of equal length, from the prices after each tick. Pure.

The price is the board's, which moves with trades, with rounds and with nothing else. A candle opens at the price that
held when its span began, so that one begins where the one before ended; a span in which no tick ran has none, since
nothing moved in it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from bot.charts.price_history import History
from engine.state import Side

SPANS: Mapping[str, int] = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "1d": 86_400_000}
MOST = 500  # of one answer


class Candle(NamedTuple):
    """Of the `span_ms` that begin at `at_ms`: prices in micro-dollars; `volume`: micro-dollars traded in the outcome,
    YES and NO together, before fees."""

    at_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int


def candles(
    history: History, tick: int, outcome: int, side: Side, span_ms: int, since_ms: int | None, until_ms: int | None
) -> tuple[list[Candle], int | None]:
    """Those that begin before `until_ms` (None: all up to this tick), oldest first: from the one that holds `since_ms`
    on, or the latest `MOST` where that is None. Spans are counted from the epoch. Beside them where to go on, None
    where these are all."""
    times, last = history.times, bisect_right(history.ticks, tick)
    end = last if until_ms is None else bisect_left(times, until_ms, 0, last)
    if since_ms is None:
        row = _latest(history, end, span_ms)
    else:
        row = bisect_left(times, since_ms // span_ms * span_ms, 0, end)
    made: list[Candle] = []
    while row < end and len(made) < MOST:
        at_ms = times[row] // span_ms * span_ms
        stop = bisect_left(times, at_ms + span_ms, row, last)
        made.append(_candle(history, outcome, side, at_ms, row, stop))
        row = stop
    return made, times[row] // span_ms * span_ms if row < end else None


def _latest(history: History, end: int, span_ms: int) -> int:
    """The row at which the latest `MOST` candles before the row `end` begin."""
    row = end
    for _ in range(MOST):
        if row == 0:
            break
        row = bisect_left(history.times, history.times[row - 1] // span_ms * span_ms, 0, row)
    return row


def _candle(history: History, outcome: int, side: Side, at_ms: int, row: int, stop: int) -> Candle:
    prices = (history.yes if side is Side.YES else history.no)[outcome]
    sums = history.sums[outcome]
    within = prices[row:stop]
    opened = prices[row - 1] if row else within[0]
    return Candle(
        at_ms=at_ms,
        open=opened,
        high=max(opened, *within),
        low=min(opened, *within),
        close=within[-1],
        volume=sums[stop - 1] - (sums[row - 1] if row else 0),
    )
