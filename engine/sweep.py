"""The sweep: resting orders that the maker's price has passed trade with the maker (ENGINE section 6, ruling 13)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events import Fill
from engine.impact import PricedFill, apply_maker_fill
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

    def __init__(self, book: OpenBook, book_side: BookSide, swept: set[str]) -> None:
        self._rest = _unswept(book, book_side, swept)
        self.head = next(self._rest, None)

    def pop(self) -> tuple[PoolKey, int]:
        head = self.head
        assert head is not None
        self.head = next(self._rest, None)
        return head


def _unswept(book: OpenBook, book_side: BookSide, swept: set[str]) -> Iterator[tuple[PoolKey, int]]:
    levels = book.levels[book_side]
    for limit in levels[::-1] if book_side[2] else levels[:]:
        key = (*book_side, limit)
        pool = book.pool(key)
        for index, order in enumerate(pool.orders):
            if pool.rests[index] and order.id not in swept:
                yield key, index


def sweep(tick: Tick) -> None:
    """Single orders, most favourable limit against the price first, then outcome, YES before NO, age; prices are read
    again after each. Every order at most once a tick, whatever it got; not while trading is closed."""
    working = tick.working
    if working.state.status is not Status.RUNNING:
        return
    queues: dict[BookSide, Queue] = {}
    while (book_side := _next_side(tick, queues)) is not None:
        key, index = queues[book_side].pop()
        pool = working.book.pool(key)
        tick.swept.add(pool.orders[index].id)
        if _fill_order(tick, key, index, pool.orders[index], pool.rests[index]) and tick.params.band is not None:
            hold_band(working, tick.params.band)
        working.commit()


def _next_side(tick: Tick, queues: dict[BookSide, Queue]) -> BookSide | None:
    """The book side whose head comes next; None when no limit is strictly better than its price."""
    working, best, most, scale = tick.working, None, 0, 1
    for j in working.active:
        deep = working.l[j]
        for side in (0, 1):
            price = working.q[side][j] * RATE
            for buy in (True, False):
                book_side = (j, side, buy)
                levels = working.book.levels.get(book_side)
                if not levels or (levels[-1] * deep <= price if buy else levels[0] * deep >= price):
                    continue
                if book_side not in queues:
                    queues[book_side] = Queue(working.book, book_side, tick.swept)
                head = queues[book_side].head
                if head is None:
                    continue
                gap = head[0][3] * deep - price if buy else price - head[0][3] * deep
                ahead = gap * scale - most * deep
                tied = ahead == 0 and best is not None and best[:2] == (j, side)
                if ahead > 0 or (tied and _older(working, queues, book_side)):
                    best, most, scale = book_side, gap, deep
    return best


def _older(working: WorkingCopy, queues: dict[BookSide, Queue], book_side: BookSide) -> bool:
    """Whether the head of a book side is older than that of the opposite one."""
    ours, theirs = queues[book_side].head, queues[(*book_side[:2], not book_side[2])].head
    return bool(ours and theirs and AGE(working.book.order(*ours)) < AGE(working.book.order(*theirs)))


def _fill_order(tick: Tick, key: PoolKey, index: int, order: RestingOrder, rest: int) -> bool:
    """Trades what the order's limit lets it with the maker, as an ordinary limit fill; whether that was anything."""
    working, (outcome, side, buy, limit) = tick.working, key
    traded = (order.user, outcome, side, buy)
    before = tick.traded.get(traded, 0)
    if buy:
        fill = largest_buy(working, outcome, side, limit, order.fee, rest, rest, before)
    else:
        fill = largest_sell(working, outcome, side, limit, rest, before)
    if fill is None:
        return False
    apply_maker_fill(working, outcome, side, fill, buy=buy)
    working.book.take_one(key, index, fill.size)
    released = 0
    if buy:
        released = order.escrow_for(rest) - order.escrow_for(rest - fill.size)
        fill_buy(working, order, fill.size, fill.total, released)
    else:
        fill_sell(working, order, fill.size, fill.total)
    tick.traded[traded] = before + fill.size
    tick.fills.append(_sweep_fill(order, fill, released))
    return True


def _sweep_fill(order: RestingOrder, fill: PricedFill, released: int) -> Fill:
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
