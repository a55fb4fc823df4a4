"""Resting orders between market ticks: who waits at which price, and what each has tied up (ENGINE section 6).

A `Book` never changes. A tick opens it (`engine.book.OpenBook`), touches a few pools and seals the next one, which
shares every pool that was not touched. All it holds follows from its orders: `Book(orders)` builds it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from engine.terms import Side
from engine.units import RATE, ceil_div

BookSide = tuple[int, int, bool]
"""(outcome, 0 for YES or 1 for NO, buys or sells): the pools that compete by price."""

PoolKey = tuple[int, int, bool, int]
"""A book side and a limit, as a rate: the orders that share pro-rata."""

AGE = attrgetter("accepted_ms", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingOrder:
    """What is left of an order with a limit: `rest` of its `size` micro-tokens.

    limit and fee are rates; fee is the largest an order at this limit may be charged, fixed when it came to rest.
    """

    id: str
    user: int
    outcome: int
    side: Side
    buy: bool
    limit: int
    size: int
    rest: int
    accepted_ms: int
    fee: int
    autofill: bool = False

    @property
    def key(self) -> PoolKey:
        return (self.outcome, int(self.side is Side.NO), self.buy, self.limit)

    @property
    def escrow(self) -> int:
        """Cash tied up, micro-dollars; a sale ties up its tokens instead."""
        return escrowed(self.limit, self.fee, self.rest) if self.buy else 0

    def with_rest(self, rest: int) -> RestingOrder:
        """The same order with so much left."""
        return RestingOrder(
            id=self.id,
            user=self.user,
            outcome=self.outcome,
            side=self.side,
            buy=self.buy,
            limit=self.limit,
            size=self.size,
            rest=rest,
            accepted_ms=self.accepted_ms,
            fee=self.fee,
            autofill=self.autofill,
        )


def escrowed(limit: int, fee: int, size: int) -> int:
    """ceil(limit*size) + ceil(fee*limit*size), micro-dollars: what a resting buy ties up (ENGINE section 6)."""
    return ceil_div(limit * size, RATE) + ceil_div(limit * fee * size, RATE * RATE)


class Book(Mapping[str, RestingOrder]):
    """Every resting order of a market by its id, in the order of pools and age.

    pools: orders oldest first; levels: the limits of a book side, ascending; opted: those among them where someone
    opted into auto-fill; owner: id to user; of_user: her ids with their pools; tied: what her sales tie up of each
    token, yes and no of each outcome in turn. Only `engine.book` looks into these.
    """

    __slots__ = ("levels", "of_user", "opted", "owner", "pools", "tied")

    def __init__(self, orders: Iterable[RestingOrder] = ()) -> None:
        self.owner: dict[str, int] = {}
        self.of_user: dict[int, dict[str, PoolKey]] = {}
        self.tied: dict[int, tuple[int, ...]] = {}
        pools: dict[PoolKey, list[RestingOrder]] = {}
        tied: dict[int, dict[int, int]] = {}
        for order in sorted(orders, key=AGE):
            key = order.key
            pools.setdefault(key, []).append(order)
            self.owner[order.id] = order.user
            self.of_user.setdefault(order.user, {})[order.id] = key
            if not order.buy:
                token = 2 * order.outcome + key[1]
                hers = tied.setdefault(order.user, {})
                hers[token] = hers.get(token, 0) + order.rest
        for user, hers in tied.items():
            self.tied[user] = tuple(hers.get(token, 0) for token in range(max(hers) + 1))
        self.pools = {key: tuple(pools[key]) for key in sorted(pools)}
        self.levels = _by_side(self.pools)
        self.opted = _by_side(key for key, pool in self.pools.items() if any(order.autofill for order in pool))

    def __getitem__(self, id: str) -> RestingOrder:
        key = self.of_user[self.owner[id]][id]
        return next(order for order in self.pools[key] if order.id == id)

    def __iter__(self) -> Iterator[str]:
        return (order.id for key in sorted(self.pools) for order in self.pools[key])

    def __len__(self) -> int:
        return len(self.owner)

    def __contains__(self, id: object) -> bool:
        return id in self.owner

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and self.pools == other.pools

    __hash__ = None  # type: ignore[assignment]  # like the dict it stands for

    def orders(self) -> Iterator[RestingOrder]:
        """All of them, in the order of pools and age."""
        return (order for key in sorted(self.pools) for order in self.pools[key])

    def of(self, user: int) -> tuple[RestingOrder, ...]:
        """A user's orders, oldest first."""
        keys = set(self.of_user.get(user, {}).values())
        return tuple(sorted((order for key in keys for order in self.pools[key] if order.user == user), key=AGE))

    def tied_of(self, user: int, outcome: int, side: Side) -> int:
        """Micro-tokens a user's resting sales tie up: they are hers still, but not for sale again."""
        tied, token = self.tied.get(user, ()), 2 * outcome + (side is Side.NO)
        return tied[token] if token < len(tied) else 0

    def sizes(self, outcome: int, side: Side, *, buy: bool) -> tuple[tuple[int, int], ...]:
        """(limit, sum of what is left) of a book side, best price first: for display."""
        place = (outcome, int(side is Side.NO), buy)
        limits = self.levels.get(place, ())
        return tuple(
            (limit, sum(order.rest for order in self.pools[(*place, limit)]))
            for limit in (reversed(limits) if buy else limits)
        )


def _by_side(keys: Iterable[PoolKey]) -> dict[BookSide, tuple[int, ...]]:
    """The limits of ascending keys, by book side."""
    found: dict[BookSide, list[int]] = {}
    for outcome, side, buy, limit in keys:
        found.setdefault((outcome, side, buy), []).append(limit)
    return {place: tuple(limits) for place, limits in found.items()}


def changes(before: Book, after: Book) -> tuple[tuple[RestingOrder, ...], tuple[str, ...]]:
    """(orders that are new or have less left, ids that are gone) from one book to the next; costs what was touched."""
    changed: dict[str, RestingOrder] = {}
    gone: dict[str, None] = {}
    for key in sorted(before.pools.keys() | after.pools.keys()):
        old, new = before.pools.get(key, ()), after.pools.get(key, ())
        if old is new:
            continue
        known = {order.id: order for order in old}
        changed.update((order.id, order) for order in new if known.pop(order.id, None) != order)
        gone.update(dict.fromkeys(known))
    return tuple(changed.values()), tuple(gone)
