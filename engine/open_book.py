"""The book of a tick in progress: pools opened when first touched, pro-rata shares, orders that join and leave.

ENGINE section 6, pools. Undo as in `engine.desk`: lists are kept before they change. An order joins or leaves its pool
only when nothing can be refused any more, so that needs no undo.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from engine.resting_book import AGE, Book, BookSide, PoolKey, RestingOrder


class OpenPool:
    """An open pool: its orders, oldest first, what is left of each in `rests` (0: it is gone), and what was left when
    the tick opened in `olds` (0: it is new)."""

    __slots__ = ("olds", "orders", "rests")

    def __init__(self, orders: tuple[RestingOrder, ...]) -> None:
        self.orders = list(orders)
        self.olds = [order.rest for order in orders]
        self.rests = self.olds[:]


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

    shelves: the pools touched; levels: by book side the limits at which orders wait, ascending; opted: the same, buys
    and sales apart, where someone opted into auto-fill (who did may be gone since); added: orders that came to rest;
    `keep` is the desk's.
    """

    __slots__ = ("added", "base", "keep", "levels", "opted", "shelves")

    def __init__(self, base: Book, keep: Callable[[list[int]], None]) -> None:
        self.base = base
        self.keep = keep
        self.shelves: dict[PoolKey, OpenPool] = {}
        self.levels = {place: list(limits) for place, limits in base.levels.items()}
        self.opted = {
            buy: {place: list(limits) for place, limits in base.opted.items() if place[2] is buy}
            for buy in (True, False)
        }
        self.added: dict[str, RestingOrder] = {}

    def shelf(self, key: PoolKey) -> OpenPool:
        """A pool, opened on first use; empty where nobody waits."""
        found = self.shelves.get(key)
        if found is None:
            found = self.shelves[key] = OpenPool(self.base.pools.get(key, ()))
        return found

    def best(self, place: BookSide, user: int, bound: int, start: int = 0) -> int | None:
        """The best limit not past `bound` where somebody else's order waits; sales are looked at from `start` up."""
        levels = self.levels.get(place)
        if not levels:
            return None
        if place[2]:
            for limit in reversed(levels):
                if limit < bound:
                    return None
                if self._others((*place, limit), user):
                    return limit
            return None
        for limit in islice(levels, bisect_left(levels, start), None) if start else levels:
            if limit > bound:
                return None
            if self._others((*place, limit), user):
                return limit
        return None

    def _others(self, key: PoolKey, user: int) -> bool:
        """Whether anybody else waits in a pool; mostly the first order tells."""
        shelf = self.shelves.get(key)
        if shelf is None:
            pool = self.base.pools[key]
            return pool[0].user != user or any(order.user != user for order in pool)
        return any(rest and order.user != user for order, rest in zip(shelf.orders, shelf.rests, strict=True))

    def waiting(self, key: PoolKey, *, but: int | None = None, opted: bool = False) -> list[int]:
        """Places in a pool of the orders that count: not those of user `but`, only those that opted in if asked."""
        shelf = self.shelf(key)
        return [
            k
            for k, rest in enumerate(shelf.rests)
            if rest and shelf.orders[k].user != but and (shelf.orders[k].autofill or not opted)
        ]

    def total(self, key: PoolKey, places: list[int]) -> int:
        """What is left of the orders at these places together."""
        rests = self.shelves[key].rests
        return sum([rests[k] for k in places])

    def portions(self, key: PoolKey, places: list[int], fill: int) -> list[Portion]:
        """Who gives how much of `fill`, pro-rata, oldest first; changes nothing."""
        shelf = self.shelves[key]
        orders, rests = shelf.orders, [shelf.rests[k] for k in places]
        shares = pro_rata(rests, fill)
        return [
            Portion(k, orders[k], rest, share) for k, rest, share in zip(places, rests, shares, strict=True) if share
        ]

    def take(self, key: PoolKey, portions: list[Portion]) -> None:
        """Takes the portions off their orders; a pool that is empty then leaves its level."""
        rests = self.shelves[key].rests
        self.keep(rests)
        for portion in portions:
            rests[portion.place] -= portion.size
        if not any(rests):
            self._leave(key)

    def draw(self, key: PoolKey, place: int, size: int) -> None:
        """Takes `size` off one order."""
        shelf = self.shelves[key]
        self.take(key, [Portion(place, shelf.orders[place], shelf.rests[place], size)])

    def _leave(self, key: PoolKey) -> None:
        place, limit = key[:3], key[3]
        for levels in (self.levels.get(place, []), self.opted[key[2]].get(place, [])):
            at = bisect_left(levels, limit)
            if at < len(levels) and levels[at] == limit:
                self.keep(levels)
                del levels[at]

    def find(self, id: str) -> tuple[PoolKey, int] | None:
        """(pool, place) of an order that still waits."""
        order, user = self.added.get(id), self.base.owner.get(id)
        if order is not None:
            key = order.key
        elif user is not None:
            key = self.base.of_user[user][id]
        else:
            return None
        shelf = self.shelf(key)
        for k, found in enumerate(shelf.orders):
            if found.id == id and shelf.rests[k]:
                return key, k
        return None

    def order(self, key: PoolKey, place: int) -> RestingOrder:
        """The order at a place that was found."""
        return self.shelf(key).orders[place]

    def of(self, user: int) -> list[str]:
        """Ids of a user's orders that still wait, oldest first."""
        fresh = (order.id for order in self.added.values() if order.user == user)
        names = dict.fromkeys((*self.base.of_user.get(user, ()), *fresh))
        places = [place for name in names if (place := self.find(name))]
        orders = [self.shelves[key].orders[k] for key, k in places]
        return [order.id for order in sorted(orders, key=AGE)]

    def add(self, order: RestingOrder) -> None:
        """A new order joins its pool, in its place by age."""
        key, shelf = order.key, self.shelf(order.key)
        at = len(shelf.orders)
        while at and AGE(shelf.orders[at - 1]) > AGE(order):
            at -= 1
        shelf.orders.insert(at, order)
        shelf.olds.insert(at, 0)
        shelf.rests.insert(at, order.rest)
        self.added[order.id] = order
        for index in (self.levels, self.opted[order.buy])[: 1 + order.autofill]:
            levels = index.setdefault(key[:3], [])
            if key[3] not in levels:
                insort(levels, key[3])

    def remove(self, key: PoolKey, place: int) -> tuple[RestingOrder, int]:
        """An order leaves; gives back the order and what was left of it."""
        shelf = self.shelves[key]
        rest, shelf.rests[place] = shelf.rests[place], 0
        if not any(shelf.rests):
            self._leave(key)
        return shelf.orders[place], rest

    def changed(self) -> Iterator[tuple[RestingOrder, int, int]]:
        """(order, what was left of it when the tick opened, what is left now) of every order that differs."""
        for shelf in self.shelves.values():
            if shelf.olds != shelf.rests:
                for order, old, rest in zip(shelf.orders, shelf.olds, shelf.rests, strict=True):
                    if old != rest:
                        yield order, old, rest

    def seal(self) -> Book:
        """The book as it is now; the same object when nothing changed."""
        pools = {
            key: tuple(
                order if order.rest == rest else order.with_rest(rest)
                for order, rest in zip(shelf.orders, shelf.rests, strict=True)
                if rest
            )
            for key, shelf in self.shelves.items()
            if shelf.olds != shelf.rests
        }
        return self.base.replaced(pools) if pools else self.base
