"""Searches for the largest size that fits, in whole numbers (ENGINE ruling 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


def largest(fits: Callable[[int], bool], high: int) -> int:
    """Largest d on [0, high] that fits, found the one way that ENGINE 11.2 prescribes: both sides of a comparison
    round, so another search could end elsewhere. 0 is not tried."""
    if high <= 0 or fits(high):
        return max(high, 0)
    low, high = 0, high - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


class Known(NamedTuple):
    """A size and its price."""

    size: int
    price: int


def largest_steady(cost: Callable[[int], int], budget: int, high: int, slack: int, *, fits: Known, fails: Known) -> int:
    """What `largest` finds on [0, high] for cost(d) <= budget, from fewer prices.

    Every size up to that of `fits` fits, none from that of `fails` on does. Between them `cost` must be steady: a
    larger size never costs less than a smaller one by more than `slack`. So a price far enough from the budget decides
    every size on its side, and only the steps of the halving that lie between two such prices are tried.
    """
    fitting, failing = _bracket(cost, budget, slack, fits, fails)
    low, top = 0, high - 1
    while low < top:
        middle = (low + top + 1) // 2
        if middle <= fitting or (middle < failing and cost(middle) <= budget):
            low = middle
        else:
            top = middle - 1
    return low


def _bracket(cost: Callable[[int], int], budget: int, slack: int, fits: Known, fails: Known) -> tuple[int, int]:
    """(a, b): every size up to a fits, none from b on does. A guess is aimed past the slack, on the side that the last
    was not on."""
    fitting, failing = fits.size, fails.size
    points = [fits, fails]
    for _ in range(_GUESSES):
        rise, run = points[-1].price - points[-2].price, points[-1].size - points[-2].size
        if rise * run <= 0 or failing - fitting <= (4 * slack + 6) * run // rise:
            break
        aim = budget - slack if points[-1].price > budget else budget + slack + 1
        guess = min(max(_inverse(points[-3:], aim), fitting + 1), failing - 1)
        if any(guess == point.size for point in points):
            break
        price = cost(guess)
        points.append(Known(guess, price))
        if price + slack <= budget:
            fitting = max(fitting, guess)
        elif price - slack > budget:
            failing = min(failing, guess)
    return fitting, failing


def _inverse(points: list[Known], price: int) -> int:
    """About the size of a price: through the last two points, bent towards a third."""
    (b, cost_b), (c, cost_c) = points[-2:]
    near = (c - b) * _FINE // (cost_c - cost_b)
    guess = c * _FINE + (price - cost_c) * near
    if len(points) > 2:
        a, cost_a = points[0]
        if cost_a not in (cost_b, cost_c):
            far = (b - a) * _FINE // (cost_b - cost_a)
            guess += (price - cost_c) * (price - cost_b) * (near - far) // (cost_c - cost_a)
    return guess // _FINE


_GUESSES, _FINE = 12, 10**12
"""Guesses at the bracket, of which about four are taken where prices are smooth; and what slopes are counted in."""
