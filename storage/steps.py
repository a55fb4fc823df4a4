"""Which step of a market's timetable comes next; the row of a market carries it, so that a board can count down."""

from __future__ import annotations

from engine import schedule
from engine.state import MarketState
from engine.terms import MarketParams
from storage.records import NextStep


def next_step(params: MarketParams, state: MarketState, start_ms: int) -> NextStep | None:
    """The freeze or decision the timetable holds next, or the payout of a claim, epoch time; None after the last one,
    and while a round waits for its admins (then nothing is due until they speak)."""
    step = schedule.next_step(state, params)
    if step is None:
        return None
    return NextStep(
        kind=step.kind,
        at_ms=start_ms + step.at_ms,
        round=step.round,
        final=params.rounds[step.round].is_final,
    )
