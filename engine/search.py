"""Searches for the largest size that fits, in whole numbers (ENGINE ruling 2)."""

from __future__ import annotations

from collections.abc import Callable


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


def largest_steady(cost: Callable[[int], int], budget: int, high: int, slack: Callable[[int], int]) -> int:
    """`largest` for cost(d) <= budget, the same d from fewer prices.

    `cost` must be steady: a larger size never costs less than a smaller one of price c by more than slack(c). So a
    price far enough from the budget decides every size on its side, and only the steps of the halving that lie between
    two such prices are tried.
    """
    if high <= 0:
        return 0
    over = cost(high)
    if over <= budget:
        return high
    fitting, failing = _bracket(cost, budget, high, over, slack)
    low, top = 0, high - 1
    while low < top:
        middle = (low + top + 1) // 2
        if middle <= fitting or (middle < failing and cost(middle) <= budget):
            low = middle
        else:
            top = middle - 1
    return low


def _bracket(
    cost: Callable[[int], int], budget: int, high: int, over: int, slack: Callable[[int], int]
) -> tuple[int, int]:
    """(a, b): every size up to a fits, none from b on does; by secants, aimed past the slack on the wider side."""
    fitting, failing = 0, high
    older, old_price, newer, price = 0, 0, high, over
    for _ in range(_SECANTS):
        margin = slack(budget)
        rise, run = price - old_price, newer - older
        if rise * run <= 0:
            break
        root = newer + (budget - price) * run // rise
        near = (4 * margin + 4) * run // rise
        if failing - fitting <= 4 * near + 4:
            break
        aim = budget - margin if root - fitting > failing - root else budget + margin + 1
        guess = newer + (aim - price) * run // rise
        guess = min(max(guess, fitting + 1), failing - 1)
        if guess in (older, newer):
            break
        older, old_price, newer, price = newer, price, guess, cost(guess)
        margin = slack(price)
        if price + margin <= budget:
            fitting = max(fitting, guess)
        elif price - margin > budget:
            failing = min(failing, guess)
    return fitting, failing


_SECANTS = 12
"""Tries at the bracket: about five are taken where prices are smooth."""
