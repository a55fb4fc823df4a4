"""What admins do to a running market: freeze, pause, resume, rounds and winners by hand, void, live parameters; and
why they cannot cut it."""

from __future__ import annotations

from engine import claims
from engine.events import (
    ControlRefused,
    Frozen,
    Paused,
    Reason,
    Resumed,
    Retuned,
)
from engine.intents import Control, Retune
from engine.params import retune
from engine.resolution import void_market
from engine.risk import OVER
from engine.schedule import eliminate, losers_left, resolve, skip_round
from engine.state import Status, fingerprint
from engine.sweep import sweep
from engine.tick import Tick

_STANDING_STILL = frozenset({Status.FROZEN, Status.PAUSED, Status.DISPUTED})


def run_control(tick: Tick, control: Control) -> None:
    """Does by hand what an admin asked, or names why not; a refused one changes nothing."""
    at_ms, reason = min(control.accepted_ms, tick.now_ms), None
    status = tick.working.state.status
    if status in OVER:
        reason = Reason.NOT_RUNNING
    elif control.kind == "void":
        state, events = void_market(tick.seal(), at_ms=at_ms)
        tick.open(state, tick.params)
        tick.events += events
    elif control.kind == "cut":
        reason = _cut_refusal(tick, control)
        tick.cut = None if reason else control
    elif control.kind == "correct":
        reason = _correct_by_hand(tick, control)
    elif status is Status.DISPUTED:
        reason = Reason.DISPUTED
    elif tick.working.state.claim is not None:
        reason = Reason.CLAIMED
    elif control.kind == "resolve":
        reason = _resolve_by_hand(tick, control)
    elif control.kind == "eliminate":
        reason = _eliminate_by_hand(tick, control)
    elif tick.working.state.frozen_for is not None:
        reason = _end_of_round(tick, control.kind, at_ms)
    else:
        reason = _change_status(tick, control.kind, status, at_ms)
    if reason:
        tick.events.append(ControlRefused(id=control.id, reason=reason))


def _end_of_round(tick: Tick, kind: str, at_ms: int) -> Reason | None:
    """A round ends with its decision; one that has nobody left to put out by `resume` too."""
    state = tick.working.state
    number = state.frozen_for
    if kind != "resume" or number is None or tick.params.rounds[number].is_final:
        return Reason.ROUND_OPEN
    if losers_left(state, tick.params, number):
        return Reason.ROUND_OPEN
    skip_round(tick, at_ms)
    return None


def _change_status(tick: Tick, kind: str, status: Status, at_ms: int) -> Reason | None:
    """freeze, pause and resume outside a scheduled round."""
    wanted = {"freeze": Status.FROZEN, "pause": Status.PAUSED, "resume": Status.RUNNING}[kind]
    if status is wanted:
        return Reason.NOT_FROZEN if kind == "resume" else Reason.ALREADY
    tick.update(status=wanted)
    if kind == "freeze":
        tick.events.append(Frozen(round=None, at_ms=at_ms))
    else:
        tick.events.append(Paused(at_ms=at_ms) if kind == "pause" else Resumed(round=None, at_ms=at_ms))
    sweep(tick)
    return None


def _cut_refusal(tick: Tick, control: Control) -> Reason | None:
    """Why the market cannot be cut back to that moment now."""
    state, moment_ms = tick.working.state, control.moment_ms
    if state.status not in _STANDING_STILL:
        return Reason.NOT_FROZEN
    if moment_ms is None:
        return Reason.BAD_VALUES
    if moment_ms > min(control.accepted_ms, tick.now_ms):
        return Reason.AHEAD
    if moment_ms < 0 or (state.out and moment_ms <= state.last_decision_ms):
        return Reason.DECIDED
    if tick.branch is None or tick.branch.moment_ms != moment_ms:
        return Reason.STALE
    return None if tick.branch.present == fingerprint(tick.before) else Reason.REPLAY_DIFFERS


def _check_outcomes(tick: Tick, outcomes: tuple[int, ...]) -> Reason | None:
    """What is wrong with the outcomes an admin named."""
    if any(not 0 <= j < tick.params.n_outcomes for j in outcomes):
        return Reason.UNKNOWN_OUTCOME
    if any(j not in tick.working.active for j in outcomes):
        return Reason.OUTCOME_OUT
    return Reason.WRONG_COUNT if not outcomes or len(set(outcomes)) != len(outcomes) else None


def _resolve_by_hand(tick: Tick, control: Control) -> Reason | None:
    reason = _check_outcomes(tick, control.outcomes)
    if reason is None:
        resolve(tick, tuple(sorted(control.outcomes)), min(control.accepted_ms, tick.now_ms))
    return reason


def _correct_by_hand(tick: Tick, control: Control) -> Reason | None:
    """A claimed round takes as many losers as it took at first, by the same rules."""
    standing = tick.working.state.claim
    if standing is None:
        return Reason.NOT_DISPUTED
    check = _check_outcomes if standing.winners else _check_losers
    return check(tick, control.outcomes) or claims.correct(
        tick, control.outcomes, min(control.accepted_ms, tick.now_ms)
    )


def _eliminate_by_hand(tick: Tick, control: Control) -> Reason | None:
    reason = _check_losers(tick, control.outcomes)
    if reason is None:
        eliminate(tick, control.outcomes, min(control.accepted_ms, tick.now_ms))
    return reason


def _check_losers(tick: Tick, named: tuple[int, ...]) -> Reason | None:
    """While a scheduled round is decided exactly its number of losers, else (also where that is none) any number that
    leaves two."""
    state = tick.working.state
    reason, number = _check_outcomes(tick, named), state.frozen_for
    left = 0 if number is None else losers_left(state, tick.params, number)
    if reason is None and number is not None and tick.params.rounds[number].is_final:
        reason = Reason.FINAL_NEEDS_WINNER
    elif reason is None and left and len(named) != left:
        reason = Reason.WRONG_COUNT
    elif reason is None and len(state.active) - len(named) < 2:
        reason = Reason.TOO_FEW_LEFT
    return reason


def run_retune(tick: Tick, intent: Retune) -> None:
    """Changes parameters from here on. The new ones are in the event: the caller passes them to the next tick."""
    status = tick.working.state.status
    if status in OVER or status is Status.DISPUTED:
        reason = Reason.DISPUTED if status is Status.DISPUTED else Reason.NOT_RUNNING
        tick.events.append(ControlRefused(id=intent.id, reason=reason))
        return
    changed = retune(tick.params, tick.working.state, intent.values)
    if isinstance(changed, tuple):
        tick.events.append(ControlRefused(id=intent.id, reason=Reason.BAD_VALUES, problems=changed))
        return
    tick.open(tick.seal(), changed)
    tick.events.append(Retuned(id=intent.id, fields=tuple(sorted(intent.values)), params=changed))
