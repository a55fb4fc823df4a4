"""The course of a market inside a tick: scheduled rounds, what admins do by hand, joins and live parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from engine import claims
from engine.events import (
    Cancelled,
    ControlRefused,
    Event,
    Frozen,
    Joined,
    Left,
    Paused,
    Reason,
    Resumed,
    Retuned,
    RoundAsked,
    RoundSkipped,
)
from engine.intents import Cancel, Control, Join, Leave, Retune
from engine.params import retune
from engine.resolution import trigger_resolution, void_market
from engine.resting_book import RestingOrder
from engine.risk import OVER
from engine.state import MarketState, Side, Status, price
from engine.sweep import sweep
from engine.terms import MarketParams, Round
from engine.tick import Tick
from engine.working_copy import CASH, ESCROW, NET, TOKENS, TRADES


class ScheduleStep(NamedTuple):
    """The next thing the schedule wants: stop trading for a round, decide it, or pay who was claimed to have won."""

    at_ms: int
    round: int
    kind: Literal["freeze", "decide", "pay"]


def next_step(state: MarketState, params: MarketParams) -> ScheduleStep | None:
    """What the schedule wants next; None when the market is over or waits for an admin's word."""
    if state.status in OVER or state.asked:
        return None
    if state.claim is not None:
        return ScheduleStep(state.claim.until_ms, len(params.rounds) - 1, "pay")
    if state.frozen_for is not None:
        return ScheduleStep(params.rounds[state.frozen_for].decide_at, state.frozen_for, "decide")
    if state.next_round < len(params.rounds):
        return ScheduleStep(params.rounds[state.next_round].freeze_at, state.next_round, "freeze")
    return None


def losers_left(state: MarketState, params: MarketParams, number: int) -> int:
    """How many outcomes a round still takes: what brings the market to the number of survivors it was planned to
    leave, and never so many that fewer than two stay. A named round takes those of its losers who are still in."""
    step, active = params.rounds[number], state.active
    if isinstance(step.losers, tuple):
        wanted = sum(loser in active for loser in step.losers)
    else:
        planned = params.n_outcomes - sum(earlier.count for earlier in params.rounds[: number + 1])
        wanted = len(active) - planned
    return max(0, min(wanted, len(active) - 2))


def run_step(tick: Tick, step: ScheduleStep) -> None:
    """Applies a scheduled step: freezes, or decides as far as the schedule itself knows, or asks, or pays."""
    planned = tick.params.rounds[step.round]
    if step.kind == "pay":
        claims.pay(tick, step.at_ms)
    elif step.kind == "decide":
        _decide(tick, planned, step)
    elif not planned.is_final and not losers_left(tick.desk.state, tick.params, step.round):
        tick.turn(next_round=step.round + 1)
        tick.events.append(RoundSkipped(round=step.round, at_ms=step.at_ms))
    else:
        tick.turn(status=Status.FROZEN, frozen_for=step.round, resume_to=tick.desk.state.status)
        tick.events.append(Frozen(round=step.round, at_ms=step.at_ms))


def _decide(tick: Tick, planned: Round, step: ScheduleStep) -> None:
    state = tick.desk.state
    if planned.is_final:
        if isinstance(planned.winner, int) and planned.winner in state.active:
            return _resolve(tick, planned.winner, step.at_ms)
        return _ask(tick, step, 1, final=True)
    count = losers_left(state, tick.params, step.round)
    if isinstance(planned.losers, tuple):
        named = tuple(loser for loser in planned.losers if loser in state.active)
        return _eliminate(tick, named[:count], step.at_ms)
    if planned.losers == "lowest_price":
        return _eliminate(tick, _lowest(tick, count), step.at_ms)
    return _ask(tick, step, count, final=False)


def _ask(tick: Tick, step: ScheduleStep, count: int, *, final: bool) -> None:
    tick.turn(asked=True)
    tick.events.append(RoundAsked(round=step.round, at_ms=step.at_ms, count=count, final=final))


def _lowest(tick: Tick, count: int) -> tuple[int, ...]:
    """The active outcomes with the lowest YES prices, lowest first, ties to the lower outcome (ENGINE 11.16)."""
    state = tick.seal()
    return tuple(sorted(state.active, key=lambda j: (price(state.binaries[j], Side.YES, tick.params), j))[:count])


def _eliminate(tick: Tick, losers: tuple[int, ...], at_ms: int) -> None:
    """A round, scheduled or by hand. A scheduled one is over with it, and trading goes on as before its freeze."""
    number = tick.desk.state.frozen_for
    payouts, state, events = trigger_resolution(
        tick.seal(), tick.params, elim_outcomes=losers, at_ms=at_ms, of_round=number
    )
    resumed: tuple[Event, ...] = ()
    if number is not None:
        if state.resume_to is Status.RUNNING:
            resumed = (Resumed(round=number, at_ms=at_ms),)
        state = replace(
            state,
            status=state.resume_to,
            resume_to=Status.RUNNING,
            frozen_for=None,
            asked=False,
            next_round=number + 1,
        )
    tick.open(state, tick.params)
    tick.events += [*events, *payouts, *resumed]
    sweep(tick)


def _resolve(tick: Tick, winner: int, at_ms: int) -> None:
    number = tick.desk.state.frozen_for
    final = number if number is not None and tick.params.rounds[number].is_final else None
    if tick.params.dispute_window:
        return claims.claim(tick, winner, at_ms, final)
    payouts, state, events = trigger_resolution(tick.seal(), tick.params, True, winner, at_ms=at_ms, of_round=final)
    tick.open(state, tick.params)
    tick.events += [*events, *payouts]
    return None


def run_control(tick: Tick, control: Control) -> None:
    """Does by hand what an admin asked, or names why not; a refused one changes nothing."""
    at_ms, reason = min(control.accepted_ms, tick.now_ms), None
    status = tick.desk.state.status
    if status in OVER:
        reason = Reason.NOT_RUNNING
    elif control.kind == "void":
        payouts, state, events = void_market(tick.seal(), tick.params, at_ms=at_ms)
        tick.open(state, tick.params)
        tick.events += [*events, *payouts]
    elif control.kind == "correct":
        reason = _by_hand_correction(tick, control)
    elif status is Status.DISPUTED:
        reason = Reason.DISPUTED
    elif control.kind == "resolve":
        reason = _by_hand_winner(tick, control)
    elif control.kind == "eliminate":
        reason = _by_hand_losers(tick, control)
    elif tick.desk.state.frozen_for is not None:
        reason = Reason.ROUND_OPEN
    else:
        reason = _by_hand_course(tick, control.kind, status, at_ms)
    if reason:
        tick.events.append(ControlRefused(id=control.id, reason=reason))


def _by_hand_course(tick: Tick, kind: str, status: Status, at_ms: int) -> Reason | None:
    """freeze, pause and resume outside a scheduled round."""
    wanted = {"freeze": Status.FROZEN, "pause": Status.PAUSED, "resume": Status.RUNNING}[kind]
    if status is wanted:
        return Reason.NOT_FROZEN if kind == "resume" else Reason.ALREADY
    tick.turn(status=wanted)
    if kind == "freeze":
        tick.events.append(Frozen(round=None, at_ms=at_ms))
    else:
        tick.events.append(Paused(at_ms=at_ms) if kind == "pause" else Resumed(round=None, at_ms=at_ms))
    sweep(tick)
    return None


def _unfit(tick: Tick, outcomes: tuple[int, ...]) -> Reason | None:
    """What is wrong with the outcomes an admin named."""
    if any(not 0 <= j < tick.params.n_outcomes for j in outcomes):
        return Reason.UNKNOWN_OUTCOME
    if any(j not in tick.desk.active for j in outcomes):
        return Reason.OUTCOME_OUT
    return Reason.WRONG_COUNT if not outcomes or len(set(outcomes)) != len(outcomes) else None


def _by_hand_winner(tick: Tick, control: Control) -> Reason | None:
    reason = _unfit(tick, control.outcomes) or (Reason.WRONG_COUNT if len(control.outcomes) != 1 else None)
    if reason is None:
        _resolve(tick, control.outcomes[0], min(control.accepted_ms, tick.now_ms))
    return reason


def _by_hand_correction(tick: Tick, control: Control) -> Reason | None:
    if tick.desk.state.claim is None:
        return Reason.NOT_DISPUTED
    reason = _unfit(tick, control.outcomes) or (Reason.WRONG_COUNT if len(control.outcomes) != 1 else None)
    return reason or claims.correct(tick, control.outcomes[0], min(control.accepted_ms, tick.now_ms))


def _by_hand_losers(tick: Tick, control: Control) -> Reason | None:
    """While a scheduled round is decided exactly its number of losers, else any number that leaves two."""
    state, named = tick.desk.state, control.outcomes
    reason, number = _unfit(tick, named), state.frozen_for
    if reason is None and number is not None:
        if tick.params.rounds[number].is_final:
            reason = Reason.FINAL_NEEDS_WINNER
        elif len(named) != losers_left(state, tick.params, number):
            reason = Reason.WRONG_COUNT
    elif reason is None and len(state.active) - len(named) < 2:
        reason = Reason.TOO_FEW_LEFT
    if reason is None:
        _eliminate(tick, named, min(control.accepted_ms, tick.now_ms))
    return reason


def run_join(tick: Tick, join: Join) -> None:
    """Opens an account with play money, or adds to it. The pot does not change: cash becomes a stake by trading."""
    state, account = tick.desk.state, tick.desk.account(join.user)
    reason = None
    if state.status in OVER:
        reason = Reason.NOT_RUNNING
    elif state.status is Status.DISPUTED:
        reason = Reason.DISPUTED
    elif join.cash < 0:
        reason = Reason.BAD_VALUES
    elif account is None and state.frozen_for is not None and tick.params.rounds[state.frozen_for].is_final:
        reason = Reason.TOO_LATE
    if reason:
        tick.events.append(ControlRefused(id=join.id, reason=reason))
        return
    first = account is None
    if account is None:
        account = tick.desk.new_account(join.user)
    account[CASH] += join.cash
    tick.events.append(Joined(user=join.user, cash=join.cash, first=first))


def run_leave(tick: Tick, leave: Leave) -> None:
    """Closes an account that was never used; its cash is no longer in the market. The pot does not change."""
    reason = _stays(tick, leave.user)
    if reason:
        tick.events.append(ControlRefused(id=leave.id, reason=reason))
        return
    state = tick.seal()
    accounts = {user: account for user, account in state.accounts.items() if user != leave.user}
    cash = state.accounts[leave.user].cash
    tick.open(replace(state, accounts=accounts), tick.params)
    tick.events.append(Left(user=leave.user, cash=cash))


def _stays(tick: Tick, user: int) -> Reason | None:
    """Why an account cannot be closed: it was used, if only for gas."""
    status, account = tick.desk.state.status, tick.desk.account(user)
    if status in OVER:
        return Reason.NOT_RUNNING
    if status is Status.DISPUTED:
        return Reason.DISPUTED
    if account is None:
        return Reason.UNKNOWN_USER
    if account[TRADES] or any(account[TOKENS:]):
        return Reason.HAS_TRADED
    if tick.desk.book.of(user):
        return Reason.HAS_ORDERS
    return Reason.HAS_PAID if account[NET] else None


def run_cancel(tick: Tick, cancel: Cancel) -> None:
    """Takes back a user's resting order, or all of hers, whatever the market's status."""
    book = tick.desk.book
    names = book.of(cancel.user) if cancel.order is None else [cancel.order]
    found = [place for name in names if (place := book.find(name)) and book.order(*place).user == cancel.user]
    if not found:
        tick.events.append(ControlRefused(id=cancel.id, reason=Reason.NO_SUCH_ORDER))
    for key, at in found:
        _take_back(tick, *book.remove(key, at))


def _take_back(tick: Tick, order: RestingOrder, rest: int) -> None:
    """Escrow goes back to cash, tied tokens are free."""
    account = tick.desk.account(order.user)
    assert account is not None
    escrow = order.escrow_for(rest)
    account[CASH] += escrow
    account[ESCROW] -= escrow
    if not order.buy:
        account[tick.desk.tied + 2 * order.outcome + (order.side is Side.NO)] -= rest
    tick.events.append(
        Cancelled(
            order=order.id,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            limit=order.limit,
            rest=rest,
            escrow=escrow,
        )
    )


def run_retune(tick: Tick, wish: Retune) -> None:
    """Changes parameters from here on. The new ones are in the event: the caller passes them to the next tick."""
    status = tick.desk.state.status
    if status in OVER or status is Status.DISPUTED:
        reason = Reason.DISPUTED if status is Status.DISPUTED else Reason.NOT_RUNNING
        tick.events.append(ControlRefused(id=wish.id, reason=reason))
        return
    changed = retune(tick.params, tick.desk.state, wish.values)
    if isinstance(changed, tuple):
        tick.events.append(ControlRefused(id=wish.id, reason=Reason.BAD_VALUES, problems=changed))
        return
    tick.open(tick.seal(), changed)
    tick.events.append(Retuned(id=wish.id, fields=tuple(sorted(wish.values)), params=changed))
