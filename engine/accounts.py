"""What people do beside trading: they join, leave, and cancel orders of theirs that rest."""

from __future__ import annotations

from dataclasses import replace

from engine.events import (
    Cancelled,
    ControlRefused,
    Joined,
    Left,
    Reason,
)
from engine.intents import Cancel, Join, Leave
from engine.resting_book import RestingOrder
from engine.risk import OVER
from engine.state import Side, Status
from engine.tick import Tick
from engine.working_copy import CASH, ESCROW, NET, TOKENS, TRADES


def run_join(tick: Tick, join: Join) -> None:
    """Opens an account with play money, or adds to it. The pot does not change: cash becomes a stake by trading."""
    state, account = tick.working.state, tick.working.account(join.user)
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
        account = tick.working.new_account(join.user)
    account[CASH] += join.cash
    tick.events.append(Joined(user=join.user, cash=join.cash, first=first))


def run_leave(tick: Tick, leave: Leave) -> None:
    """Closes an account that was never used; its cash is no longer in the market. The pot does not change."""
    reason = _leave_refusal(tick, leave.user)
    if reason:
        tick.events.append(ControlRefused(id=leave.id, reason=reason))
        return
    state = tick.seal()
    accounts = {user: account for user, account in state.accounts.items() if user != leave.user}
    cash = state.accounts[leave.user].cash
    tick.open(replace(state, accounts=accounts), tick.params)
    tick.events.append(Left(user=leave.user, cash=cash))


def _leave_refusal(tick: Tick, user: int) -> Reason | None:
    """Why an account cannot be closed: it was used, if only for gas."""
    status, account = tick.working.state.status, tick.working.account(user)
    if status in OVER:
        return Reason.NOT_RUNNING
    if status is Status.DISPUTED:
        return Reason.DISPUTED
    if tick.working.state.claim is not None:
        return Reason.CLAIMED
    if account is None:
        return Reason.UNKNOWN_USER
    if account[TRADES] or any(account[TOKENS:]):
        return Reason.HAS_TRADED
    if tick.working.book.of(user):
        return Reason.HAS_ORDERS
    return Reason.HAS_PAID if account[NET] else None


def run_cancel(tick: Tick, cancel: Cancel) -> None:
    """Takes back a user's resting order, or all of theirs, whatever the market's status."""
    book = tick.working.book
    order_ids = book.of(cancel.user) if cancel.order is None else [cancel.order]
    positions = [
        position
        for order_id in order_ids
        if (position := book.find(order_id)) and book.order(*position).user == cancel.user
    ]
    if not positions:
        tick.events.append(ControlRefused(id=cancel.id, reason=Reason.NO_SUCH_ORDER))
    for key, index in positions:
        _cancel_order(tick, *book.remove(key, index))


def _cancel_order(tick: Tick, order: RestingOrder, rest: int) -> None:
    """Escrow goes back to cash, tied tokens are free."""
    account = tick.working.account(order.user)
    assert account is not None
    escrow = order.escrow_for(rest)
    account[CASH] += escrow
    account[ESCROW] -= escrow
    if not order.buy:
        account[tick.working.tied + 2 * order.outcome + (order.side is Side.NO)] -= rest
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
