"""What is due and what comes next. Pure: rows and a time in, an answer out."""

from __future__ import annotations

from collections.abc import Iterable

from engine.state import Status
from storage.markets import TICKING
from storage.records import Market, NextStep


def step_due(market: Market, now_ms: int) -> bool:
    """Whether a step of its timetable has come. A halted market waits for its admins."""
    step: NextStep | None = market.next_step
    return market.halted is None and step is not None and step.at_ms <= now_ms


def tick_due(market: Market, now_ms: int, interval_ms: int | None = None, waited_ms: int = 0) -> bool:
    """Whether its batch interval (or the given one) has passed since its last tick; a step that has come does not wait
    for it, nor do the first joins. It has passed by the wall's clock, or (where that was set back to before the last
    tick) because that tick has been known for `waited_ms`."""
    if market.status not in TICKING:
        return False
    if step_due(market, now_ms) or market.tick_ms is None or market.tick == 0:
        return True
    interval = interval_ms or market.params.batch_interval_ms
    return market.tick_ms + interval <= now_ms or waited_ms >= interval


def step_times(markets: Iterable[Market]) -> dict[int, int]:
    """When each market wants its next step, epoch milliseconds by market; those that want none are left out."""
    return {
        market.id: market.next_step.at_ms
        for market in markets
        if market.next_step is not None and market.halted is None and market.status is not Status.DRAFT
    }
