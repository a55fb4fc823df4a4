"""What first orders do to a market that has just opened: what `engine.lint` tries out. Real quotes, real ticks."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from engine.intents import Intent, Join, Order
from engine.orders import apply_orders
from engine.quote import Quote, quote
from engine.state import Side, open_market
from engine.terms import MarketParams, Round
from engine.units import MICRO, RATE, ceil_div

FIFTY = 50 * MICRO
MAX_MOVE = RATE // 10
"""Ten points: what a $50 order may move a price before it is worth a warning."""

_NEVER_MS = 10**15
_PLENTY = 10**24
_STEPS = 4096
"""Sizes are searched to a 4096th of the depth, which is finer than anybody reads."""


class FirstPurchase(NamedTuple):
    """A purchase for $50 and what it does; `end` as in `both_ends`."""

    ticket: Quote
    end: int
    outcome: int
    side: Side

    @property
    def move(self) -> int:
        return self.ticket.price_after - self.ticket.price_before


def both_ends(params: MarketParams) -> dict[int, MarketParams]:
    """0: the market at its start values; 1: at its end values, where those differ. No step of the timetable is near."""
    final = Round(freeze_at=_NEVER_MS, decide_at=_NEVER_MS, count=params.n_outcomes - 1, winner="ask")
    early = replace(params, rounds=(final,), duration=_NEVER_MS)
    names = ("mu", "nu", "kappa", "zeta")
    late = replace(early, **{f"{name}_start": getattr(params, f"{name}_end") for name in names})
    return {0: early} if late == early else {0: early, 1: late}


def first_order(params: MarketParams, outcome: int, side: Side, spend: int = FIFTY) -> Quote:
    """What the first order of a market buys for so much money, at the start values."""
    ticket = quote(open_market(params), params, now_ms=0, user=None, outcome=outcome, side=side, buy=True, spend=spend)
    assert isinstance(ticket, Quote), "a market that has just opened sells to whoever can pay"
    return ticket


def largest_move(params: MarketParams) -> FirstPurchase:
    """The $50 purchase that moves its price most; of equals, the first. Outcomes of one start price are alike."""
    distinct = [j for j, odds in enumerate(params.odds) if odds not in params.odds[:j]]
    purchases = [
        FirstPurchase(first_order(at_end, j, side), end, j, side)
        for end, at_end in both_ends(params).items()
        for j in distinct
        for side in Side
    ]
    return max(purchases, key=lambda purchase: purchase.move)


def sufficient_l0(params: MarketParams, worst: FirstPurchase) -> int:
    """A depth, to three digits, at which $50 move no price by more than ten points.

    Searched for the worst purchase, and again for whichever is the worst there.
    """
    deep = params
    while worst.move > MAX_MOVE:
        deep = replace(deep, l0=_sufficient_for(both_ends(deep)[worst.end], worst.outcome, worst.side))
        worst = largest_move(deep)
    return deep.l0


def _sufficient_for(params: MarketParams, outcome: int, side: Side) -> int:
    def is_enough(l0: int) -> bool:
        ticket = first_order(replace(params, l0=l0), outcome, side)
        return ticket.price_after - ticket.price_before <= MAX_MOVE

    low = high = params.l0
    while not is_enough(high):
        low, high = high, 2 * high
    for _ in range(12):
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return three_digits(high)


def three_digits(money: int) -> int:
    """Rounded up to three digits, and to whole dollars at least."""
    unit = max(MICRO, int(10 ** (len(str(money)) - 3)))
    return ceil_div(money, unit) * unit


def sure_gain(params: MarketParams) -> tuple[int, int]:
    """(size, gain) of the best purchase of NO on every outcome within one tick, `size` tokens of each, gas in.

    N - 1 of them pay $1 whoever wins. (0, 0) where no size gains.
    """
    early = both_ends(params)[0]

    def gain(step: int) -> int:
        size = params.l0 * step // _STEPS
        return (params.n_outcomes - 1) * size - _cost_of_all_no(early, size) if size else 0

    low, high = 0, 2 * _STEPS
    while low < high:  # concave: the gain grows up to its best size and falls from there
        middle = (low + high) // 2
        low, high = (middle + 1, high) if gain(middle + 1) > gain(middle) else (low, middle)
    best = gain(low)
    return (params.l0 * low // _STEPS, best) if best > 0 else (0, 0)


def _cost_of_all_no(params: MarketParams, size: int) -> int:
    """All somebody pays for `size` NO of every outcome in one market tick, gas in."""
    intents: list[Intent] = [Join(id="join", accepted_ms=0, user=1, cash=_PLENTY)]
    intents += [
        Order(id=f"order {j}", accepted_ms=0, user=1, outcome=j, side=Side.NO, buy=True, size=size)
        for j in range(params.n_outcomes)
    ]
    _, after, _ = apply_orders(open_market(params), intents, params, 0)
    return _PLENTY - after.accounts[1].cash
