"""What became of orders in a tick: those it ran, and those that rested and were met by others. Pure.

An order's money adds up over its life: its own turn, each later fill out of the book, rebates. What is left of it is
what the book says, and an order that is not there any more was filled unless something gave it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.events import Cancelled, Event, Fill, OrderDone, PaidBack, Rebate, Released
from engine.resting_book import Book, PoolKey, changes
from engine.risk import InvariantBroken
from engine.state import Side
from storage.records import RELEASED, OrderStatus, intent_number
from storage.tick_rows import Row, TickOutcome


@dataclass(slots=True)
class _Change:
    """One order in this tick. `given_back`: what a cancel or a round returned of it, and why."""

    user: int
    buy: bool
    done: OrderDone | None = None
    amount: int = 0
    fee: int = 0
    gas: int = 0
    rebate: int = 0
    given_back: Cancelled | Released | None = None
    touched: bool = False  # filled, cancelled or released while it rested


def order_rows(outcome: TickOutcome) -> tuple[list[Row], list[Row]]:
    """(orders the tick ran, orders that had rested before and were touched), as updates; `d_` is added. Raises
    InvariantBroken where an order ran and nothing became of it."""
    order_changes = _changes(outcome)
    ran = {row.number for row in outcome.orders}
    missing = ran - {intent_number(name) for name, change in order_changes.items() if change.done is not None}
    if missing:
        raise InvariantBroken("order_lost", f"orders {sorted(missing)} ran and nothing became of them")
    rows = [(name, change, _row(outcome, name, change)) for name, change in order_changes.items()]
    return (
        [_own_turn(outcome, name, change, row) for name, change, row in rows if change.done is not None],
        [row | {"reason": _returned(change)} for _, change, row in rows if change.done is None],
    )


def touched_resting(outcome: TickOutcome) -> Mapping[int, int]:
    """Orders filled, cancelled or released while they rested, beside or after their own turn: owner by number."""
    return {intent_number(name): change.user for name, change in _changes(outcome).items() if change.touched}


def pool_rows(outcome: TickOutcome) -> tuple[list[Row], list[Row]]:
    """(pools of `lob_pools` that changed, keys of those that are gone)."""
    before, after = outcome.before.resting, outcome.after.resting
    changed, gone = changes(before, after)
    touched = {order.key for order in changed} | {before[name].key for name in gone}
    kept, emptied = list[Row](), list[Row]()
    for key in sorted(touched):
        shares: dict[str, int] = {}
        for order in after.pools.get(key, ()):
            shares[str(order.user)] = shares.get(str(order.user), 0) + order.rest
        place = _place(outcome, key)
        if shares:
            kept.append({**place, "volume": sum(shares.values()), "shares": shares})
        else:
            emptied.append({f"b_{name}": value for name, value in place.items()})
    return kept, emptied


def _place(outcome: TickOutcome, key: PoolKey) -> Row:
    number, side, buy, limit = key
    return {
        "market": outcome.market.id,
        "outcome": number,
        "side": (Side.NO if side else Side.YES).value,
        "is_buy": buy,
        "tick": limit // outcome.params.tick_size,
    }


def _changes(outcome: TickOutcome) -> dict[str, _Change]:
    """Every order the tick ran or touched, by id, in the order it came up."""
    book: Book = outcome.before.resting
    order_changes: dict[str, _Change] = {}
    for event in outcome.events:
        if isinstance(event, OrderDone):
            change = _Change(event.user, event.buy, done=event, amount=event.amount, fee=event.fee, gas=event.gas)
            order_changes[event.order] = change

    def change_of(name: str) -> _Change:
        if name not in order_changes:
            order = book[name]
            order_changes[name] = _Change(order.user, order.buy)
        return order_changes[name]

    for fill in outcome.fills:
        if fill.resting is not None:
            _fill(change_of(fill.resting), fill)
    for event in outcome.events:
        _apply_event(change_of, event)
    return order_changes


def _fill(change: _Change, fill: Fill) -> None:
    """A leg that filled the order out of the book."""
    change.touched = True
    if change.buy:
        change.amount += fill.amount + fill.buy_fee
        change.fee += fill.buy_fee
    else:
        change.amount += fill.amount - fill.kept - fill.sell_fee
        change.fee += fill.sell_fee


def _apply_event(change_of: Callable[[str], _Change], event: Event) -> None:
    if isinstance(event, Rebate | PaidBack):
        change_of(event.order).rebate += event.amount
    elif isinstance(event, Cancelled | Released):
        change = change_of(event.order)
        change.given_back, change.touched = event, True


def _row(outcome: TickOutcome, name: str, change: _Change) -> Row:
    status, remaining = _left(outcome, name, change)
    return {
        "b_market": outcome.market.id,
        "b_number": intent_number(name),
        "status": status.value,
        "remaining": remaining,
        "d_amount": change.amount,
        "d_fee": change.fee,
        "d_gas": change.gas,
        "d_rebate": change.rebate,
    }


def _left(outcome: TickOutcome, name: str, change: _Change) -> tuple[OrderStatus, int]:
    """How it stands at the end of the tick, and the tokens not traded."""
    if name in outcome.after.resting:
        return OrderStatus.RESTING, outcome.after.resting[name].rest
    if change.given_back is not None:
        return OrderStatus.CANCELLED, change.given_back.rest
    if change.done is not None and not change.done.rests:
        return OrderStatus(change.done.status), change.done.size - change.done.filled
    return OrderStatus.FILLED, 0


def _own_turn(outcome: TickOutcome, name: str, change: _Change, row: Row) -> Row:
    """And what only its own turn sets. `turn` keeps what later fills add to."""
    done = change.done
    resting = outcome.after.resting
    reason = done.reason.value if done and done.reason else _returned(change)
    turn = {column: row[column] for column in ("status", "remaining")}
    turn |= {column: row[f"d_{column}"] for column in ("amount", "fee", "gas", "rebate")}
    return row | {
        "turn": turn | ({"reason": reason} if reason else {}),
        "reason": reason,
        "detail": dict(done.detail) if done else {},
        "reserve": 0,
        "rest_fee": resting[name].fee if name in resting else None,
    }


def _returned(change: _Change) -> str | None:
    """Where a round or the end gave it back, and not its owner."""
    return RELEASED if isinstance(change.given_back, Released) else None
