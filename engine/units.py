"""Units of the engine, and the only places where a number is rounded.

Money is integer micro-dollars, tokens are integer micro-tokens, so a price (dollars per token) is a plain ratio of
the two. Rates (fees, weights, limits, prices handed around as numbers) are integers in 10^-12. Time is integer
milliseconds from the market's start. Users pay ceilings and receive floors (ENGINE section 1).

Beside them: the fields of a dataclass, looked up once, for writing JSON; and the version of the rules.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import isqrt

MICRO = 10**6
"""Micro-dollars in a dollar, micro-tokens in a token."""

CENT = MICRO // 100
TENTH = CENT // 10
"""Of a cent: what prices are shown in."""

RATE = 10**12
"""One, as a rate."""

POWERS = Context(prec=50, Emax=10**9, Emin=-(10**9))
"""Where roots that are not square and powers that are not whole are taken: 50 digits, on every machine the same."""


def ceil_div(numerator: int, denominator: int) -> int:
    """Smallest integer at or above numerator/denominator; denominator > 0."""
    return -(-numerator // denominator)


def sqrt_up(square: int) -> int:
    """Smallest integer whose square is at least `square` >= 0."""
    return isqrt(square - 1) + 1 if square > 0 else 0


def floor_fraction(value: Fraction) -> int:
    """Largest integer at or below value."""
    return value.numerator // value.denominator


def ceil_fraction(value: Fraction) -> int:
    """Smallest integer at or above value."""
    return ceil_div(value.numerator, value.denominator)


def half_up(numerator: int, denominator: int) -> int:
    """Nearest integer, halves up; for display only, never for money that changes hands."""
    return (2 * numerator + denominator) // (2 * denominator)


def whole_cents(micro: int) -> int:
    """Money as people are told it, cut to the cent below; in micro-dollars."""
    return micro // CENT * CENT


def whole_tenths(micro: int) -> int:
    """A price as people are told it, to the nearest tenth of a cent, halves up; in micro-dollars."""
    return half_up(micro, TENTH) * TENTH


def times_power(amount: int, numerator: int, denominator: int, exponent: int, *, up: bool) -> int:
    """amount * (numerator/denominator)^exponent, rounded once, up or down; exponent is a rate.

    A whole exponent is exact; any other is taken in Decimal at 50 digits (ENGINE section 1).
    """
    whole, rest = divmod(exponent, RATE)
    if rest == 0:
        top, bottom = amount * numerator**whole, denominator**whole
        return ceil_div(top, bottom) if up else top // bottom
    base = POWERS.divide(Decimal(numerator), Decimal(denominator))
    power = POWERS.power(base, POWERS.divide(Decimal(exponent), Decimal(RATE)))
    product = POWERS.multiply(Decimal(amount), power)
    return int(product.to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR))


JSON_SCALARS = frozenset({int, str, bool, type(None)})  # written as they are

_field_names: dict[type, tuple[str, ...]] = {}


def field_names(kind: type) -> tuple[str, ...]:
    """Of a dataclass's fields, in order."""
    if kind not in _field_names:
        _field_names[kind] = tuple(part.name for part in fields(kind))
    return _field_names[kind]


RULES = 2
"""Goes up with every change after which a market that has run could replay to another result or fingerprint."""
