"""What became of orders in a tick: those it ran, and those that rested and were met by others. Pure.

An order's money adds up over its life: its own turn, each later fill out of the book, rebates. What is left of it is
what the book says, and an order that is not there any more was filled unless something gave it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.events import Cancelled, Event, Fill, OrderDone, PaidBack, Rebate, Released
from engine.resting_book import Book, PoolKey, changes
from engine.risk import InvariantBroken
from engine.state import Side
from storage.records import RELEASED, OrderStatus, intent_number
from storage.tick_rows import Row, TickOutcome


@dataclass(slots=True)
class OrderChange:
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

    def add(self, later: OrderChange) -> None:
        """What happened to it in a later tick."""
        self.amount += later.amount
        self.fee += later.fee
        self.gas += later.gas
        self.rebate += later.rebate
        self.given_back = later.given_back or self.given_back
        self.touched |= later.touched


def order_rows(outcome: TickOutcome) -> tuple[list[Row], list[Row]]:
    """(orders the tick ran, orders that had rested before and were touched), as updates; `d_` is added. Raises
    InvariantBroken where an order ran and nothing became of it."""
    by_order = _changes(outcome)
    ran = {row.number for row in outcome.orders}
    missing = ran - {intent_number(name) for name, change in by_order.items() if change.done is not None}
    if missing:
        raise InvariantBroken("order_lost", f"orders {sorted(missing)} ran and nothing became of them")
    rows = [(name, change, _row(outcome, name, change)) for name, change in by_order.items()]
    return (
        [_own_turn(outcome, name, change, row) for name, change, row in rows if change.done is not None],
        [row | {"reason": why_returned(change)} for _, change, row in rows if change.done is None],
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


def order_changes(book: Book, fills: Iterable[Fill], events: Sequence[Event]) -> dict[str, OrderChange]:
    """Every order a tick ran or touched, by id, in the order it came up; `book` as the tick began."""
    by_order: dict[str, OrderChange] = {}
    for event in events:
        if isinstance(event, OrderDone):
            change = OrderChange(event.user, event.buy, done=event, amount=event.amount, fee=event.fee, gas=event.gas)
            by_order[event.order] = change

    def change_of(name: str) -> OrderChange:
        if name not in by_order:
            order = book[name]
            by_order[name] = OrderChange(order.user, order.buy)
        return by_order[name]

    for fill in fills:
        if fill.resting is not None:
            _fill(change_of(fill.resting), fill)
    for event in events:
        _apply_event(change_of, event)
    return by_order


def _changes(outcome: TickOutcome) -> dict[str, OrderChange]:
    return order_changes(outcome.began.resting, outcome.fills, outcome.events)


def _fill(change: OrderChange, fill: Fill) -> None:
    """A leg that filled the order out of the book."""
    change.touched = True
    if change.buy:
        change.amount += fill.amount + fill.buy_fee
        change.fee += fill.buy_fee
    else:
        change.amount += fill.amount - fill.kept - fill.sell_fee
        change.fee += fill.sell_fee


def _apply_event(change_of: Callable[[str], OrderChange], event: Event) -> None:
    if isinstance(event, Rebate | PaidBack):
        change_of(event.order).rebate += event.amount
    elif isinstance(event, Cancelled | Released):
        change = change_of(event.order)
        change.given_back, change.touched = event, True


def _row(outcome: TickOutcome, name: str, change: OrderChange) -> Row:
    status, remaining = how_it_stands(outcome.after.resting, name, change)
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


def how_it_stands(book: Book, name: str, change: OrderChange) -> tuple[OrderStatus, int]:
    """How an order stands after what happened to it, and the tokens not traded; `book` as it is then."""
    if name in book:
        return OrderStatus.RESTING, book[name].rest
    if change.given_back is not None:
        return OrderStatus.CANCELLED, change.given_back.rest
    if change.done is not None and not change.done.rests:
        return OrderStatus(change.done.status), change.done.size - change.done.filled
    return OrderStatus.FILLED, 0


def _own_turn(outcome: TickOutcome, name: str, change: OrderChange, row: Row) -> Row:
    """And what only its own turn sets. `turn` keeps what later fills add to."""
    done = change.done
    resting = outcome.after.resting
    reason = done.reason.value if done and done.reason else why_returned(change)
    turn = {column: row[column] for column in ("status", "remaining")}
    turn |= {column: row[f"d_{column}"] for column in ("amount", "fee", "gas", "rebate")}
    return row | {
        "turn": turn | ({"reason": reason} if reason else {}),
        "reason": reason,
        "detail": dict(done.detail) if done else {},
        "reserve": 0,
        "rest_fee": resting[name].fee if name in resting else None,
    }


def why_returned(change: OrderChange) -> str | None:
    """Where a round or the end gave it back, and not its owner."""
    return RELEASED if isinstance(change.given_back, Released) else None
