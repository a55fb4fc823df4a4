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
class _Course:
    """One order in this tick. `given_back`: what a cancel or a round returned of it, and why."""

    user: int
    buy: bool
    done: OrderDone | None = None
    amount: int = 0
    fee: int = 0
    gas: int = 0
    rebate: int = 0
    given_back: Cancelled | Released | None = None
    met: bool = False  # something befell it while it rested


def order_rows(outcome: TickOutcome) -> tuple[list[Row], list[Row]]:
    """(orders the tick ran, orders that had rested before and were touched), as updates; `d_` is added. Raises
    InvariantBroken where an order ran and nothing became of it."""
    courses = _courses(outcome)
    ran = {row.number for row in outcome.orders}
    missing = ran - {intent_number(name) for name, course in courses.items() if course.done is not None}
    if missing:
        raise InvariantBroken("order_lost", f"orders {sorted(missing)} ran and nothing became of them")
    rows = [(name, course, _row(outcome, name, course)) for name, course in courses.items()]
    return (
        [row | _answer(outcome, name, course) for name, course, row in rows if course.done is not None],
        [row | {"reason": _returned(course)} for _, course, row in rows if course.done is None],
    )


def met_at_rest(outcome: TickOutcome) -> Mapping[int, int]:
    """Orders something befell while they rested, beside or after their own turn: owner by number."""
    return {intent_number(name): course.user for name, course in _courses(outcome).items() if course.met}


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


def _courses(outcome: TickOutcome) -> dict[str, _Course]:
    """Every order the tick ran or touched, by id, in the order it came up."""
    book: Book = outcome.before.resting
    found: dict[str, _Course] = {}
    for event in outcome.events:
        if isinstance(event, OrderDone):
            course = _Course(event.user, event.buy, done=event, amount=event.amount, fee=event.fee, gas=event.gas)
            found[event.order] = course

    def course_of(name: str) -> _Course:
        if name not in found:
            order = book[name]
            found[name] = _Course(order.user, order.buy)
        return found[name]

    for fill in outcome.fills:
        if fill.resting is not None:
            _fill(course_of(fill.resting), fill)
    for event in outcome.events:
        _befall(course_of, event)
    return found


def _fill(course: _Course, fill: Fill) -> None:
    """A leg that filled the order out of the book."""
    course.met = True
    if course.buy:
        course.amount += fill.amount + fill.buy_fee
        course.fee += fill.buy_fee
    else:
        course.amount += fill.amount - fill.kept - fill.sell_fee
        course.fee += fill.sell_fee


def _befall(course_of: Callable[[str], _Course], event: Event) -> None:
    if isinstance(event, Rebate | PaidBack):
        course_of(event.order).rebate += event.amount
    elif isinstance(event, Cancelled | Released):
        course = course_of(event.order)
        course.given_back, course.met = event, True


def _row(outcome: TickOutcome, name: str, course: _Course) -> Row:
    status, remaining = _left(outcome, name, course)
    return {
        "b_market": outcome.market.id,
        "b_number": intent_number(name),
        "status": status.value,
        "remaining": remaining,
        "d_amount": course.amount,
        "d_fee": course.fee,
        "d_gas": course.gas,
        "d_rebate": course.rebate,
    }


def _left(outcome: TickOutcome, name: str, course: _Course) -> tuple[OrderStatus, int]:
    """How it stands at the end of the tick, and the tokens not traded."""
    if name in outcome.after.resting:
        return OrderStatus.RESTING, outcome.after.resting[name].rest
    if course.given_back is not None:
        return OrderStatus.CANCELLED, course.given_back.rest
    if course.done is not None and not course.done.rests:
        return OrderStatus(course.done.status), course.done.size - course.done.filled
    return OrderStatus.FILLED, 0


def _answer(outcome: TickOutcome, name: str, course: _Course) -> Row:
    """What only its own turn sets."""
    done = course.done
    resting = outcome.after.resting
    return {
        "reason": done.reason.value if done and done.reason else _returned(course),
        "detail": dict(done.detail) if done else {},
        "reserve": 0,
        "rest_fee": resting[name].fee if name in resting else None,
    }


def _returned(course: _Course) -> str | None:
    """Where a round or the end gave it back, and not its owner."""
    return RELEASED if isinstance(course.given_back, Released) else None
