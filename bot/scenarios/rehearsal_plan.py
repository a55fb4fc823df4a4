"""When a rehearsed market ticks: as often as people trade, so that weeks are played in some hundred ticks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from engine.terms import MarketParams

BEFORE_MS, AFTER_MS = 60_000, 30_000  # the crowd is busy so long before a freeze and after a decision
MOST_BUSY_TICKS = 40  # a busy minute of a market with very short ticks is played with longer ones
MOST_IN_ALL = 320  # busy ticks: two dozen rounds are played in as many as eight
QUIET_TICKS = 12  # between two busy times


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTick:
    """A tick to play, engine time; `busy` where the crowd is."""

    at_ms: int
    busy: bool


def plan_ticks(params: MarketParams) -> list[PlannedTick]:
    """When the market ticks in its rehearsal, in order: densely where something happens, the last at its end."""
    ends = [round_.decide_at for round_ in params.rounds]
    busy = [(0, BEFORE_MS)]
    for round_ in params.rounds:
        freeze = round_.freeze_at if round_.freeze_at is not None else round_.decide_at
        busy += [(max(0, freeze - BEFORE_MS), freeze), (round_.decide_at, round_.decide_at + AFTER_MS)]
    in_all = sum(end - begin for begin, end in busy) // MOST_IN_ALL
    step = max(params.batch_interval_ms, BEFORE_MS // MOST_BUSY_TICKS, in_all)
    busy_at = {at: True for begin, end in busy for at in range(begin + step, end + 1, step)}
    marks = sorted({0, *busy_at, *ends, *(end for _, end in busy)})
    for before, after in pairwise(marks):
        if after - before > 2 * step:
            for number in range(1, QUIET_TICKS + 1):
                busy_at.setdefault(before + (after - before) * number // (QUIET_TICKS + 1), False)
    for at in marks[1:]:
        busy_at.setdefault(at, False)
    return [PlannedTick(at_ms=at, busy=busy_at[at]) for at in sorted(busy_at) if at > 0]
