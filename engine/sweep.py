"""The sweep: resting orders that the maker's price has passed trade with the maker (ENGINE section 6, ruling 13)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events import Fill
from engine.impact import Priced, take
from engine.open_book import OpenBook
from engine.repricing import hold_band
from engine.resting_book import AGE, BookSide, PoolKey, RestingOrder
from engine.routing import largest_buy, largest_sell, parts_of
from engine.state import Status
from engine.tick import Tick
from engine.units import MICRO, RATE, half_up
from engine.working_copy import WorkingCopy, fill_buy, fill_sell


class Queue:
    """The orders of a book side not yet swept in this tick, best limit first, then oldest; `head` is the next."""

    __slots__ = ("_rest", "head")

    def __init__(self, book: OpenBook, place: BookSide, swept: set[str]) -> None:
        self._rest = _in_line(book, place, swept)
        self.head = next(self._rest, None)

    def pop(self) -> tuple[PoolKey, int]:
        found = self.head
        assert found is not None
        self.head = next(self._rest, None)
        return found


def _in_line(book: OpenBook, place: BookSide, swept: set[str]) -> Iterator[tuple[PoolKey, int]]:
    levels = book.levels[place]
    for limit in levels[::-1] if place[2] else levels[:]:
        key = (*place, limit)
        shelf = book.shelf(key)
        for k, order in enumerate(shelf.orders):
            if shelf.rests[k] and order.id not in swept:
                yield key, k


def sweep(tick: Tick) -> None:
    """Single orders, most favourable limit against the price first, then outcome, YES before NO, age; prices are read
    again after each. Every order at most once a tick, whatever it got; not while trading is closed."""
    desk = tick.desk
    if desk.state.status is not Status.RUNNING:
        return
    queues: dict[BookSide, Queue] = {}
    while (place := _next(tick, queues)) is not None:
        key, k = queues[place].pop()
        shelf = desk.book.shelf(key)
        tick.swept.add(shelf.orders[k].id)
        if _fill(tick, key, k, shelf.orders[k], shelf.rests[k]) and tick.params.band is not None:
            hold_band(desk, tick.params.band)
        desk.commit()


def _next(tick: Tick, queues: dict[BookSide, Queue]) -> BookSide | None:
    """The book side whose head comes next; None when no limit is strictly better than its price."""
    desk, best, most, scale = tick.desk, None, 0, 1
    for j in desk.active:
        deep = desk.l[j]
        for side in (0, 1):
            price = desk.q[side][j] * RATE
            for buy in (True, False):
                place = (j, side, buy)
                levels = desk.book.levels.get(place)
                if not levels or (levels[-1] * deep <= price if buy else levels[0] * deep >= price):
                    continue
                if place not in queues:
                    queues[place] = Queue(desk.book, place, tick.swept)
                head = queues[place].head
                if head is None:
                    continue
                gap = head[0][3] * deep - price if buy else price - head[0][3] * deep
                ahead = gap * scale - most * deep
                twin = ahead == 0 and best is not None and best[:2] == (j, side)
                if ahead > 0 or (twin and _older(desk, queues, place)):
                    best, most, scale = place, gap, deep
    return best


def _older(desk: WorkingCopy, queues: dict[BookSide, Queue], place: BookSide) -> bool:
    """Whether the head of a book side is older than that of the opposite one."""
    ours, theirs = queues[place].head, queues[(*place[:2], not place[2])].head
    return bool(ours and theirs and AGE(desk.book.order(*ours)) < AGE(desk.book.order(*theirs)))


def _fill(tick: Tick, key: PoolKey, place: int, order: RestingOrder, rest: int) -> bool:
    """Trades what the order's limit lets it with the maker, as an ordinary limit fill; whether that was anything."""
    desk, (outcome, side, buy, limit) = tick.desk, key
    traded = (order.user, outcome, side, buy)
    before = tick.traded.get(traded, 0)
    if buy:
        fill = largest_buy(desk, outcome, side, limit, order.fee, rest, rest, before)
    else:
        fill = largest_sell(desk, outcome, side, limit, rest, before)
    if fill is None:
        return False
    take(desk, outcome, side, fill, buy=buy)
    desk.book.draw(key, place, fill.size)
    released = 0
    if buy:
        released = order.escrow_for(rest) - order.escrow_for(rest - fill.size)
        fill_buy(desk, order, fill.size, fill.total, released)
    else:
        fill_sell(desk, order, fill.size, fill.total)
    tick.traded[traded] = before + fill.size
    tick.fills.append(_record(order, fill, released))
    return True


def _record(order: RestingOrder, fill: Priced, released: int) -> Fill:
    amount = fill.total - fill.fee if order.buy else fill.total + fill.fee
    return Fill(
        order=order.id,
        kind="sweep",
        outcome=order.outcome,
        side=order.side,
        buyer=order.user if order.buy else None,
        seller=None if order.buy else order.user,
        size=fill.size,
        price=half_up(amount * MICRO, fill.size),
        amount=amount,
        buy_fee=fill.fee if order.buy else 0,
        sell_fee=0 if order.buy else fill.fee,
        released=released,
        resting=order.id,
        parts=parts_of(fill),
    )
