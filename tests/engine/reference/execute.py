"""One order: gas, refusals, the way between the maker and the book, and what is left that rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.engine.reference.autofill_and_sweep import auto_fill, limited
from tests.engine.reference.book import Leg, Resting, largest_that_fits
from tests.engine.reference.market import Done, Market, Priced, Trade
from tests.engine.reference.matching import Offer, best_offer, fill_offer, swap
from tests.engine.reference.pool import buyable_to, sellable_to


class RefusedError(Exception):
    """The order is refused whole; all it did is undone, its gas kept."""


class EmptyPoolError(RefusedError):
    """Nobody takes anything of a sale: it leaves no trace, not even gas."""


def run_order(market: Market, order: Trade) -> Done:
    """Gas first, kept whatever happens; then the order, or nothing of it."""
    person = market.people.get(order.user)
    if market.status != "running" or person is None or order.id in market.resting:
        return Done(id=order.id, accepted=False)
    gas = market.rules.gas
    if person.cash < gas:
        return Done(id=order.id, accepted=False)
    untouched = market.kept()
    market.take(person, gas)
    market.profit["gas"] += gas
    if order.size <= 0 or order.outcome not in market.active:
        return Done(id=order.id, accepted=False, gas=gas)
    kept = market.kept()
    try:
        order = within_budget(market, order)
        person = market.people[order.user]
        done = Taker(market=market, order=order, rest=order.size, cash=person.cash).run(gas)
    except EmptyPoolError:
        market.put_back(untouched)
        market.seen["empty pool"] += 1
        return Done(id=order.id, accepted=False)
    except RefusedError:
        market.put_back(kept)
        return Done(id=order.id, accepted=False, gas=gas)
    market.move_band()
    return done


def within_budget(market: Market, order: Trade) -> Trade:
    """A budget makes the size the largest that pays no more on the order's own legs; the rest is dropped."""
    spend = order.spend
    if spend is None:
        return order
    if not order.buy or order.limit is not None:
        raise RefusedError("a budget is for a market buy")
    size = largest_that_fits(order.size, lambda d: paid_on_a_copy(market, replace(order, size=d)) <= spend)
    if size == 0:
        raise RefusedError("nothing fits the budget")
    return replace(order, size=size)


def paid_on_a_copy(market: Market, order: Trade) -> int:
    """What a market buy pays when it is carried out whole, whoever it is and whatever it costs; undone."""
    kept = market.kept()
    trial = Taker(market=market, order=order, rest=order.size, cash=0)
    trial.trade()
    market.put_back(kept)
    return trial.amount


@dataclass(slots=True, kw_only=True)
class Taker:
    """The order being executed: `rest` has not traded yet, `pending` of it is for the maker, priced on the sum."""

    market: Market
    order: Trade
    rest: int
    pending: int = 0
    cash: int  # before it
    swaps: bool = True
    amount: int = 0  # all in, paid or got
    fees: int = 0
    unsold: int = 0

    def run(self, gas: int) -> Done:
        market, order = self.market, self.order
        worst = self.worst()
        resting = self.as_resting(self.rest)
        if order.buy and order.limit is not None and market.people[order.user].cash < resting.escrow(order.size):
            raise RefusedError("no cash")
        if not order.buy and market.free(order.user, order.outcome, order.side) < order.size:
            raise RefusedError("no tokens")
        self.trade()
        self.hold_to_cash()
        traded = order.size - self.rest
        if order.limit is None:
            self.hold_to(worst)
            self.rest = 0
        elif self.rest > 0:
            self.come_to_rest()
        return Done(
            id=order.id,
            accepted=True,
            size=traded,
            unsold=self.unsold,
            rests=self.rest,
            amount=self.amount,
            fee=self.fees,
            gas=gas,
        )

    def trade(self) -> None:
        while self.pending < self.rest and self.step():
            pass
        self.fill_maker()

    def worst(self) -> Fraction | None:
        order = self.order
        if order.worst is not None or order.slippage is None:
            return order.worst
        price, sign = self.market.price(order.outcome, order.side), 1 if order.buy else -1
        return price * (1 + sign * order.slippage) * (1 + sign * self.market.rules.fee)

    def hold_to(self, worst: Fraction | None) -> None:
        """A market order: whole or not at all for a buy, something for a sell, none past its worst price."""
        traded = self.order.size - self.rest
        if traded == 0:
            raise EmptyPoolError("an empty pool")
        if worst is None:
            return
        if (self.amount > worst * traded) if self.order.buy else (self.amount < worst * traded):
            raise RefusedError("past the worst price")

    def as_resting(self, rest: int) -> Resting:
        order, rules = self.order, self.market.rules
        return Resting(
            id=order.id,
            at=order.at,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            limit=order.limit or Fraction(0),
            fee=max(rules.fee, rules.match_fee),
            rest=rest,
            autofill=order.autofill,
        )

    def come_to_rest(self) -> None:
        resting = self.as_resting(self.rest)
        self.market.people[self.order.user].cash -= resting.escrow(self.rest)
        self.market.resting[resting.id] = resting
        self.market.seen["rests"] += 1

    # the way

    def largest_part(self) -> int:
        """The most the maker may fill of what is left now, not less than what the maker was promised already; a market
        order takes whatever it must.
        """
        most = self.rest if self.order.limit is None else limited(self.market, self.as_resting(self.rest))
        return max(self.pending, most)

    def step(self) -> bool:
        """The better of the maker and the book, once; False when nothing is left to take."""
        market, order = self.market, self.order
        offer = best_offer(market, order, swaps=self.swaps)
        if offer is None:
            self.pending = self.largest_part()
            return False
        stretch = self.stretch(offer)
        if stretch > self.pending:
            stretch = min(stretch, self.largest_part())
        if stretch > self.pending:
            self.pending = stretch
        elif offer.kind == "swap":
            self.fill_maker()
            self.take_swap(offer)
        else:
            market.seen[f"{offer.kind} after the maker"] += self.pending > 0
            self.took(*fill_offer(market, order, offer, min(self.rest - self.pending, offer.size)))
        return True

    def stretch(self, offer: Offer) -> int:
        """How far the maker goes before its price after its fee is that of the book after the book's own."""
        market, order, rules = self.market, self.order, self.market.rules
        path = market.path(order.outcome, order.side)
        if order.buy:
            return buyable_to(path, min(offer.all_in / (1 + rules.fee), rules.p_max), self.rest)
        return sellable_to(path, max(offer.all_in / (1 - rules.fee), rules.p_min))

    def took(self, size: int, amount: int, fee: int) -> None:
        self.rest -= size
        self.amount += amount
        self.fees += fee

    def hold_to_cash(self) -> None:
        """A buy is paid from the cash before it, not from what auto-fills gave back on the way. Each counterpart's
        amount is rounded up by itself, so that even a limit order may need more than its escrow.
        """
        need = self.amount + (0 if self.order.limit is None else self.as_resting(self.rest).escrow(self.rest))
        if self.order.buy and need > self.cash:
            raise RefusedError("no cash")

    def take_swap(self, offer: Offer) -> None:
        most = min(self.rest, offer.size)
        swapped = swap(self.market, self.order, offer, most)
        self.swaps = swapped is not None and swapped[0] == offer.size
        if swapped is not None:
            self.took(*swapped)

    # the maker

    def fill_maker(self) -> None:
        market, order = self.market, self.order
        if self.pending == 0:
            return
        fill = self.priced()
        self.pending = 0
        if fill is None:
            return
        market.settle(order.user, order.outcome, order.side, fill, buy=order.buy)
        self.took(fill.size, fill.total, fill.fee)
        ours = (order.user, None) if order.buy else (None, order.user)
        market.legs.append(
            Leg(
                order=order.id,
                resting=None,
                kind="maker",
                outcome=order.outcome,
                side=order.side,
                buyer=ours[0],
                seller=ours[1],
                size=fill.size,
                paid=fill.total if order.buy else 0,
                got=0 if order.buy else fill.total,
                buy_fee=fill.fee if order.buy else 0,
                sell_fee=0 if order.buy else fill.fee,
            )
        )
        auto_fill(market, order, fill)

    def priced(self) -> Priced | None:
        """The pending pieces on their sum; of a limit order the most of them that keeps to the limit."""
        market, order = self.market, self.order
        where = order.user, order.outcome, order.side
        if order.limit is not None:
            size = limited(market, self.as_resting(self.rest), self.pending)
            return None if size == 0 else (market.price_buy if order.buy else market.price_sell)(*where, size)
        if order.buy:
            return market.price_buy(*where, self.pending)
        fill = market.price_sell(*where, self.pending)
        self.unsold = self.pending - fill.size
        market.seen["unsold"] += self.unsold > 0
        return None if fill.size == 0 else fill
