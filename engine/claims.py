"""The dispute window: a winner is claimed, may be corrected, and is paid when the window has passed.

Nothing is paid while a claim stands, so a correction takes nothing back from anybody. The payout is the same
`trigger_resolution` as without a window.
"""

from __future__ import annotations

from dataclasses import replace

from engine.events import Claimed, Corrected, Payout, Reason
from engine.resolution import prices_of, release_orders, trigger_resolution
from engine.state import Claim, MarketState, Status
from engine.tick import Tick


def claim(tick: Tick, winner: int, at_ms: int, of_round: int | None) -> None:
    """Trading closes for good, the book is emptied, and the payout waits for the window to pass."""
    before = tick.seal()
    state, released = release_orders(before, before.active)
    new_claim = Claim(winner=winner, until_ms=at_ms + tick.params.dispute_window, round=of_round)
    state = replace(
        state,
        status=Status.DISPUTED,
        claim=new_claim,
        frozen_for=None,
        asked=False,
        resume_to=Status.RUNNING,
        next_round=len(tick.params.rounds),
    )
    due, holders = _due(tick, state, winner)
    event = Claimed(
        round=of_round,
        at_ms=at_ms,
        winner=winner,
        until_ms=new_claim.until_ms,
        due=due,
        holders=holders,
        prices_before=prices_of(state, tick.params, state.active),
    )
    tick.open(state, tick.params)
    tick.events += [*released, event]


def correct(tick: Tick, winner: int, at_ms: int) -> Reason | None:
    """Another winner is claimed, and the window begins anew. What is wrong with it otherwise."""
    state = tick.working.state
    if state.claim is None:
        return Reason.NOT_DISPUTED
    if state.claim.winner == winner:
        return Reason.ALREADY
    new_claim = replace(state.claim, winner=winner, until_ms=at_ms + tick.params.dispute_window)
    tick.update(claim=new_claim)
    due, holders = _due(tick, tick.working.state, winner)
    tick.events.append(
        Corrected(
            at_ms=at_ms,
            before=state.claim.winner,
            winner=winner,
            until_ms=new_claim.until_ms,
            due=due,
            holders=holders,
        )
    )
    return None


def pay(tick: Tick, at_ms: int) -> None:
    """The window has passed: the winner is paid, the market is closed."""
    state = tick.seal()
    if state.claim is None:
        raise ValueError("nothing is claimed")
    payouts, after, events = trigger_resolution(
        state, tick.params, True, state.claim.winner, at_ms=at_ms, of_round=state.claim.round
    )
    tick.open(replace(after, status=Status.CLOSED), tick.params)
    tick.events += [*events, *payouts]


def _due(tick: Tick, state: MarketState, winner: int) -> tuple[int, int]:
    """What the payout would be now, and to how many people; the final itself, thrown away."""
    payouts: tuple[Payout, ...] = trigger_resolution(state, tick.params, True, winner)[0]
    return sum(payout.amount for payout in payouts), len({payout.user for payout in payouts})
