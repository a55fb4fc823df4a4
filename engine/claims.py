"""The dispute window: winners are claimed, may be corrected, and are paid when the window has passed.

Nothing is paid while a claim stands, so a correction takes nothing back from anybody. The payout is the same
`trigger_resolution` as without a window.
"""

from __future__ import annotations

from dataclasses import replace

from engine.events import Claimed, Corrected, Payout, Reason
from engine.resolution import prices_of, release_orders, trigger_resolution
from engine.state import Claim, MarketState, Status
from engine.tick import Tick


def claim(tick: Tick, winners: tuple[int, ...], at_ms: int, of_round: int | None) -> None:
    """Trading closes for good, the book is emptied, and the payout waits for the window to pass."""
    before = tick.seal()
    state, released = release_orders(before, before.active)
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
    due, holders = _due(tick, state, winners)
    event = Claimed(
        round=of_round,
        at_ms=at_ms,
        winners=winners,
        until_ms=new_claim.until_ms,
        due=due,
        holders=holders,
        prices_before=prices_of(state, tick.params, state.active),
    )
    tick.open(state, tick.params)
    tick.events += [*released, event]


def correct(tick: Tick, winners: tuple[int, ...], at_ms: int) -> Reason | None:
    """Others are claimed to have won, and the window begins anew. What is wrong with it otherwise."""
    state = tick.working.state
    if state.claim is None:
        return Reason.NOT_DISPUTED
    if state.claim.winners == winners:
        return Reason.ALREADY
    new_claim = replace(state.claim, winners=winners, until_ms=at_ms + tick.params.dispute_window)
    tick.update(claim=new_claim)
    due, holders = _due(tick, tick.working.state, winners)
    tick.events.append(
        Corrected(
            at_ms=at_ms,
            before=state.claim.winners,
            winners=winners,
            until_ms=new_claim.until_ms,
            due=due,
            holders=holders,
        )
    )
    return None


def pay(tick: Tick, at_ms: int) -> None:
    """The window has passed: who won is paid, the market is closed."""
    state = tick.seal()
    if state.claim is None:
        raise ValueError("nothing is claimed")
    payouts, after, events = trigger_resolution(
        state, tick.params, True, state.claim.winners, at_ms=at_ms, of_round=state.claim.round
    )
    tick.open(replace(after, status=Status.CLOSED), tick.params)
    tick.events += [*events, *payouts]


def _due(tick: Tick, state: MarketState, winners: tuple[int, ...]) -> tuple[int, int]:
    """What the payout would be now, and to how many people; the final itself, thrown away."""
    payouts: tuple[Payout, ...] = trigger_resolution(state, tick.params, True, winners)[0]
    return sum(payout.amount for payout in payouts), len({payout.user for payout in payouts})
