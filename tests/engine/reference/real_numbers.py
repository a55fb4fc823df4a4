"""The same formulas over real numbers at 50 digits: money in dollars, tokens whole, nothing is rounded.

Costs solve their defining equation, inverses solve the costs, so that they share no algebra with an engine that works
in closed forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from mpmath import mp, mpf

DIGITS = 50

Real = Callable[[mpf], mpf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One token of one pool: V and Q at the start, l0 and gamma, V = top where the subsidy ends, own share phi."""

    v: mpf
    q: mpf
    l0: mpf
    gamma: mpf
    top: mpf
    phi: mpf

    def level(self, v: mpf) -> mpf:
        """L = V + subsidy."""
        return v + min(self.l0, max(mpf(0), self.l0 - self.gamma * v))

    @property
    def price(self) -> mpf:
        return self.q / self.level(self.v)

    def slope(self, *, up: bool) -> mpf:
        """dL/dV just above or just below V."""
        inside = 0 <= self.v < self.top if up else 0 < self.v <= self.top
        return 1 - self.gamma if inside else mpf(1)


def curve(pool: Pool, d: mpf) -> mpf:
    """What the pool has taken in when d tokens went out (d < 0: came back), along dx = p dQ.

    Since Q dQ = L dx, Q^2 grows by twice the area under L, which is straight between the corners of the subsidy.
    """

    def off(x: mpf) -> mpf:
        corners = [(end - pool.v) / pool.phi for end in (mpf(0), pool.top)]
        stops = [mpf(0), *sorted((c for c in corners if min(0, x) < c < max(0, x)), reverse=x < 0), x]
        heights = [pool.level(pool.v + pool.phi * stop) for stop in stops]
        area = sum((b - a) * (m + n) / 2 for (a, b), (m, n) in zip(pairwise(stops), pairwise(heights), strict=True))
        return pool.q**2 + 2 * area - (pool.q + d) ** 2

    if d >= 0:
        return root(off, mpf(0), beyond(off))
    return root(off, -(pool.l0 + pool.v) / pool.phi, mpf(0))  # at the far end L is 0


def quadratic_buy(pool: Pool, d: mpf, a: mpf, kappa: mpf, before: mpf) -> mpf:
    """X = d (a p + b (Q + d)/(L + g X)) + conv."""
    level, g = pool.level(pool.v), pool.phi * pool.slope(up=True)
    conv = kappa * ((before + d) ** 2 - before**2)

    def off(x: mpf) -> mpf:
        return x - d * (a * pool.price + (1 - a) * (pool.q + d) / (level + g * x)) - conv

    return root(off, mpf(0), beyond(off))


def quadratic_sell(pool: Pool, d: mpf, a: mpf, kappa: mpf, before: mpf) -> mpf:
    """The smaller root of X = d (a (Q - d)/(L - g X) + b p) - conv, at least 0."""
    level, g = pool.level(pool.v), pool.phi * pool.slope(up=False)
    fixed = d * (1 - a) * pool.price - kappa * ((before + d) ** 2 - before**2)

    def off(x: mpf) -> mpf:
        return (x - fixed) * (level - g * x) - d * a * (pool.q - d)

    turn = (level + g * fixed) / (2 * g)  # `off` rises up to here: the smaller root lies below
    return root(off, mpf(0), turn) if turn > 0 and off(mpf(0)) < 0 else mpf(0)


def marginal(pool: Pool, t: mpf, top: mpf, *, buy: bool) -> mpf:
    """The d in 0..top that brings the price along the curve to t."""
    sign = 1 if buy else -1

    def off(d: mpf) -> mpf:
        level = pool.level(pool.v + pool.phi * curve(pool, sign * d))
        return sign * (pool.q + sign * d - t * level)

    return root(off, mpf(0), top)


def average(cost: Real, t: mpf, top: mpf, *, buy: bool) -> mpf:
    """The d in 0..top whose cost(d) is t d, for costs whose average moves one way."""
    sign = 1 if buy else -1
    return root(lambda d: sign * (cost(d) - t * d), top * mpf(10) ** -20, top)


def filled(wanted: list[mpf], whole: mpf, cap: mpf) -> list[mpf]:
    """Water-filling: the scale c at which the sum of min(cap, c t) is min(whole, n cap)."""
    total = min(whole, len(wanted) * cap)
    if total == len(wanted) * cap:
        return [cap] * len(wanted)

    def off(c: mpf) -> mpf:
        return mp.fsum(min(cap, c * t) for t in wanted) - total

    c = root(off, mpf(0), beyond(off))
    return [min(cap, c * t) for t in wanted]


def beyond(off: Real) -> mpf:
    """A point where an equation that starts below its root is past it."""
    high = mpf(1)
    while off(high) < 0:
        high *= 2
    return high


def root(off: Real, low: mpf, high: mpf) -> mpf:
    """Where `off` crosses 0 upwards between `low` and `high`: false position, Illinois."""
    below, above, last = off(low), off(high), 0
    if below >= 0 or above <= 0:
        return low if below >= 0 else high
    for _ in range(DIGITS * 20):
        middle = low - below * (high - low) / (above - below)
        if not low < middle < high:
            return middle
        value = off(middle)
        if value < 0:
            low, below, above, last = middle, value, above / 2 if last < 0 else above, -1
        elif value > 0:
            high, above, below, last = middle, value, below / 2 if last > 0 else below, 1
        else:
            return middle
    raise ArithmeticError("no root to 50 digits")
