"""Orders against orders: who offers what at which price, and the four kinds of match."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.engine.reference.book import Leg, Resting, largest_that_fits, shared
from tests.engine.reference.market import Market, Trade
from tests.engine.reference.rules import ceil, floor

RANK = {"direct": 0, "mint": 1, "merge": 1, "swap": 2}

Result = tuple[int, int, int]
"""What an order got of a match: size, money all in, fee of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Those who wait at one price, for the order being executed: `price` before its fee, `all_in` after it."""

    kind: str
    price: Fraction
    all_in: Fraction
    orders: tuple[Resting, ...]

    @property
    def size(self) -> int:
        return sum(order.rest for order in self.orders)


def best_offer(market: Market, order: Trade, *, swaps: bool) -> Offer | None:
    """The best price of the book after the order's own fee; ties: direct, mint or merge, swap."""
    offers = [direct(market, order)]
    if market.rules.crossing:
        offers.append(mint(market, order) if order.buy else merge(market, order))
        if order.limit is not None and swaps:
            offers.append(swappable(market, order))
    sign = 1 if order.buy else -1
    return min((o for o in offers if o is not None), key=lambda o: (sign * o.all_in, RANK[o.kind]), default=None)


def at_best(market: Market, order: Trade, side: int, *, buy: bool, fits: Callable[[Fraction], bool]) -> list[Resting]:
    """Other people's orders of the kind named at the best price for whoever comes, among the limits that fit."""
    waiting = [
        resting
        for resting in market.resting.values()
        if (resting.outcome, resting.side, resting.buy) == (order.outcome, side, buy)
        and resting.user != order.user
        and fits(resting.limit)
    ]
    best = (max if buy else min)((resting.limit for resting in waiting), default=None)
    return [resting for resting in waiting if resting.limit == best]


def offer(market: Market, order: Trade, kind: str, price: Fraction, orders: list[Resting]) -> Offer:
    fee = market.rules.fee if kind == "direct" else market.rules.match_fee
    return Offer(kind=kind, price=price, all_in=price * (1 + fee if order.buy else 1 - fee), orders=tuple(orders))


def direct(market: Market, order: Trade) -> Offer | None:
    """Buy and sell of one token, at the limit of who waits."""

    def fits(limit: Fraction) -> bool:
        return order.limit is None or (limit <= order.limit if order.buy else limit >= order.limit)

    waiting = at_best(market, order, order.side, buy=not order.buy, fits=fits)
    return offer(market, order, "direct", waiting[0].limit, waiting) if waiting else None


def pair_cost(market: Market, j: int) -> Fraction:
    """What both buyers of a new pair must bring: $1, or what both tokens cost here if that is more."""
    return max(Fraction(1), market.price(j, 0) + market.price(j, 1))


def mint(market: Market, order: Trade) -> Offer | None:
    """Buy YES with buy NO."""
    cost = pair_cost(market, order.outcome)

    def fits(limit: Fraction) -> bool:
        return order.limit is None or order.limit + limit >= cost

    waiting = at_best(market, order, 1 - order.side, buy=True, fits=fits)
    return offer(market, order, "mint", cost - waiting[0].limit, waiting) if waiting else None


def merge(market: Market, order: Trade) -> Offer | None:
    """Sell YES with sell NO."""

    def fits(limit: Fraction) -> bool:
        return order.limit is None or order.limit + limit <= 1

    waiting = at_best(market, order, 1 - order.side, buy=False, fits=fits)
    return offer(market, order, "merge", 1 - waiting[0].limit, waiting) if waiting else None


def swappable(market: Market, order: Trade) -> Offer | None:
    """Buy of one side with sell of the other, each at their own limit, the house between them."""
    ours = order.limit or Fraction(0)
    waiting = at_best(market, order, 1 - order.side, buy=not order.buy, fits=lambda limit: ours + limit >= 1)
    return offer(market, order, "swap", ours, waiting) if waiting else None


def resting_pays(market: Market, resting: Resting, size: int, rate: Fraction) -> tuple[int, int]:
    """A resting buyer pays for a part out of escrow: the amount before the fee, and the fee."""
    amount, fee = resting.pays(size), resting.pays_fee(rate, size)
    market.seen["fee above what its escrow frees"] += fee < resting.fee_of_part(rate, size)
    person = market.people[resting.user]
    person.cash += resting.released(size)
    market.take(person, amount + fee)
    person.tokens[resting.outcome, resting.side] += size
    market.draw(resting, size)
    return amount, fee


def resting_gets(market: Market, resting: Resting, size: int, rate: Fraction) -> tuple[int, int]:
    """A resting seller gets their limit: the amount before the fee, and the fee."""
    amount = floor(resting.limit * size)
    fee = min(amount, ceil(rate * resting.limit * size))
    person = market.people[resting.user]
    market.take(person, fee - amount)
    person.tokens[resting.outcome, resting.side] -= size
    market.draw(resting, size)
    return amount, fee


def fill_offer(market: Market, order: Trade, offer: Offer, size: int) -> Result:
    """A direct match, a mint or a merge of `size` with those who wait, a counterpart at a time."""
    match = {"direct": with_one, "mint": mint_with, "merge": merge_with}[offer.kind]
    total = fees = 0
    for resting, share in shared(offer.orders, size):
        amount, fee = match(market, order, offer, resting, share)
        total, fees = total + (amount + fee if order.buy else amount - fee), fees + fee
    market.seen[offer.kind] += 1
    market.seen["several share"] += len(offer.orders) > 1
    return size, total, fees


def with_one(market: Market, order: Trade, offer: Offer, resting: Resting, size: int) -> tuple[int, int]:
    """Direct: the tokens go over, the fee is the taker's alone."""
    me, fee = market.people[order.user], ceil(market.rules.fee * offer.price * size)
    if order.buy:
        amount, (their, _) = ceil(offer.price * size), resting_gets(market, resting, size, Fraction(0))
        market.take(me, amount + fee)
        me.tokens[order.outcome, order.side] += size
        market.profit["match"] += amount - their
        leg(market, order, resting, "direct", size, (amount + fee, fee), (their, 0))
    else:
        amount, (their, _) = floor(offer.price * size), resting_pays(market, resting, size, Fraction(0))
        fee = min(fee, amount)
        market.take(me, fee - amount)
        me.tokens[order.outcome, order.side] -= size
        market.profit["match"] += their - amount
        leg(market, order, resting, "direct", size, (their, 0), (amount - fee, fee))
    market.profit["fee"] += fee
    return amount, fee


def mint_with(market: Market, order: Trade, offer: Offer, resting: Resting, size: int) -> tuple[int, int]:
    """$1 a pair goes to escrow; the later order pays what the earlier's limit leaves of the pair's cost."""
    me, rate = market.people[order.user], market.rules.match_fee
    their, their_fee = resting_pays(market, resting, size, rate)
    amount = max(1, ceil((offer.price + resting.limit) * size) - their)
    fee = ceil(rate * offer.price * size)
    market.take(me, amount + fee)
    me.tokens[order.outcome, order.side] += size
    market.pools[order.outcome].e += size
    market.profit["match"] += amount + their - size
    market.profit["match_fee"] += fee + their_fee
    leg(market, order, None, "mint", size, (amount + fee, fee), None)
    leg(market, order, resting, "mint", size, (their + their_fee, their_fee), None)
    return amount, fee


def merge_with(market: Market, order: Trade, offer: Offer, resting: Resting, size: int) -> tuple[int, int]:
    """$1 a pair leaves escrow; the later order gets what the earlier's limit leaves of it."""
    me, rate = market.people[order.user], market.rules.match_fee
    their, their_fee = resting_gets(market, resting, size, rate)
    amount = floor(offer.price * size)
    fee = min(amount, ceil(rate * offer.price * size))
    market.take(me, fee - amount)
    me.tokens[order.outcome, order.side] -= size
    market.pools[order.outcome].e -= size
    market.profit["match"] += size - amount - their
    market.profit["match_fee"] += fee + their_fee
    leg(market, order, None, "merge", size, None, (amount - fee, fee))
    leg(market, order, resting, "merge", size, None, (their - their_fee, their_fee))
    return amount, fee


Side = tuple[int, int] | None
"""What somebody paid or got all in, and the fee of it; None for the house."""


def leg(market: Market, order: Trade, resting: Resting | None, kind: str, size: int, buys: Side, sells: Side) -> None:
    """Writes a token leg down: a leg of two people, or of one of them with the house."""
    side, buy, user = (order.side, order.buy, order.user) if resting is None else who(order, resting, kind)
    other = resting.user if resting is not None and kind == "direct" else None
    buyer, seller = (user, other) if buy else (other, user)
    (paid, buy_fee), (got, sell_fee) = buys or (0, 0), sells or (0, 0)
    market.legs.append(
        Leg(
            order=order.id,
            resting=None if resting is None else resting.id,
            kind=kind,
            outcome=order.outcome,
            side=side,
            buyer=buyer,
            seller=seller,
            size=size,
            paid=paid,
            got=got,
            buy_fee=buy_fee,
            sell_fee=sell_fee,
        )
    )


def who(order: Trade, resting: Resting, kind: str) -> tuple[int, bool, int]:
    """Whose leg it is: of a direct match the taker's, of the others that of the resting order."""
    return (order.side, order.buy, order.user) if kind == "direct" else (resting.side, resting.buy, resting.user)


# swaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A swap of d: what the pools take in (x, negative: give), as changes of V, and the money of every side."""

    x: int
    moves: dict[int, int]
    amount: int  # of the order whose turn it is, before its fee
    fee: int
    paid: int  # by buyers, before fees
    got: int  # by sellers, before fees


def swap(market: Market, order: Trade, offer: Offer, most: int) -> Result | None:
    """The largest swap that passes; None when there is none."""
    size = largest_that_fits(most, lambda d: d > 0 and swap_of(market, order, offer, d) is not None)
    if size == 0:
        market.seen["no swap"] += 1
        return None
    deal = swap_of(market, order, offer, size)
    assert deal is not None
    market.seen["swap"] += 1
    market.seen["swap gives"] += deal.x < 0
    market.seen["swap takes"] += deal.x > 0
    market.seen["swap cut short"] += size < offer.size
    me, rate, fees = market.people[order.user], market.rules.match_fee, deal.fee
    for resting, share in shared(offer.orders, size):
        their, fee = (resting_pays if resting.buy else resting_gets)(market, resting, share, rate)
        fees += fee
        buys, sells = ((their + fee, fee), None) if resting.buy else (None, (their - fee, fee))
        leg(market, order, resting, "swap", share, buys, sells)
    sign = 1 if order.buy else -1
    market.take(me, sign * deal.amount + deal.fee)
    me.tokens[order.outcome, order.side] += sign * size
    pool = market.pools[order.outcome]
    pool.q[order.side] += sign * size
    pool.q[1 - order.side] -= sign * size
    market.shift(deal.moves)
    market.profit["match"] += deal.paid - deal.got - deal.x
    market.profit["match_fee"] += fees
    ours = deal.amount + sign * deal.fee, deal.fee
    leg(market, order, None, "swap", size, ours if order.buy else None, None if order.buy else ours)
    return size, ours[0], deal.fee


def swap_of(market: Market, order: Trade, offer: Offer, d: int) -> Between | None:
    """A swap of d, None unless the prices cover the curve and section 8 (1), the depth and the floor hold after it."""
    rules, j = market.rules, order.outcome
    up, down = (order.side, 1 - order.side) if order.buy else (1 - order.side, order.side)
    their_limit, our_limit = offer.orders[0].limit, offer.price
    spread = our_limit - their_limit if order.buy else their_limit - our_limit
    pool = market.pools[j]
    if pool.q[down] - d <= 0:
        return None
    x = swap_cost(market, j, up, down, d)
    if x is None or spread * d < x:
        return None
    moves = moved(market, j, up, down, d, x)
    if moves is None:
        return None
    after = {i: market.depth.level(market.pools[i].v + change) for i, change in moves.items()}
    for i, level in after.items():
        q = list(market.pools[i].q)
        if i == j:
            q[up], q[down] = q[up] + d, q[down] - d
        if 10 * level < rules.l0 or any(supply > rules.p_max * level for supply in q):
            return None
    portions = shared(offer.orders, d)
    fee = ceil(rules.match_fee * our_limit * d)
    if order.buy:
        paid, got = ceil(our_limit * d), sum(floor(o.limit * share) for o, share in portions)
        fees = fee + sum(min(floor(o.limit * n), ceil(rules.match_fee * o.limit * n)) for o, n in portions)
        amount = paid
    else:
        paid, got = sum(o.pays(share) for o, share in portions), floor(our_limit * d)
        fee = min(fee, got)
        fees = fee + sum(o.pays_fee(rules.match_fee, n) for o, n in portions)
        amount = got
    if paid - got < x:
        market.seen["swap short by rounding"] += 1
        return None
    mean = market.mean_payout((j, up, d)) + market.mean_payout((j, down, -d)) - market.mean_payout()
    if rules.floor_enabled and market.pot + paid - got + fees < mean - market.allowance:
        market.seen["floor on a swap"] += 1
        return None
    return Between(x=x, moves=moves, amount=amount, fee=fee, paid=paid, got=got)


def swap_cost(market: Market, j: int, up: int, down: int, d: int) -> int | None:
    """The least x with L + g x >= sqrt(L^2 + g(change of both Q^2)); negative when the pool ends up with less."""
    q = market.pools[j].q
    change = (q[up] + d) ** 2 - q[up] ** 2 + (q[down] - d) ** 2 - q[down] ** 2
    path = market.path(j, up)
    level, g = path.level, path.g(up=change > 0)
    under = level**2 + g * change
    if under < 0:
        return None
    low, high = -floor(level / g), max(1, change)

    def enough(x: int) -> bool:
        return (level + g * x) ** 2 >= under

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def moved(market: Market, j: int, up: int, down: int, d: int, x: int) -> dict[int, int] | None:
    """x over the pools: diverted like a buy, or by the waterfall, which must give all of it."""
    if x > 0:
        diverted, others = floor(market.zeta * x), len(market.active) - 1
        return {i: x - others * diverted if i == j else diverted for i in market.active}
    q = list(market.pools[j].q)
    q[up], q[down] = q[up] + d, q[down] - d
    moves = dict(market.give(j, q, -x))
    return moves if sum(moves.values()) == x else None
