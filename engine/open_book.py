"""The book of a tick in progress: pools opened when first touched, pro-rata shares, orders that join and leave.

ENGINE section 6, pools. Undo as in `engine.working_copy`: lists are saved before they change. An order joins or leaves
its pool only when nothing can be refused any more, so that needs no undo.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from engine.resting_book import AGE, Book, BookSide, PoolKey, RestingOrder


class OpenPool:
    """An open pool: its orders, oldest first, what is left of each in `rests` (0: it is gone), and what was left when
    the tick opened in `opening_rests` (0: it is new)."""

    __slots__ = ("opening_rests", "orders", "rests")

    def __init__(self, orders: tuple[RestingOrder, ...]) -> None:
        self.orders = list(orders)
        self.opening_rests = [order.rest for order in orders]
        self.rests = self.opening_rests[:]


class Portion(NamedTuple):
    """What one resting order, at `place` in its pool, gives to a fill: `size` of the `rest` it had."""

    place: int
    order: RestingOrder
    rest: int
    size: int


def pro_rata(rests: list[int], fill: int) -> list[int]:
    """Shares of `fill` <= sum of `rests`, oldest first: floor(fill*own/total), left-overs one each to the oldest."""
    total = sum(rests)
    if fill == total:
        return rests
    shares = [fill * rest // total for rest in rests]
    for k in range(fill - sum(shares)):
        shares[k] += 1
    return shares


class OpenBook:
    """Opened from a `Book`, which stays as it is; `seal` gives the next one.

    pools: those touched; levels: by book side the limits at which orders wait, ascending; opted: the same, buys
    and sales apart, where someone opted into auto-fill (who did may be gone since); added: orders that came to rest;
    `save` is the working copy's.
    """

    __slots__ = ("added", "base", "levels", "opted", "pools", "save")

    def __init__(self, base: Book, save: Callable[[list[int]], None]) -> None:
        self.base = base
        self.save = save
        self.pools: dict[PoolKey, OpenPool] = {}
        self.levels = {book_side: list(limits) for book_side, limits in base.levels.items()}
        self.opted = {
            buy: {book_side: list(limits) for book_side, limits in base.opted.items() if book_side[2] is buy}
            for buy in (True, False)
        }
        self.added: dict[str, RestingOrder] = {}

    def pool(self, key: PoolKey) -> OpenPool:
        """A pool, opened on first use; empty where nobody waits."""
        pool = self.pools.get(key)
        if pool is None:
            pool = self.pools[key] = OpenPool(self.base.pools.get(key, ()))
        return pool

    def best(self, book_side: BookSide, user: int, bound: int, start: int = 0) -> int | None:
        """The best limit not past `bound` where somebody else's order waits; sales are looked at from `start` up."""
        levels = self.levels.get(book_side)
        if not levels:
            return None
        if book_side[2]:
            for limit in reversed(levels):
                if limit < bound:
                    return None
                if self._others((*book_side, limit), user):
                    return limit
            return None
        for limit in islice(levels, bisect_left(levels, start), None) if start else levels:
            if limit > bound:
                return None
            if self._others((*book_side, limit), user):
                return limit
        return None

    def _others(self, key: PoolKey, user: int) -> bool:
        """Whether anybody else waits in a pool; mostly the first order tells."""
        open_pool = self.pools.get(key)
        if open_pool is None:
            pool = self.base.pools[key]
            return pool[0].user != user or any(order.user != user for order in pool)
        return any(rest and order.user != user for order, rest in zip(open_pool.orders, open_pool.rests, strict=True))

    def waiting(self, key: PoolKey, *, except_user: int | None = None, opted: bool = False) -> list[int]:
        """Places in a pool of the orders that count: not those of user `but`, only those that opted in if asked."""
        pool = self.pool(key)
        return [
            index
            for index, rest in enumerate(pool.rests)
            if rest and pool.orders[index].user != except_user and (pool.orders[index].autofill or not opted)
        ]

    def total(self, key: PoolKey, indices: list[int]) -> int:
        """What is left of the orders at these places together."""
        rests = self.pools[key].rests
        return sum([rests[index] for index in indices])

    def portions(self, key: PoolKey, indices: list[int], fill: int) -> list[Portion]:
        """Who gives how much of `fill`, pro-rata, oldest first; changes nothing."""
        pool = self.pools[key]
        orders, rests = pool.orders, [pool.rests[index] for index in indices]
        shares = pro_rata(rests, fill)
        return [
            Portion(index, orders[index], rest, share)
            for index, rest, share in zip(indices, rests, shares, strict=True)
            if share
        ]

    def take(self, key: PoolKey, portions: list[Portion]) -> None:
        """Takes the portions off their orders; a pool that is empty then leaves its level."""
        rests = self.pools[key].rests
        self.save(rests)
        for portion in portions:
            rests[portion.place] -= portion.size
        if not any(rests):
            self._leave(key)

    def take_one(self, key: PoolKey, index: int, size: int) -> None:
        """Takes `size` off one order."""
        pool = self.pools[key]
        self.take(key, [Portion(index, pool.orders[index], pool.rests[index], size)])

    def _leave(self, key: PoolKey) -> None:
        book_side, limit = key[:3], key[3]
        for levels in (self.levels.get(book_side, []), self.opted[key[2]].get(book_side, [])):
            index = bisect_left(levels, limit)
            if index < len(levels) and levels[index] == limit:
                self.save(levels)
                del levels[index]

    def find(self, id: str) -> tuple[PoolKey, int] | None:
        """(pool, place) of an order that still waits."""
        order, user = self.added.get(id), self.base.owner.get(id)
        if order is not None:
            key = order.key
        elif user is not None:
            key = self.base.of_user[user][id]
        else:
            return None
        pool = self.pool(key)
        for index, candidate in enumerate(pool.orders):
            if candidate.id == id and pool.rests[index]:
                return key, index
        return None

    def order(self, key: PoolKey, index: int) -> RestingOrder:
        """The order at a place that was found."""
        return self.pool(key).orders[index]

    def of(self, user: int) -> list[str]:
        """Ids of a user's orders that still wait, oldest first."""
        added = (order.id for order in self.added.values() if order.user == user)
        order_ids = dict.fromkeys((*self.base.of_user.get(user, ()), *added))
        positions = [position for order_id in order_ids if (position := self.find(order_id))]
        orders = [self.pools[key].orders[index] for key, index in positions]
        return [order.id for order in sorted(orders, key=AGE)]

    def add(self, order: RestingOrder) -> None:
        """A new order joins its pool, in its place by age."""
        key, pool = order.key, self.pool(order.key)
        index = len(pool.orders)
        while index and AGE(pool.orders[index - 1]) > AGE(order):
            index -= 1
        pool.orders.insert(index, order)
        pool.opening_rests.insert(index, 0)
        pool.rests.insert(index, order.rest)
        self.added[order.id] = order
        for limits_by_side in (self.levels, self.opted[order.buy])[: 1 + order.autofill]:
            levels = limits_by_side.setdefault(key[:3], [])
            if key[3] not in levels:
                insort(levels, key[3])

    def remove(self, key: PoolKey, index: int) -> tuple[RestingOrder, int]:
        """An order leaves; gives back the order and what was left of it."""
        pool = self.pools[key]
        rest, pool.rests[index] = pool.rests[index], 0
        if not any(pool.rests):
            self._leave(key)
        return pool.orders[index], rest

    def changed(self) -> Iterator[tuple[RestingOrder, int, int]]:
        """(order, what was left of it when the tick opened, what is left now) of every order that differs."""
        for pool in self.pools.values():
            if pool.opening_rests != pool.rests:
                for order, opening, rest in zip(pool.orders, pool.opening_rests, pool.rests, strict=True):
                    if opening != rest:
                        yield order, opening, rest

    def seal(self) -> Book:
        """The book as it is now; the same object when nothing changed."""
        pools = {
            key: tuple(
                order if order.rest == rest else order.with_rest(rest)
                for order, rest in zip(pool.orders, pool.rests, strict=True)
                if rest
            )
            for key, pool in self.pools.items()
            if pool.opening_rests != pool.rests
        }
        return self.base.replaced(pools) if pools else self.base
