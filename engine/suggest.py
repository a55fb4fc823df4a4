"""Sizes that a ticket offers instead of what was asked for, both on the tick's own path (`engine.sizing`).

An order at market that costs as much as it can pay, gas in, can only lose; one that moves the price further than its
slippage allows is refused. These are the largest sizes of which neither is true.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.intents import Order
from engine.quote import open_tick
from engine.search import largest
from engine.sizing import try_size, trying
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Taker
from engine.units import RATE
from engine.worst_price import ticket_worst


def largest_winning(
    state: MarketState, params: MarketParams, *, now_ms: int, user: int | None, outcome: int, side: Side
) -> int:
    """The largest buy at market whose cost, gas in, is still below what it pays if right (micro-tokens); 0 for none.

    What is won grows with the size up to where a token costs its dollar, and falls from there: the gas makes the
    smallest sizes lose, the price the largest.
    """
    tick, user = open_tick(state, params, now_ms, user)
    order = Order(id="quote", accepted_ms=now_ms, user=user, outcome=outcome, side=side, buy=True, size=1)
    with trying(tick, order) as taker:
        if taker is None:
            return 0
        return _last_winning(taker, params.gas_fee)


def _last_winning(taker: Taker, gas: int) -> int:
    def gain(size: int) -> int:
        return size - try_size(taker, size).amount - gas

    high = max(gas, taker.tick.working.l[taker.outcome])
    while gain(high) > 0:
        high *= 2
    size = best = high
    most = gain(high)
    while most <= 0 and size > 1:  # down to the first that wins
        size //= 2
        best, most = max((best, most), (size, gain(size)), key=lambda tried: tried[1])
    if most <= 0:
        best = _peak(gain, max(best // 2, 1), 2 * best)
    if gain(best) <= 0:
        return 0
    return best + largest(lambda more: gain(best + more) > 0, 2 * best)


def _peak(gain: Callable[[int], int], low: int, top: int) -> int:
    """Where the gain is highest, or a size that gains: it rises up to its peak and falls from there."""
    while low < top:
        third = (top - low) // 3
        left, right = low + third, top - third
        ahead, behind = gain(left), gain(right)
        if ahead > 0 or behind > 0:
            return left if behind <= 0 else right
        low, top = (low, right - 1) if ahead >= behind else (left + 1, top)
    return low


def largest_within_slippage(
    state: MarketState,
    params: MarketParams,
    *,
    now_ms: int,
    user: int | None,
    outcome: int,
    side: Side,
    buy: bool,
    size: int,
    slippage: int,
) -> int:
    """The largest part of an order at market of `size` that a ticket with this slippage lets through (ENGINE 11.2);
    0 for none. What the pool would leave unsold of a sale is not asked for."""
    tick, user = open_tick(state, params, now_ms, user)
    order = Order(id="quote", accepted_ms=now_ms, user=user, outcome=outcome, side=side, buy=buy, size=size)
    with trying(tick, order) as taker:
        if taker is None:
            return 0

        def fits(part: int) -> bool:
            tried = try_size(taker, part)
            return tried.filled > 0 and _within(tried, ticket_worst(tried, slippage))

        return largest(fits, size)


def _within(tried: Taker, worst: int) -> bool:
    paid, allowed = tried.amount * RATE, worst * tried.filled
    return paid <= allowed if tried.buy else paid >= allowed
