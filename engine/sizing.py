"""How large an order at market may be: sizes are tried on the tick's own path and undone (ENGINE section 3, budget).

Of a market order only the book's part is carried out on the way; what it planned with the maker is the last that it
pays or gets, so a trial prices it and leaves out what would come after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.impact import price_bought, price_sell
from engine.intents import Order
from engine.routing import best_offer, route_book
from engine.search import largest, largest_steady
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
    """Largest size on [0, high] that ENGINE 11.2 finds for a buy at market that pays at most `spend`; 0 for none."""
    if spend <= 0 or high <= 0:
        return 0
    tick, outcome, side = taker.tick, taker.outcome, taker.side
    if best_offer(taker) is None:  # the house alone sells
        before = tick.traded.get(taker.traded_key, 0)
        met = 0

        def cost(d: int) -> int:
            return price_bought(tick.working, outcome, side, d, before).total
    else:
        met = try_size(taker, high).met

        def cost(d: int) -> int:
            return try_size(taker, d).amount

    slack = _slack(taker, met)
    if slack is None:
        return largest(lambda d: cost(d) <= spend, high)
    return largest_steady(cost, spend, high, slack)


def _slack(taker: Taker, met: int) -> Callable[[int], int] | None:
    """By how much a larger buy may cost less than a smaller one of some price, through rounding alone; None for more.

    What is charged never falls. The depth after a fill is rounded by at most n + 1 micro-dollars (each diverted share
    and the subsidy): times the fee below p_max, divided by phi where the pool is raised to p_max, and as a part of the
    depth in the exponent of the penalty. Each counterpart of the book rounds its price, its fee and its pot by itself.
    """
    tick = taker.tick
    working, t, outcome = tick.working, tick.working.tariff, taker.outcome
    blur, deep = t.others + 3, working.l[outcome]
    g_n, g_d = t.buying(working.v[outcome])[0][:2]
    fixed = ceil_div(t.fee * blur, RATE) + 8 * met + 2 * blur * ceil_div(g_d, g_n)
    rate = 2 * t.eta * blur
    if 4 * rate > deep * RATE or (met and _pairs_are_dear(taker)):
        return None
    return lambda price: fixed + price * rate // (deep * RATE)


def _pairs_are_dear(taker: Taker) -> bool:
    """Whether somebody waits at a limit that is above $1 with its fee: minting with them leaves the pot more than the
    pair is worth, and where the floor binds a larger buy may then cost less."""
    levels = taker.tick.working.book.levels.get((taker.outcome, 1 - taker.side, True))
    return levels is not None and levels != [] and levels[-1] * (RATE + taker.tick.params.match_fee) > RATE * RATE
