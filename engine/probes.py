"""What first orders do to a market that has just opened: what `engine.lint` tries out. Real quotes, real ticks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from engine.bounds import MOST_MONEY, largest_l0
from engine.intents import Intent, Join, Order
from engine.orders import apply_orders
from engine.quote import Quote, quote
from engine.state import Side, open_market
from engine.terms import MarketParams, Round
from engine.units import MICRO, RATE, ceil_div

FIFTY = 50 * MICRO
MAX_MOVE = RATE // 10
"""Ten points: what a $50 order may move a price before it is worth a warning."""
MAX_DEARER = Fraction(1, 4)
"""What it may cost on average above the price, less the fee, as a share of it."""

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
    def average(self) -> Fraction:
        """What a token costs, less the fee; a ratio."""
        return Fraction(self.ticket.amount - self.ticket.fee, self.ticket.size)

    @property
    def strain(self) -> Fraction:
        """How far it goes of what it may, by its move or by its average; above 1 it is worth a warning."""
        dearer = self.average * RATE / self.ticket.price_before - 1
        return max(Fraction(self.ticket.price_after - self.ticket.price_before, MAX_MOVE), dearer / MAX_DEARER)


def without_timetable(params: MarketParams) -> MarketParams:
    """The market with no step near, and no names: all that a first order depends on."""
    final = Round(freeze_at=_NEVER_MS, decide_at=_NEVER_MS, count=params.n_outcomes - 1, winner="ask")
    return replace(params, outcome_names=("",) * params.n_outcomes, rounds=(final,), duration=_NEVER_MS)


def both_ends(params: MarketParams) -> dict[int, MarketParams]:
    """0: the market at its start values; 1: at its end values, where those differ. No step of the timetable is near."""
    early = without_timetable(params)
    names = ("mu", "nu", "kappa", "zeta")
    late = replace(early, **{f"{name}_start": getattr(params, f"{name}_end") for name in names})
    return {0: early} if late == early else {0: early, 1: late}


def first_order(params: MarketParams, outcome: int, side: Side, spend: int = FIFTY) -> Quote:
    """What the first order of a market buys for so much money, at the start values."""
    ticket = quote(open_market(params), params, now_ms=0, user=None, outcome=outcome, side=side, buy=True, spend=spend)
    assert isinstance(ticket, Quote), "a market that has just opened sells to whoever can pay"
    return ticket


def worst_fifty(params: MarketParams) -> FirstPurchase:
    """The $50 purchase that strains its price most; of equals, the first. Outcomes of one start price are alike."""
    distinct = [j for j, odds in enumerate(params.odds) if odds not in params.odds[:j]]
    purchases = [
        FirstPurchase(first_order(at_end, j, side), end, j, side)
        for end, at_end in both_ends(params).items()
        for j in distinct
        for side in Side
    ]
    return max(purchases, key=lambda purchase: purchase.strain)


def at_stake(params: MarketParams, z: int) -> MarketParams:
    """The market with another stake: the depth follows it, and a convexity that is the default; another stays as it is
    written."""
    kappas = {
        name: kept if (kept := getattr(params, name)) == RATE // 10 else kept * z // params.z
        for name in ("kappa_start", "kappa_end")
    }
    return replace(params, z=z, l0=largest_l0(params.start, z, params.odds), **kappas)


def sufficient_l0(params: MarketParams) -> int | None:
    """A depth, to three digits, at which $50 strain no price; None where the deepest of this stake is not enough."""
    return _least_enough(
        lambda l0: worst_fifty(replace(params, l0=l0)).strain <= 1,
        params.l0,
        largest_l0(params.start, params.z, params.odds),
    )


def sufficient_z(params: MarketParams) -> int | None:
    """A stake, to three digits, at which $50 strain no price; None where no stake is enough, which then is the
    convexity's doing."""
    return _least_enough(lambda z: worst_fifty(at_stake(params, z)).strain <= 1, params.z, MOST_MONEY)


def sufficient_z_for(params: MarketParams, outcome: int) -> int | None:
    """A stake, to three digits, at which the whole starting balance is not too large; None where no stake is enough,
    because the price with its fee comes to a dollar."""
    return _least_enough(lambda z: not is_too_large(whole_balance(at_stake(params, z), outcome)), params.z, MOST_MONEY)


def _least_enough(is_enough: Callable[[int], bool], low: int, most: int) -> int | None:
    """An amount to three digits that is enough and at most `most`, close to the least one above `low`, which is not;
    more stays enough. None where not even `most` is."""
    if not is_enough(most):
        return None
    high = min(2 * low, most)
    while not is_enough(high):
        low, high = high, min(2 * high, most)
    for _ in range(12):
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return min(three_digits(high), most)


def whole_balance(params: MarketParams, outcome: int) -> Quote:
    """What a member's whole starting balance buys of an outcome's YES as the first order, at the start values."""
    return first_order(params, outcome, Side.YES, params.starting_balance)


def is_too_large(ticket: Quote) -> bool:
    """Whether it passes p_max or costs, gas in, more than it can pay."""
    return ticket.size > ticket.largest_sensible or ticket.amount + ticket.gas > ticket.payout_if_right


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
