"""The worst price of an order at market: what it counts from, and what a ticket promises (ENGINE section 3, 11.14)."""

from __future__ import annotations

from engine.state import Side
from engine.tick import Taker, Tick
from engine.units import RATE, ceil_div


def worst_ratio(tick: Tick, outcome: int, side: Side, buy: bool, slippage: int) -> tuple[int, int]:
    """Worst price a token as an exact fraction, from the price now and a slippage (rate): p(1 + slip)(1 + fee), for a
    sale p(1 - slip)(1 - fee) (ENGINE 11.14)."""
    working = tick.working
    supply = working.q[side is Side.NO][outcome]
    return supply * _factor(tick, slippage, buy=buy), working.l[outcome] * RATE * RATE


def ticket_worst(taker: Taker, slippage: int) -> int:
    """What the ticket of an order that was tried promises, all in, a rate: as `worst_ratio` from the price now, or
    where the floor binds from the order's own average before its fee. Never better than the average on the ticket."""
    tick, order = taker.tick, taker.order
    if not taker.floor:
        top, bottom = worst_ratio(tick, order.outcome, order.side, order.buy, slippage)
        return top * RATE // bottom
    before_fee = taker.amount - taker.fees if order.buy else taker.amount + taker.fees
    worst = before_fee * _factor(tick, slippage, buy=order.buy) // (taker.filled * RATE)
    money = taker.amount * RATE
    return max(worst, ceil_div(money, taker.filled)) if order.buy else min(worst, money // taker.filled)


def _factor(tick: Tick, slippage: int, *, buy: bool) -> int:
    """(1 +/- slip)(1 +/- fee), times RATE twice."""
    sign = 1 if buy else -1
    return max(0, RATE + sign * slippage) * (RATE + sign * tick.params.fee)
