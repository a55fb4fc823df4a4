"""The maker and orders with limits: how much it fills of one, auto-fills beside a trade, and the sweep."""

from __future__ import annotations

from fractions import Fraction

from tests.engine.reference.book import Gift, Leg, Resting, largest_that_fits, shared
from tests.engine.reference.market import Market, Priced, Trade
from tests.engine.reference.pool import buyable_to, curve_buy, curve_sell, sellable_to
from tests.engine.reference.rules import floor


def limited(market: Market, order: Resting, top: int | None = None) -> int:
    """The largest part the maker may fill of an order, of `top` micro-tokens at most."""
    most = order.rest if top is None else min(top, order.rest)
    path = market.path(order.outcome, order.side)
    free = order.buy and order.limit >= market.rules.p_max  # only the charge limits it
    if not free:
        most = min(most, buyable_to(path, order.limit, most) if order.buy else sellable_to(path, order.limit))

    def fits(d: int) -> bool:
        if d == 0:
            return True
        if order.buy:
            fill = market.price_buy(order.user, order.outcome, order.side, d)
            return (
                (free or fill.after <= order.limit)
                and fill.total - fill.fee <= order.limit * d
                and fill.total <= order.released(d)
            )
        fill = market.price_sell(order.user, order.outcome, order.side, d)
        return fill.size == d and fill.after >= order.limit and fill.total + fill.fee >= order.limit * d

    size = largest_that_fits(most, fits)
    market.seen["charge limits the maker's part"] += size < most
    return size


# the sweep


def sweep(market: Market) -> None:
    """Orders whose limit the maker's price has passed trade with the maker, each at most once a tick."""
    while market.status == "running":
        passed = [
            (-edge, order.outcome, order.side, order.at, order.id)
            for order in market.resting.values()
            if order.id not in market.swept and (edge := edge_of(market, order)) > 0
        ]
        if not passed:
            return
        order = market.resting[min(passed)[-1]]
        market.swept.add(order.id)
        size = limited(market, order)
        market.seen["nothing to sweep"] += size == 0
        if size > 0:
            sweep_one(market, order, size)
            market.move_band()


def edge_of(market: Market, order: Resting) -> Fraction:
    """How far a limit is on the maker's side of its price."""
    return (order.limit - market.price(order.outcome, order.side)) * (1 if order.buy else -1)


def sweep_one(market: Market, order: Resting, size: int) -> None:
    """An ordinary fill with the maker; a buy pays from escrow and gets what it frees beyond."""
    where = order.user, order.outcome, order.side
    fill = market.price_buy(*where, size) if order.buy else market.price_sell(*where, size)
    market.people[order.user].cash += order.released(size)
    market.draw(order, size)
    market.settle(*where, fill, buy=order.buy)
    market.legs.append(leg_of(order, order.id, "sweep", fill.size, fill.total, fill.fee))
    market.seen["sweep"] += 1


def leg_of(order: Resting, trigger: str, kind: str, size: int, money: int, fee: int) -> Leg:
    """A leg of a resting order with the house; `money` all in."""
    return Leg(
        order=trigger,
        resting=order.id,
        kind=kind,
        outcome=order.outcome,
        side=order.side,
        buyer=order.user if order.buy else None,
        seller=None if order.buy else order.user,
        size=size,
        paid=money if order.buy else 0,
        got=0 if order.buy else money,
        buy_fee=fee if order.buy else 0,
        sell_fee=0 if order.buy else fee,
    )


# auto-fill

Candidate = tuple[Fraction, int, int, Fraction]
"""Price less limit (mirrored for sells), outcome, side, limit: the least comes first."""


def auto_fill(market: Market, order: Trade, trigger: Priced) -> None:
    """Resting orders that opted in fill beside a maker fill in another outcome, where it moved the price their way."""
    if market.rules.autofill:
        AutoFill(market, order, trigger).run()


class AutoFill:
    """What one maker fill sets off."""

    def __init__(self, market: Market, order: Trade, trigger: Priced) -> None:
        self.market, self.order = market, order
        self.moved = {i: abs(change) for i, change in trigger.moves}
        self.x = sum(self.moved.values())
        profit = dict(trigger.profit)
        self.owed = profit["convexity"] + profit["penalty"]
        self.charged: dict[int, Fraction] = dict.fromkeys(self.moved, Fraction(0))
        self.surplus = Fraction(0)
        self.tried: set[tuple[int, int, Fraction]] = set()

    def run(self) -> None:
        pools = 0
        while pools < self.market.rules.autofill_pools and (candidates := self.candidates()):
            _, j, side, limit = min(candidates)
            self.tried.add((j, side, limit))
            pools += self.fill(j, side, limit)

    def candidates(self) -> list[Candidate]:
        candidates = set[Candidate]()
        for order in self.market.resting.values():
            key = (order.outcome, order.side, order.limit)
            opted = order.autofill and order.buy is self.order.buy and order.outcome != self.order.outcome
            if opted and key not in self.tried and (edge := edge_of(self.market, order)) >= 0:
                candidates.add((-edge, *key))
        return list(candidates)

    def fill(self, j: int, side: int, limit: Fraction) -> bool:
        """One pool of the book; False where nothing fits."""
        market, buy, rules = self.market, self.order.buy, self.market.rules
        waiting = [
            o
            for o in market.resting.values()
            if o.autofill and (o.outcome, o.side, o.buy, o.limit) == (j, side, buy, limit)
        ]
        top, path = sum(o.rest for o in waiting), market.path(j, side)
        if buy:
            top = min(top, buyable_to(path, min(limit, rules.p_max), top))
        else:
            top = min(top, sellable_to(path, max(limit, rules.p_min)))
        whole = top
        top = min(top, floor((rules.autofill_share * self.moved[j] - self.charged[j]) / limit))
        size = largest_that_fits(top, lambda d: d == 0 or self.priced(j, side, d, waiting) is not None)
        market.seen["auto-fill cut to a cap"] += 0 < size < whole
        if size == 0:
            market.seen["auto-fill of nothing"] += 1
            return False
        deal = self.priced(j, side, size, waiting)
        assert deal is not None
        self.settle(j, side, size, waiting, *deal)
        return True

    def priced(self, j: int, side: int, d: int, waiting: list[Resting]) -> tuple[dict[int, int], Fraction] | None:
        """Changes of V and the surplus of a fill of d; None where it would break a limit, a cap or the floor."""
        market, rules, buy = self.market, self.market.rules, self.order.buy
        limit, path = waiting[0].limit, market.path(j, side)
        money = sum(o.pays(n) if buy else floor(limit * n) for o, n in shared(waiting, d))
        if buy:
            x = curve_buy(path, d)
            diverted = floor(market.zeta * x)
            moves = {i: x - (len(market.active) - 1) * diverted if i == j else diverted for i in market.active}
        else:
            x = curve_sell(path, d)
            moves = dict(market.waterfall(j, side, d, x))
            if -sum(moves.values()) != x:
                return None
        after = Fraction(path.q + (d if buy else -d), market.depth.level(path.v + moves[j]))
        if (after > min(limit, rules.p_max)) if buy else (after < max(limit, rules.p_min)):
            return None
        exact = limit * d - x if buy else x - limit * d
        if exact < 0 or self.surplus + exact > rules.autofill_surplus * self.x:
            return None
        pot = market.pot + (money if buy else -money)
        mean = market.mean_payout((j, side, d if buy else -d))
        if rules.floor_enabled and pot < mean - market.allowance:
            market.seen["floor on an auto-fill"] += 1
            return None
        return moves, exact

    def settle(self, j: int, side: int, d: int, waiting: list[Resting], moves: dict[int, int], exact: Fraction) -> None:
        market, rules, buy = self.market, self.market.rules, self.order.buy
        market.seen["auto-fill"] += 1
        filled, surplus = shared(waiting, d), -sum(moves.values())
        for order, size in filled:
            person = market.people[order.user]
            money = order.pays(size) if buy else floor(order.limit * size)
            person.cash += order.released(size)
            market.take(person, money if buy else -money)
            person.tokens[j, side] += size if buy else -size
            market.draw(order, size)
            market.legs.append(leg_of(order, self.order.id, "autofill", size, money, 0))
            surplus += money if buy else -money
        market.pools[j].q[side] += d if buy else -d
        market.shift(moves)
        self.surplus += exact
        self.charged[j] += waiting[0].limit * d
        left = surplus
        for order, size in filled:
            share = floor((1 - rules.sigma) * surplus * Fraction(size, d))
            given = self.give("rebate", order.id, order.user, share)
            market.profit["floor"] += share - given
            left -= share
        back = min(self.owed, floor(rules.sigma * surplus))
        given = self.give("back", self.order.id, self.order.user, back)
        self.owed -= given
        market.profit["seigniorage"] += left - given

    def give(self, kind: str, order: str, user: int, amount: int) -> int:
        """Pays what the floor leaves of an amount."""
        market = self.market
        if market.rules.floor_enabled:
            most = floor(market.pot - market.mean_payout() + market.allowance)
            market.seen[f"floor on a {kind}"] += most < amount
            amount = max(0, min(amount, most))
        if amount:
            market.take(market.people[user], -amount)
            market.gifts.append(Gift(kind=kind, trigger=self.order.id, order=order, user=user, amount=amount))
            market.seen[kind] += 1
        return amount
