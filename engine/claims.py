"""The windows: who won, or who is out of a round, is claimed first, may be corrected, and is paid when it has passed.

Nothing is paid while a claim stands, so a correction takes nothing back from anybody. The payout is the same
`trigger_resolution` as without a window.
"""

from __future__ import annotations

from dataclasses import replace

from engine.events import Claimed, Corrected, Event, Payout, Reason, Resumed
from engine.resolution import prices_of, release_orders, trigger_resolution
from engine.state import Claim, MarketState, Status
from engine.sweep import sweep
from engine.terms import MarketParams
from engine.tick import Tick


def claim(tick: Tick, winners: tuple[int, ...], at_ms: int, of_round: int | None) -> None:
    """Trading closes for good, the book is emptied, and the payout waits for the window to pass."""
    before = tick.seal()
    state, released = release_orders(before, before.active)
    at_ms = _begun(state, at_ms)
    new_claim = Claim(winners=winners, until_ms=at_ms + tick.params.dispute_window, round=of_round)
    state = replace(
        state,
        status=Status.DISPUTED,
        claim=new_claim,
        frozen_for=None,
        asked=False,
        resume_to=Status.RUNNING,
        next_round=len(tick.params.rounds),
    )
    tick.open(state, tick.params)
    tick.events += [*released, _claimed(tick, new_claim, at_ms)]


def claim_losers(tick: Tick, losers: tuple[int, ...], at_ms: int) -> None:
    """Trading stops, or stays stopped, and the round waits for its window to pass; its orders rest until then."""
    state = tick.working.state
    at_ms = _begun(state, at_ms)
    new_claim = Claim(winners=(), until_ms=at_ms + tick.params.round_window, round=state.frozen_for, losers=losers)
    resume_to = state.status if state.frozen_for is None else state.resume_to
    tick.update(status=Status.FROZEN, claim=new_claim, asked=False, resume_to=resume_to)
    tick.events.append(_claimed(tick, new_claim, at_ms))


def _begun(state: MarketState, at_ms: int) -> int:
    """When a claim is made: what the timetable planned for a time before the last decision was paid waits for that, so
    that nobody's window is shorter for it."""
    return max(at_ms, state.last_decision_ms)


def _claimed(tick: Tick, new_claim: Claim, at_ms: int) -> Claimed:
    state = tick.working.state
    due, holders = _due(tick.seal(), tick.params, new_claim)
    return Claimed(
        round=new_claim.round,
        at_ms=at_ms,
        winners=new_claim.winners,
        until_ms=new_claim.until_ms,
        due=due,
        holders=holders,
        prices_before=prices_of(state, tick.params, state.active),
        losers=new_claim.losers,
    )


def correct(tick: Tick, named: tuple[int, ...], at_ms: int) -> Reason | None:
    """Others are claimed to have won, or to be out, and the window begins anew. What is wrong with it otherwise."""
    standing = tick.working.state.claim
    if standing is None:
        return Reason.NOT_DISPUTED
    if set(standing.winners or standing.losers) == set(named):
        return Reason.ALREADY
    winners, losers = (tuple(sorted(named)), ()) if standing.winners else ((), named)
    new_claim = replace(standing, winners=winners, losers=losers, until_ms=at_ms + _window_of(standing, tick.params))
    tick.update(claim=new_claim)
    due, holders = _due(tick.working.state, tick.params, new_claim)
    tick.events.append(
        Corrected(
            at_ms=at_ms,
            before=standing.winners or standing.losers,
            winners=winners,
            until_ms=new_claim.until_ms,
            due=due,
            holders=holders,
            losers=losers,
        )
    )
    return None


def renew(tick: Tick, at_ms: int) -> int | None:
    """The window of the claim that stands begins anew; when it is paid, or None where there is none."""
    standing = tick.working.state.claim
    if standing is None:
        return None
    until_ms = at_ms + _window_of(standing, tick.params)
    tick.update(claim=replace(standing, until_ms=until_ms))
    return until_ms


def _window_of(standing: Claim, params: MarketParams) -> int:
    """How long a claim like this one stands, ms."""
    return params.dispute_window if standing.winners else params.round_window


def pay(tick: Tick, at_ms: int) -> None:
    """The window has passed: who was claimed is paid; the market is closed, or goes on after its round."""
    standing = tick.working.state.claim
    if standing is None:
        raise ValueError("nothing is claimed")
    if not standing.winners:
        return carry_out(tick, standing.losers, at_ms, standing.round)
    payouts, after, events = trigger_resolution(
        tick.seal(), tick.params, True, standing.winners, at_ms=at_ms, of_round=standing.round
    )
    tick.open(replace(after, status=Status.CLOSED), tick.params)
    tick.events += [*events, *payouts]
    return None


def carry_out(tick: Tick, losers: tuple[int, ...], at_ms: int, number: int | None) -> None:
    """A round is decided and paid. A scheduled one is over with it; where trading had stopped for it, it goes on as
    before."""
    claimed = tick.working.state.claim is not None
    payouts, state, events = trigger_resolution(
        tick.seal(), tick.params, elim_outcomes=losers, at_ms=at_ms, of_round=number
    )
    resumed: tuple[Event, ...] = ()
    if claimed or number is not None:
        if state.resume_to is Status.RUNNING:
            resumed = (Resumed(round=number, at_ms=at_ms),)
        state = replace(state, status=state.resume_to, resume_to=Status.RUNNING, claim=None)
    if number is not None:
        state = replace(state, frozen_for=None, asked=False, next_round=number + 1)
    tick.open(state, tick.params)
    tick.events += [*events, *payouts, *resumed]
    sweep(tick)


def _due(state: MarketState, params: MarketParams, standing: Claim) -> tuple[int, int]:
    """What the payout would be now, and to how many people; the decision itself, thrown away."""
    named = standing.winners or standing.losers
    payouts: tuple[Payout, ...] = trigger_resolution(state, params, bool(standing.winners), named)[0]
    return sum(payout.amount for payout in payouts), len({payout.user for payout in payouts})
