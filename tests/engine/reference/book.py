"""What rests, who comes first, and how a fill is shared among those who wait at one price."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from tests.engine.reference.rules import ceil, floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """What is left of an order with a limit; `fee` is the largest share of the limit it may be charged on top."""

    id: str
    at: int
    user: int
    outcome: int
    side: int
    buy: bool
    limit: Fraction
    fee: Fraction
    rest: int
    autofill: bool

    def escrow(self, rest: int) -> int:
        """Cash that a buy has tied up while `rest` is left; a sell ties up its tokens."""
        return ceil(self.limit * rest) + ceil(self.limit * self.fee * rest) if self.buy else 0

    def pays(self, size: int) -> int:
        """What a buy pays, before fees, for a part of its rest: its parts sum to what all of it costs."""
        return ceil(self.limit * self.rest) - ceil(self.limit * (self.rest - size))

    def fee_of_part(self, rate: Fraction, size: int) -> int:
        """The match fee of such a part, likewise."""
        rate = self.limit * min(rate, self.fee)
        return ceil(rate * self.rest) - ceil(rate * (self.rest - size))

    def pays_fee(self, rate: Fraction, size: int) -> int:
        """That, but no more than the escrow frees for it."""
        return min(self.fee_of_part(rate, size), self.released(size) - self.pays(size))

    def released(self, size: int) -> int:
        """What a part frees of the escrow."""
        return self.escrow(self.rest) - self.escrow(self.rest - size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A token leg that changed hands; nobody (None) is the house. What the buyer paid, the seller got, all in."""

    order: str
    resting: str | None
    kind: str
    outcome: int
    side: int
    buyer: int | None
    seller: int | None
    size: int
    paid: int
    got: int
    buy_fee: int = 0
    sell_fee: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Money that auto-fills give to people: a rebate to who was filled, or a pay-back to who triggered them."""

    kind: str
    trigger: str
    order: str
    user: int
    amount: int


def shared(orders: Iterable[Resting], fill: int) -> list[tuple[Resting, int]]:
    """`fill` among those at one price: floor(fill * own / total), what is left one each to the oldest."""
    oldest_first = sorted(orders, key=lambda order: (order.at, order.id))
    total = sum(order.rest for order in oldest_first)
    shares = [floor(Fraction(fill * order.rest, total)) for order in oldest_first]
    for i in range(fill - sum(shares)):
        shares[i] += 1
    return [(order, share) for order, share in zip(oldest_first, shares, strict=True) if share > 0]


def largest_that_fits(top: int, fits: Callable[[int], bool]) -> int:
    """The largest d in 0..top: `top` if it fits, else by halving; both sides of the comparison round, so that the way
    it is searched is part of the rule.
    """
    if fits(top):
        return top
    low, high = 0, top - 1
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return max(0, low)
