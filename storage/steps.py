"""Which step of a market's timetable comes next; the row of a market carries it, so that a board can count down."""

from __future__ import annotations

from engine.state import MarketState, Status
from engine.terms import MarketParams
from storage.records import NextStep

OVER = (Status.RESOLVED, Status.DISPUTED, Status.CLOSED, Status.VOIDED)


def next_step(params: MarketParams, state: MarketState, start_ms: int) -> NextStep | None:
    """The freeze or decision the timetable holds next, epoch time; None after the last one, and while a round waits
    for its admins (then nothing is due until they speak)."""
    if state.status in OVER:
        return None
    index = state.next_round if state.frozen_for is None else state.frozen_for
    if index >= len(params.rounds) or (state.frozen_for is not None and state.asked):
        return None
    entry = params.rounds[index]
    freezing = state.frozen_for is None
    return NextStep(
        kind="freeze" if freezing else "decide",
        at_ms=start_ms + (entry.freeze_at if freezing else entry.decide_at),
        round=index,
        final=entry.is_final,
    )
