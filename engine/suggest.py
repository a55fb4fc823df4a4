"""Sizes that a ticket offers instead of what was asked for, both on the tick's own path (`engine.sizing`).

An order at market that costs as much as it can pay, gas in, can only lose; one that moves the price further than its
slippage allows is refused. These are the largest sizes of which neither is true.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.intents import Order
from engine.quote import open_tick
from engine.search import largest
from engine.sizing import Way, try_size, trying
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Taker, Tick
from engine.units import RATE
from engine.worst_price import ticket_worst

_DUST = 8
"""Micro-dollars that the rounding of one counterpart may cost."""


def largest_winning(
    state: MarketState, params: MarketParams, *, now_ms: int, user: int | None, outcome: int, side: Side
) -> int:
    """The largest buy at market whose cost, gas in, is still below what it pays if right (micro-tokens); 0 for none.

    What is won grows with the size up to where a token costs its dollar, and falls from there: the gas makes the
    smallest sizes lose, the price the largest.
    """
    tick, user = open_tick(state, params, now_ms, user)
    order = Order(id="quote", accepted_ms=now_ms, user=user, outcome=outcome, side=side, buy=True, size=1)
    high = 1_000 * (params.gas_fee + params.l0)
    while (size := _last_winning(tick, order, high)) == high:
        high *= 8
    return size


def _last_winning(tick: Tick, order: Order, high: int) -> int:
    """The largest winning size up to `high`: the way is gone until the gain is gone."""
    gas = tick.params.gas_fee
    start, before = 0, -gas
    with trying(tick, order) as taker:
        for stretch in Way(taker, high).stretches() if taker else ():
            end, after = stretch.end.size, stretch.end.size - stretch.end.price - gas
            if after <= 0 < before or (after <= 0 and stretch.maker and before + end - start > 0):
                size = _last_between(_gain(stretch.cost(), gas), start, end, wins=before > 0)
                if size:
                    return size
            if after <= 0 and after < before - _DUST * (1 + stretch.met):
                return 0
            start, before = end, after
    return start if before > 0 else 0


def _gain(cost: Callable[[int], int], gas: int) -> Callable[[int], int]:
    return lambda size: size - cost(size) - gas


def _last_between(gain: Callable[[int], int], start: int, end: int, *, wins: bool) -> int:
    """The largest size from `start` (which wins or not) to `end` (which does not) that wins; 0 for none."""
    peak = start if wins else _peak(gain, start, end)
    if not wins and gain(peak) <= 0:
        return 0
    return peak + largest(lambda more: gain(peak + more) > 0, end - 1 - peak)


def _peak(gain: Callable[[int], int], start: int, end: int) -> int:
    """A size behind `start` that gains, or else the one that gains most: the gain rises up to a peak and falls from
    there. Looked for near the start first: where the pool is raised the gain may rise once more, far below zero."""
    span = best = end - start
    most = gain(end)
    while span > 1:
        span //= 2
        here = gain(start + span)
        if here > 0:
            return start + span
        best, most = max((best, most), (span, here), key=lambda tried: tried[1])
    low, top = start + max(best // 2, 1), min(start + 2 * best, end)
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
