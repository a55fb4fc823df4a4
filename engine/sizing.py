"""How large an order at market may be: sizes are tried on the tick's own path and undone (ENGINE section 3, budget).

Of a market order only the book's part is carried out on the way; what it planned with the maker is the last that it
pays or gets, so a trial prices it and leaves out what would come after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from engine.impact import Bought, price_bought, price_sell
from engine.intents import Order
from engine.routing import PoolOffer, best_offer, plan, route_book
from engine.search import Known, largest, largest_steady
from engine.tick import Taker, Tick
from engine.units import RATE, ceil_div


@contextmanager
def trying(tick: Tick, order: Order) -> Iterator[Taker | None]:
    """The order's taker after its gas, in a tick that is put back at the end; None for an unknown user or outcome."""
    working, account = tick.working, tick.working.account(order.user)
    if account is None or order.outcome not in working.active:
        yield None
        return
    taker = Taker(tick, order, account)
    mark, fills, events = working.mark(), len(tick.fills), len(tick.events)
    before = tick.traded.get(taker.traded_key, 0)
    working.credit(account, -tick.params.gas_fee)
    yield taker
    working.rollback(mark)
    del tick.fills[fills:], tick.events[events:]
    tick.traded[taker.traded_key] = before


def try_size(taker: Taker, size: int) -> Taker:
    """What a market order like the taker's of this size would trade and pay or get, undone; cash and worst price are
    not looked at."""
    tick, working, outcome, side = taker.tick, taker.tick.working, taker.outcome, taker.side
    before = tick.traded.get(taker.traded_key, 0)
    mark, fills = working.mark(), len(tick.fills)
    tried = Taker(tick, taker.order, taker.account)
    tried.remaining = size
    route_book(tried)
    if tried.pending and taker.buy:
        bought = price_bought(working, outcome, side, tried.pending, before)
        _count(tried, tried.pending, bought.total, bought.fee, bought.total - bought.usual)
    elif tried.pending and working.q[side][outcome] > 1:
        sold = price_sell(working, outcome, side, tried.pending, before)
        _count(tried, sold.size, sold.total, sold.fee, sold.floor)
    working.rollback(mark)
    del tick.fills[fills:]
    return tried


def _count(tried: Taker, size: int, amount: int, fee: int, floor: int) -> None:
    tried.filled += size
    tried.amount += amount
    tried.fees += fee
    tried.floor += floor


def cut_to_budget(taker: Taker) -> None:
    """An order with a budget goes on with the largest size within it (ENGINE section 3, budget)."""
    order = taker.order
    if order.spend is not None:
        taker.remaining = largest_within_budget(taker, order.spend, order.size)


def largest_for_budget(taker: Taker, spend: int) -> int:
    """The size of a ticket for a budget alone: [0, hi] with hi = the amount in micro-tokens, doubled while it fits."""
    high = spend
    while high > 0 and try_size(taker, high).amount <= spend:
        high *= 2
    return largest_within_budget(taker, spend, high)


def largest_within_budget(taker: Taker, spend: int, high: int) -> int:
    """Largest size on [0, high] that ENGINE 11.2 finds for a buy at market that pays at most `spend`; 0 for none.

    Larger and larger buys go the same way through maker and book, each stretch of it beginning where the one before
    ends: so the way is gone once, up to the stretch in which the money ends, and only sizes of that one are tried.
    """
    if spend <= 0 or high <= 0:
        return 0
    working, fills = taker.tick.working, len(taker.tick.fills)
    mark = working.mark()
    size = Way(taker, high).last_size(spend)
    working.rollback(mark)
    del taker.tick.fills[fills:]
    if size is not None:
        return size
    return largest(lambda d: try_size(taker, d).amount <= spend, high)


class Stretch(NamedTuple):
    """A part of the way: where it ends and what all up to there costs, whether it is the maker's, how many resting
    orders wait on it, and what gives the price of a size that ends on it (of the book's part: the way ends there)."""

    end: Known
    maker: bool
    met: int
    cost: Callable[[], Callable[[int], int]]


class Way:
    """A buy of `high` on its way: its `probe` plans with the maker and takes from the book, to be undone by the caller.

    Through rounding alone a larger buy may cost less than a smaller one. What is charged never falls, but the depth
    after a fill is rounded by up to n + 1 micro-dollars (each diverted share, the subsidy): the fee shows that, beyond
    p_max the penalty, and divided by phi the raised pool. Each counterpart rounds its price, its fee and what it leaves
    to the pot by itself.
    """

    __slots__ = ("before", "calm", "high", "probe")

    def __init__(self, taker: Taker, high: int) -> None:
        self.high = high
        self.before = taker.tick.traded.get(taker.traded_key, 0)
        self.calm = True  # so far the price is well below p_max
        self.probe = Taker(taker.tick, taker.order, taker.account)
        self.probe.remaining = high

    def last_size(self, spend: int) -> int | None:
        """The size at which the money ends; None where the stretches cannot tell."""
        start, beyond = Known(0, 0), self._beyond()
        if beyond is None:
            return None
        for stretch in self.stretches():
            end = stretch.end
            if end.size == self.high and end.price <= spend:
                return self.high
            if end.size == self.high or end.price - self._slack(end.price, beyond, calm=False) > spend:
                slack = self._slack(2 * spend, stretch.met, calm=self.calm)
                return largest_steady(stretch.cost(), spend, self.high, slack, fits=start, fails=end)
            if end.price + self._slack(end.price, self.probe.met, calm=self.calm) > spend:
                return None
            start = end
        raise AssertionError("a buy at market goes all its way")

    def stretches(self) -> Iterator[Stretch]:
        """The maker up to the next price of the book, then that pool of the book, and so on."""
        probe = self.probe
        while True:
            offer = best_offer(probe)
            plan(probe, offer)
            yield Stretch(self._reached(), True, 0, self._of_maker)
            if offer is None or not probe.remaining:
                return
            start, mark, amount, met = self.high - probe.remaining, probe.tick.working.mark(), probe.amount, probe.met
            offer.match(probe, offer.limit)
            yield Stretch(self._reached(), False, probe.met - met, partial(self._of_book, offer, start, mark, amount))

    def _reached(self) -> Known:
        probe = self.probe
        if not probe.pending:
            return Known(self.high - probe.remaining, probe.amount)
        bought = self._bought(probe.pending)
        self.calm = bought.supply * RATE * 1000 <= 999 * probe.tick.working.tariff.p_max * bought.depth
        return Known(self.high - probe.remaining, probe.amount + bought.total)

    def _bought(self, size: int) -> Bought:
        """`size` tokens of the maker after the book's part so far."""
        return price_bought(self.probe.tick.working, self.probe.outcome, self.probe.side, size, self.before)

    def _of_maker(self) -> Callable[[int], int]:
        probe, before = self.probe, self.before
        working, outcome, side = probe.tick.working, probe.outcome, probe.side
        amount, booked = probe.amount, self.high - probe.remaining - probe.pending

        def cost(size: int) -> int:
            return amount + price_bought(working, outcome, side, size - booked, before).total

        return cost

    def _of_book(self, offer: PoolOffer, start: int, mark: int, amount: int) -> Callable[[int], int]:
        probe, working = self.probe, self.probe.tick.working
        working.rollback(mark)

        def cost(size: int) -> int:
            taker = Taker(probe.tick, probe.order, probe.account)
            taker.remaining, taker.amount = size - start, amount
            if taker.remaining:
                offer.match(taker, offer.limit)
            total = taker.amount + (self._bought(probe.pending).total if probe.pending else 0)
            working.rollback(mark)
            return total

        return cost

    def _slack(self, price: int, met: int, *, calm: bool) -> int:
        """By how much a larger buy may cost less than a smaller one of this price."""
        working, t = self.probe.tick.working, self.probe.tick.working.tariff
        blur = t.others + 3
        slack = ceil_div(t.fee * blur, RATE) + 8 * met
        if calm:
            return slack
        g_n, g_d = t.buying(working.v[self.probe.outcome])[0][:2]
        penalty = 2 * t.eta * blur * price // (working.l[self.probe.outcome] * RATE)
        return 2 * (slack + 2 * blur * ceil_div(g_d, g_n) + penalty)

    def _beyond(self) -> int | None:
        """How many counterparts yet to come may leave less than they round away, where the floor binds. None where the
        floor makes a larger buy cheaper by more than that (a pair minted at a limit above $1 with its fee), and in a
        pool so shallow that its depth's rounding shows in the penalty."""
        probe, working = self.probe, self.probe.tick.working
        params, book = probe.tick.params, working.book
        if 8 * working.tariff.eta * (working.tariff.others + 3) > working.l[probe.outcome] * RATE:
            return None
        pairs = (probe.outcome, 1 - probe.side, True)
        levels = book.levels.get(pairs)
        if not levels or not params.floor_enabled or not params.cm_enabled:
            return 0
        if levels[-1] * (RATE + params.match_fee) > RATE * RATE:
            return None
        return sum(len(book.waiting((*pairs, limit))) for limit in levels)
