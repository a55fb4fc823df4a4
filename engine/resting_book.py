"""Resting orders between market ticks: who waits at which price, and what each has tied up (ENGINE section 6).

A `Book` never changes. A tick opens it (`engine.open_book.OpenBook`), touches a few pools and seals the next one, which
shares every pool that was not touched. All it holds follows from its orders: `Book(orders)` builds it anew.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

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
        return self.escrow_for(self.rest)

    def escrow_for(self, rest: int) -> int:
        """Cash tied up when so much is left."""
        return escrowed(self.limit, self.fee, rest) if self.buy else 0

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


def order_to_json(order: RestingOrder) -> dict[str, object]:
    """One resting order as JSON values."""
    return {part.name: getattr(order, part.name) for part in fields(order)}


def order_from_json(data: Mapping[str, Any]) -> RestingOrder:  # Any: JSON as json.loads types it
    """The inverse of `order_to_json`."""
    return RestingOrder(**{**data, "side": Side(data["side"])})


class Owners:
    """Whose each resting order is, by id: a large base kept as it is, and the few changes since (None: gone) beside
    it, so that the next one is cheap to make. It never changes."""

    __slots__ = ("_base", "_changes", "size")

    def __init__(self, base: dict[str, int], changes: dict[str, int | None] | None = None) -> None:
        self._base = base
        self._changes = changes or {}
        self.size = len(base)

    def get(self, id: str) -> int | None:
        return self._changes[id] if id in self._changes else self._base.get(id)

    def after(self, changes: Mapping[str, int | None]) -> Owners:
        """With these owners; None for an order that is gone."""
        owners = Owners(self._base, {**self._changes, **changes})
        owners.size = self.size + sum(
            (user is not None) - (self.get(order_id) is not None) for order_id, user in changes.items()
        )
        if 16 * len(owners._changes) <= owners.size + 1_000:
            return owners
        merged = {**self._base, **owners._changes}
        return Owners({order_id: user for order_id, user in merged.items() if user is not None})


class Book(Mapping[str, RestingOrder]):
    """Every resting order of a market by its id, in the order of pools and age.

    pools: orders oldest first; levels: the limits of a book side, ascending; opted: those among them where someone
    opted into auto-fill; owner: id to user; of_user: a user's ids with their pools; tied: what a user's sales tie up
    of each token, yes and no of each outcome in order. Only `engine.open_book` looks into these.
    """

    __slots__ = ("_digests", "levels", "of_user", "opted", "owner", "pools", "tied")

    def __init__(self, orders: Iterable[RestingOrder] = ()) -> None:
        pools: dict[PoolKey, list[RestingOrder]] = {}
        for order in sorted(orders, key=AGE):
            pools.setdefault(order.key, []).append(order)
        self.pools = {key: tuple(pools[key]) for key in sorted(pools)}
        self.owner = Owners({order.id: order.user for pool in self.pools.values() for order in pool})
        self._digests: dict[PoolKey, str] = {}
        self.of_user: dict[int, dict[str, PoolKey]] = {}
        self.tied: dict[int, tuple[int, ...]] = {}
        self.levels: dict[BookSide, tuple[int, ...]] = {}
        self.opted: dict[BookSide, tuple[int, ...]] = {}
        for key, pool in self.pools.items():
            for order in pool:
                self.of_user.setdefault(order.user, {})[order.id] = key
            self._tie(pool, 1)
            _set_level(self.levels, key, present=True)
            _set_level(self.opted, key, present=any(order.autofill for order in pool))

    def replaced(self, pools: Mapping[PoolKey, tuple[RestingOrder, ...]]) -> Book:
        """The book with these pools in place of those of the same keys; an empty one is gone."""
        book = Book()
        book.pools = {**self.pools, **pools}
        book.of_user, book.tied = self.of_user.copy(), self.tied.copy()
        book.levels, book.opted, book._digests = self.levels.copy(), self.opted.copy(), self._digests.copy()
        new = {order.id: order for pool in pools.values() for order in pool}
        old = {order.id: order for key in pools for order in self.pools.get(key, ())}
        removed = [order for order_id, order in old.items() if new.get(order_id) is not order]
        added = [order for order_id, order in new.items() if old.get(order_id) is not order]
        book._move(removed, added)
        book.owner = self.owner.after({order.id: None for order in removed} | {order.id: order.user for order in added})
        book._tie(removed, -1)
        book._tie(added, 1)
        for key, pool in pools.items():
            book._digests.pop(key, None)
            if not pool:
                del book.pools[key]
            _set_level(book.levels, key, present=bool(pool))
            _set_level(book.opted, key, present=any(order.autofill for order in pool))
        return book

    def _move(self, removed: Iterable[RestingOrder], added: Iterable[RestingOrder]) -> None:
        """Takes orders off their users' lists and puts others on; a list that is touched is copied first."""
        owned: dict[int, dict[str, PoolKey]] = {}
        for order in removed:
            owned.setdefault(order.user, self.of_user[order.user].copy()).pop(order.id)
        for order in added:
            owned.setdefault(order.user, self.of_user.get(order.user, {}).copy())[order.id] = order.key
        for user, ids in owned.items():
            self.of_user.pop(user, None)
            if ids:
                self.of_user[user] = ids

    def _tie(self, orders: Iterable[RestingOrder], sign: int) -> None:
        """Ties up (sign 1) or frees (-1) what these sales offer."""
        changed: dict[int, list[int]] = {}
        for order in orders:
            if not order.buy:
                token = 2 * order.outcome + (order.side is Side.NO)
                tied = changed.setdefault(order.user, list(self.tied.get(order.user, ())))
                tied += [0] * (token + 1 - len(tied))
                tied[token] += sign * order.rest
        for user, tied in changed.items():
            self.tied.pop(user, None)
            if any(tied):
                self.tied[user] = tuple(tied)

    def __getitem__(self, id: str) -> RestingOrder:
        user = self.owner.get(id)
        if user is None:
            raise KeyError(id)
        key = self.of_user[user][id]
        return next(order for order in self.pools[key] if order.id == id)

    def __iter__(self) -> Iterator[str]:
        return (order.id for key in sorted(self.pools) for order in self.pools[key])

    def __len__(self) -> int:
        return self.owner.size

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.owner.get(id) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and self.pools == other.pools

    __hash__ = None  # type: ignore[assignment]  # like the dict it stands for

    def orders(self) -> Iterator[RestingOrder]:
        """All of them, in the order of pools and age."""
        return (order for key in sorted(self.pools) for order in self.pools[key])

    def digest(self) -> str:
        """sha256 hex of the digests of all pools, in order; those of pools that did not change are kept."""
        for key, pool in self.pools.items():
            if key not in self._digests:
                text = json.dumps([order_to_json(order) for order in pool], sort_keys=True, separators=(",", ":"))
                self._digests[key] = hashlib.sha256(text.encode()).hexdigest()
        return hashlib.sha256("".join(self._digests[key] for key in sorted(self.pools)).encode()).hexdigest()

    def of(self, user: int) -> tuple[RestingOrder, ...]:
        """A user's orders, oldest first."""
        keys = set(self.of_user.get(user, {}).values())
        return tuple(sorted((order for key in keys for order in self.pools[key] if order.user == user), key=AGE))

    def tied_of(self, user: int, outcome: int, side: Side) -> int:
        """Micro-tokens a user's resting sales tie up: they are still theirs, but not for sale again."""
        tied, token = self.tied.get(user, ()), 2 * outcome + (side is Side.NO)
        return tied[token] if token < len(tied) else 0

    def sizes(self, outcome: int, side: Side, *, buy: bool) -> tuple[tuple[int, int], ...]:
        """(limit, sum of what is left) of a book side, best price first: for display."""
        book_side = (outcome, int(side is Side.NO), buy)
        limits = self.levels.get(book_side, ())
        return tuple(
            (limit, sum(order.rest for order in self.pools[(*book_side, limit)]))
            for limit in (reversed(limits) if buy else limits)
        )


def _set_level(levels: dict[BookSide, tuple[int, ...]], key: PoolKey, *, present: bool) -> None:
    """Makes the limit of a pool one of the levels of its side, or none of them."""
    book_side, limit = key[:3], key[3]
    limits = levels.get(book_side, ())
    index = bisect_left(limits, limit)
    was_present = limits[index : index + 1] == (limit,)
    if was_present != present:
        levels[book_side] = limits[:index] + ((limit,) if present else ()) + limits[index + was_present :]
        if not levels[book_side]:
            del levels[book_side]


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
