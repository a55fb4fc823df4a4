"""The arithmetic of one binary, by definition: every answer is the least or largest integer that satisfies an equation.

No root and no closed form is used. A cost is the least micro-dollar that carries the pool to its new supply, found by
search over exact fractions; floating point only says where the search begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import sqrt

from tests.engine.reference.rules import MICRO


def least(fits: Callable[[int], bool], near: int = 0) -> int:
    """The least integer >= 0 that fits, where everything above one that fits does too; the search begins at `near`."""
    low, high, stride = max(0, near), max(0, near), 1
    while not fits(high):
        low, high, stride = high + 1, high + stride, stride * 2
    while low > 0 and fits(low - 1):
        high, low, stride = low - 1, max(0, low - 1 - stride), stride * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def largest(fits: Callable[[int], bool], top: int, near: int = 0) -> int:
    """The largest integer in 0..top that fits, where everything below one that fits does too; 0 if none does."""
    return top - least(lambda back: back == top or fits(top - back), min(max(0, top - near), top))


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How L follows V: the subsidy is l0 below V = 0, fades with gamma, and is gone at V = l0/gamma."""

    l0: int
    gamma: Fraction

    def level(self, v: int) -> int:
        """L = V + subsidy, the subsidy rounded down."""
        return v + min(Fraction(self.l0), max(Fraction(0), self.l0 - self.gamma * v)) // 1

    def slope(self, piece: int) -> Fraction:
        return (Fraction(1), 1 - self.gamma, Fraction(1))[piece]

    def piece(self, v: int, *, up: bool) -> int:
        """The piece a trade enters from V: at a corner the one on its own side."""
        corners = [Fraction(0)] if self.gamma == 0 else [Fraction(0), self.l0 / self.gamma]
        return sum(v >= corner if up else v > corner for corner in corners)

    def end(self, piece: int, *, up: bool) -> Fraction | None:
        """L where the piece ends in that direction, None if it never does."""
        corners = [Fraction(self.l0), None if self.gamma == 0 else self.l0 / self.gamma]
        return ([*corners, None] if up else [None, *corners])[piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One token of one pool before a trade: V, the supply of the side traded, and the own share phi of collateral."""

    depth: Depth
    v: int
    q: int
    phi: Fraction

    @property
    def level(self) -> int:
        return self.depth.level(self.v)

    @property
    def price(self) -> Fraction:
        return Fraction(self.q, self.level)

    def g(self, *, up: bool) -> Fraction:
        """Growth of L per micro-dollar in the piece at the start."""
        return self.phi * self.depth.slope(self.depth.piece(self.v, up=up))

    def reached(self, paid: Fraction, *, up: bool) -> Fraction | None:
        """Q^2 after `paid` went in (up) or out along dQ = dx/p, dL = g dx; None below L = 0."""
        piece, level, squared = self.depth.piece(self.v, up=up), Fraction(self.level), Fraction(self.q) ** 2
        sign = 1 if up else -1
        while True:
            g, end = self.phi * self.depth.slope(piece), self.depth.end(piece, up=up)
            whole = None if end is None else (end - level) * sign / g
            if whole is None or end is None or paid <= whole:
                after = level + sign * g * paid
                return None if after < 0 else squared + (after**2 - level**2) / g
            squared, level = squared + (end**2 - level**2) / g, end
            paid, piece = paid - whole, piece + sign

    def level_at(self, q_squared: Fraction) -> Fraction:
        """L^2 where the path has brought the supply to the root of `q_squared`; below 0 where it never gets there."""
        up = q_squared > self.q**2
        piece, level, squared = self.depth.piece(self.v, up=up), Fraction(self.level) ** 2, Fraction(self.q) ** 2
        while True:
            g, end = self.phi * self.depth.slope(piece), self.depth.end(piece, up=up)
            after = level - g * (squared - q_squared)
            if end is None or (after <= end**2 if up else after >= end**2):
                return after
            squared, level, piece = squared - (level - end**2) / g, end**2, piece + (1 if up else -1)

    def about(self, q: int) -> int:
        """Where the search for what brings the supply to `q` begins: right where no corner is passed, save rounding."""
        g, level = float(self.g(up=q > self.q)), float(self.level)
        return int(abs(sqrt(max(0.0, level**2 + g * (q**2 - self.q**2))) - level) / g)

    def about_price(self, t: float, *, up: bool) -> int:
        """Where the search for the supply at which the price is `t` begins: likewise."""
        g, level = float(self.g(up=up)), float(self.level)
        squared, bend = level**2 - g * float(self.q) ** 2, 1 - t**2 * g
        return int(t * sqrt(squared / bend)) if squared > 0 and bend > 0 else self.q


def curve_buy(path: Path, d: int) -> int:
    """The least x that carries the supply to Q + d along the marginal price."""
    goal = (path.q + d) ** 2

    def carried(x: int) -> bool:
        after = path.reached(Fraction(x), up=True)
        return after is not None and after >= goal

    return least(carried, path.about(path.q + d))


def curve_sell(path: Path, d: int) -> int:
    """The largest x the pool can pay while the supply stays at or above Q - d along the marginal price."""
    goal = (path.q - d) ** 2

    def kept(x: int) -> bool:
        after = path.reached(Fraction(x), up=False)
        return after is not None and after >= goal

    return largest(kept, path.level * 2 * max(1, int(1 / path.phi)) + 1, path.about(path.q - d))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of old and new price and the convexity a size d pays on top of D before it."""

    mu: Fraction
    nu: Fraction
    kappa: Fraction

    def convexity(self, before: int, d: int) -> Fraction:
        """kappa ((D + d)^2 - D^2), in micro-dollars."""
        return self.kappa * ((before + d) ** 2 - before**2) / MICRO


def quadratic_buy(path: Path, d: int, weights: Weights, before: int = 0) -> int:
    """The least X with X >= d (a p + b p') + conv, p' = (Q + d) / (L + g X)."""
    a = weights.mu / (weights.mu + weights.nu)
    level, g, conv = path.level, path.g(up=True), weights.convexity(before, d)
    fixed, moving = d * a * path.price + conv, d * (1 - a) * (path.q + d)
    begin = float(fixed) + _smaller_root(float(level + g * fixed), float(moving), float(-g))
    return least(lambda x: (x - fixed) * (level + g * x) >= moving, int(begin))


def quadratic_sell(path: Path, d: int, weights: Weights, before: int = 0) -> int:
    """The floor of the smaller root of X = d (a p' + b p) - conv, p' = (Q - d) / (L - g X); never below 0."""
    a = weights.mu / (weights.mu + weights.nu)
    level, g, conv = path.level, path.g(up=False), weights.convexity(before, d)
    fixed, moving = d * (1 - a) * path.price - conv, d * a * (path.q - d)

    def short_of_the_root(x: int) -> bool:
        return (x - fixed) * (level - g * x) <= moving

    lowest = (level + g * fixed) / (2 * g)  # where the parabola turns: the smaller root lies below
    if lowest < 0 or not short_of_the_root(0):
        return 0
    begin = float(fixed) + _smaller_root(float(level - g * fixed), float(moving), float(g))
    return largest(short_of_the_root, lowest // 1, int(begin))


def _smaller_root(b: float, c: float, g: float) -> float:
    """Where the search for y (b - g y) = c begins."""
    return 2 * c / max(1.0, b + sqrt(max(0.0, b**2 - 4 * g * c)))


def buyable_to(path: Path, t: Fraction, most: int) -> int:
    """The largest d, up to `most`, whose price along the curve stays at or below t; 0 where it is above t already."""

    def below(d: int) -> bool:
        return (path.q + d) ** 2 <= t**2 * path.level_at(Fraction((path.q + d) ** 2))

    return largest(below, most, path.about_price(float(t), up=True) - path.q)


def sellable_to(path: Path, t: Fraction) -> int:
    """The largest d whose price along the curve stays at or above t; 0 where the price is below t already."""

    def above(d: int) -> bool:
        return (path.q - d) ** 2 >= t**2 * path.level_at(Fraction((path.q - d) ** 2))

    return largest(above, path.q, path.q - path.about_price(float(t), up=False))


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Exact for whole exponents, else in Decimal at 50 digits."""
    if exponent.denominator == 1:
        return Fraction(base**exponent.numerator)
    context = Context(prec=50, rounding=ROUND_HALF_EVEN)
    decimal = [context.divide(Decimal(x.numerator), Decimal(x.denominator)) for x in (base, exponent)]
    return Fraction(context.power(decimal[0], decimal[1]))
