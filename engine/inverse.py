"""How much fits: the largest size at which something still holds."""

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
