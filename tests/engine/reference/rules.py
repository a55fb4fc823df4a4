"""The parameters of a market as the reference reads them: exact fractions, money in micro-dollars, time in ms."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

MICRO = 10**6
RATE = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A parameter that moves from `start` to `end`."""

    start: Fraction
    end: Fraction

    def at(self, passed: int, whole: int) -> Fraction:
        """Linear and clamped at both ends, floored to a rate of 10^-12."""
        share = Fraction(min(max(passed, 0), whole), whole) if whole > 0 else Fraction(1)
        return Fraction((self.start + (self.end - self.start) * share) * RATE // 1, RATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A round of the timetable; `winner` is set for the final alone."""

    freeze_at: int
    decide_at: int
    count: int
    losers: tuple[int, ...] | Literal["ask"] = ()
    winner: int | Literal["ask"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every parameter that decides what happens."""

    odds: tuple[Fraction, ...]
    seeds: tuple[tuple[int, int], ...]  # YES and NO per outcome, micro-tokens
    z: int
    l0: int
    gamma: Fraction
    mu: Span
    nu: Span
    kappa: Span  # per token squared, times z in dollars
    zeta: Span
    eta: Fraction
    fee: Fraction
    match_fee: Fraction
    gas: int
    crossing: bool
    autofill: bool
    sigma: Fraction
    autofill_share: Fraction
    autofill_pools: int
    autofill_surplus: Fraction
    p_min: Fraction
    p_max: Fraction
    set_cap: Fraction
    clamp: bool
    vc_enabled: bool
    floor_enabled: bool
    floor_allowance: int
    band: Fraction | None
    reset: bool
    duration: int
    rounds: tuple[Stage, ...]
    window: int = 0  # how long winners are only claimed
    round_window: int = 0  # and the losers of a round


def ceil(value: Fraction | int) -> int:
    """The least integer not below `value`."""
    return -(-value // 1)


def floor(value: Fraction | int) -> int:
    """The largest integer not above `value`."""
    return value // 1
