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


def largest_within(cost: Callable[[int], int], budget: int, high: int) -> int:
    """Largest d on [0, high] with cost(d) <= budget, for a cost that never falls.

    False position with halved weights (Illinois) where the cost is smooth, halving every third time for the steps
    that rounding makes: about a dozen prices instead of forty.
    """
    if high <= 0:
        return 0
    over = cost(high) - budget
    if over <= 0:
        return high
    low, under, rounds, last = 0, max(budget, 1), 0, 0
    while high - low > 1:
        rounds += 1
        guess = low + (high - low) * under // (under + over) if rounds % 3 else (low + high) // 2
        guess = min(max(guess, low + 1), high - 1)
        off = cost(guess) - budget
        if off > 0:
            high, over = guess, off
            under = under // 2 if last > 0 else under
        else:
            low, under = guess, -off
            over = max(over // 2, 1) if last < 0 else over
        last = 1 if off > 0 else -1
    return low
