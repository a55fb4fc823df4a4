"""Every change of anybody's cash or escrow, added up from what a tick returned: the rule that the ledger rests on."""

from __future__ import annotations

from collections.abc import Iterable

from engine.events import (
    Cancelled,
    Cut,
    Event,
    Fill,
    Gas,
    Joined,
    Left,
    Paid,
    PaidBack,
    Rebate,
    Released,
    Rested,
    Voided,
)

CREDITS = (Paid, Rebate, PaidBack)
"""Events that pay a user `amount` of the house's money."""

RETURNS = (Cancelled, Released)
"""Events that give a user their `escrow` back."""


def cash_changes(fills: Iterable[Fill], events: Iterable[Event]) -> dict[int, int]:
    """Sum of the changes of each user's cash, micro-dollars, from what a tick returned; by id, who moved at all."""
    changes: dict[int, int] = {}
    for fill in fills:
        if fill.buyer is not None:
            changes[fill.buyer] = changes.get(fill.buyer, 0) + fill.released - fill.amount - fill.buy_fee
        if fill.seller is not None:
            changes[fill.seller] = changes.get(fill.seller, 0) + fill.amount - fill.kept - fill.sell_fee
    for event in events:
        if isinstance(event, Joined):
            changes[event.user] = changes.get(event.user, 0) + event.cash
        elif isinstance(event, Left):
            changes[event.user] = changes.get(event.user, 0) - event.cash
        elif isinstance(event, CREDITS):
            changes[event.user] = changes.get(event.user, 0) + event.amount
        elif isinstance(event, Voided):
            for user, amount in event.amounts:
                changes[user] = changes.get(user, 0) + amount
        elif isinstance(event, Cut):
            for user, cash, _ in event.accounts:
                changes[user] = changes.get(user, 0) + cash
        elif isinstance(event, Gas):
            changes[event.user] = changes.get(event.user, 0) - event.amount
        elif isinstance(event, RETURNS):
            changes[event.user] = changes.get(event.user, 0) + event.escrow
        elif isinstance(event, Rested):
            changes[event.user] = changes.get(event.user, 0) - event.escrow
    return {user: change for user, change in sorted(changes.items()) if change}


def escrow_changes(fills: Iterable[Fill], events: Iterable[Event]) -> dict[int, int]:
    """Sum of the changes of each user's escrow, as `cash_changes`: into it when an order rests, out of it when a
    resting buy fills, is cancelled or given back."""
    changes: dict[int, int] = {}
    for fill in fills:
        if fill.released and fill.buyer is not None:
            changes[fill.buyer] = changes.get(fill.buyer, 0) - fill.released
    for event in events:
        if isinstance(event, Rested):
            changes[event.user] = changes.get(event.user, 0) + event.escrow
        elif isinstance(event, Cut):
            for user, _, escrow in event.accounts:
                changes[user] = changes.get(user, 0) + escrow
        elif isinstance(event, RETURNS):
            changes[event.user] = changes.get(event.user, 0) - event.escrow
    return {user: change for user, change in sorted(changes.items()) if change}
