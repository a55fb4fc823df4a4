"""The timetable of a market inside a tick: freezes, decisions and payments whose time has come (ENGINE section 7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from engine import claims
from engine.events import (
    Frozen,
    Resumed,
    RoundAsked,
    RoundSkipped,
)
from engine.resolution import trigger_resolution
from engine.risk import OVER
from engine.state import MarketState, Status
from engine.sweep import sweep
from engine.terms import MarketParams
from engine.tick import Tick


class ScheduleStep(NamedTuple):
    """The next thing the schedule wants: stop trading for a round, decide it, or pay what was claimed; `round` None is
    that of a round by hand outside the schedule."""

    at_ms: int
    round: int | None
    kind: Literal["freeze", "decide", "pay"]


def next_step(state: MarketState, params: MarketParams) -> ScheduleStep | None:
    """What the schedule wants next; None when the market is over or waits for an admin's word."""
    if state.status in OVER or state.asked:
        return None
    if state.claim is not None:
        of_round = len(params.rounds) - 1 if state.claim.winners else state.claim.round
        return ScheduleStep(state.claim.until_ms, of_round, "pay")
    if state.frozen_for is not None:
        return ScheduleStep(params.rounds[state.frozen_for].decide_at, state.frozen_for, "decide")
    if state.next_round < len(params.rounds):
        return ScheduleStep(params.rounds[state.next_round].freeze_at, state.next_round, "freeze")
    return None


class RoundAhead(NamedTuple):
    """A round to come, with how many outcomes it still takes and how many stay in after it."""

    number: int
    takes: int
    stay: int


def rounds_ahead(active: Sequence[int], params: MarketParams, number: int) -> tuple[RoundAhead, ...]:
    """What is left to each round from `number` on, but for the final, where these outcomes are in and nobody goes by
    hand any more: what brings the market to the number of survivors the round was planned to leave, and never so many
    that fewer than two stay. A named round takes those of its losers who are still in."""
    left, ahead = len(active), list[RoundAhead]()
    for place, step in enumerate(params.rounds):
        if place < number or step.is_final:
            continue
        if isinstance(step.losers, tuple):
            wanted = sum(loser in active for loser in step.losers)
        else:
            wanted = left - params.n_outcomes + sum(earlier.count for earlier in params.rounds[: place + 1])
        takes = max(0, min(wanted, left - 2))
        left -= takes
        ahead.append(RoundAhead(place, takes, left))
    return tuple(ahead)


class RoundUsed(NamedTuple):
    """A round to come of which an elimination by hand uses up something: how many it took before, and takes after."""

    number: int
    took: int
    takes: int


def used_up(
    active: Sequence[int], gone: Collection[int], params: MarketParams, number: int, of_round: int | None = None
) -> tuple[RoundUsed, ...]:
    """The rounds from `number` on that take fewer once `gone`, who are among `active`, go by hand, or more or others
    than it was to take in `of_round`, which is over then; see `rounds_ahead`."""
    first = number if of_round is None else of_round + 1
    before = rounds_ahead(active, params, number if of_round is None else of_round)
    before = tuple(ahead for ahead in before if ahead.number >= first)
    after = rounds_ahead([outcome for outcome in active if outcome not in gone], params, first)
    return tuple(
        RoundUsed(was.number, was.takes, left.takes)
        for was, left in zip(before, after, strict=True)
        if left.takes < was.takes
    )


def is_final(state: MarketState, params: MarketParams) -> bool:
    """Whether trading has stopped for the final."""
    return state.frozen_for is not None and params.rounds[state.frozen_for].is_final


def losers_left(state: MarketState, params: MarketParams, number: int) -> int:
    """How many outcomes a round still takes; see `rounds_ahead`. 0 for the final, which takes a winner."""
    ahead = rounds_ahead(state.active, params, number)
    return ahead[0].takes if ahead else 0


def run_step(tick: Tick, step: ScheduleStep) -> None:
    """Applies a scheduled step: freezes, or decides as far as the schedule itself knows, or asks, or pays."""
    if step.kind == "pay" or step.round is None:
        claims.pay(tick, step.at_ms)
    elif step.kind == "decide":
        _decide(tick, step.round, step.at_ms)
    else:
        tick.update(status=Status.FROZEN, frozen_for=step.round, resume_to=tick.working.state.status)
        tick.events.append(Frozen(round=step.round, at_ms=step.at_ms))


def _decide(tick: Tick, number: int, at_ms: int) -> None:
    state, planned = tick.working.state, tick.params.rounds[number]
    if planned.is_final:
        if isinstance(planned.winner, int) and planned.winner in state.active:
            return resolve(tick, (planned.winner,), at_ms)
        return _ask(tick, number, at_ms, 1)
    count = losers_left(state, tick.params, number)
    if not count:
        return skip_round(tick, at_ms)
    if isinstance(planned.losers, tuple):
        named = tuple(loser for loser in planned.losers if loser in state.active)
        return eliminate(tick, named[:count], at_ms)
    return _ask(tick, number, at_ms, count)


def _ask(tick: Tick, number: int, at_ms: int, count: int) -> None:
    tick.update(asked=True)
    final = tick.params.rounds[number].is_final
    tick.events.append(RoundAsked(round=number, at_ms=at_ms, count=count, final=final))


def skip_round(tick: Tick, at_ms: int) -> None:
    """A round that froze and has nobody left to put out is over, and trading goes on as before its freeze."""
    state = tick.working.state
    if state.frozen_for is None:
        raise ValueError("no round is being decided")
    number, status = state.frozen_for, state.resume_to
    tick.update(status=status, resume_to=Status.RUNNING, frozen_for=None, next_round=number + 1)
    tick.events.append(RoundSkipped(round=number, at_ms=at_ms))
    if status is Status.RUNNING:
        tick.events.append(Resumed(round=number, at_ms=at_ms))
    sweep(tick)


def eliminate(tick: Tick, losers: tuple[int, ...], at_ms: int) -> None:
    """A round, scheduled or by hand: carried out, or claimed where the market has a window."""
    if tick.params.round_window:
        claims.claim_losers(tick, losers, at_ms)
    else:
        claims.carry_out(tick, losers, at_ms, tick.working.state.frozen_for)


def resolve(tick: Tick, winners: tuple[int, ...], at_ms: int) -> None:
    """The final, or the claim that it is decided where the market has a window; several winners share."""
    number = tick.working.state.frozen_for
    final = number if number is not None and tick.params.rounds[number].is_final else None
    if tick.params.dispute_window:
        return claims.claim(tick, winners, at_ms, final)
    payouts, state, events = trigger_resolution(tick.seal(), tick.params, True, winners, at_ms=at_ms, of_round=final)
    tick.open(state, tick.params)
    tick.events += [*events, *payouts]
    return None
