"""The bounds of ENGINE section 2: what a legal set of parameters is, each breach a named `Problem`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from engine.parse import plain
from engine.state import depth, start_seeds
from engine.terms import MarketParams, Problem, Round
from engine.units import MICRO, RATE, floor_fraction

MOST_MONEY = 10**9 * MICRO
"""A billion dollars: the largest amount a parameter may name, so that every sum fits the tables' 64 bits."""

MOST_KAPPA = 100
"""kappa is at most this over z (ENGINE section 2)."""

Unit = Literal["rate", "per_z", "money", "whole", "ms"]
"""`per_z`: a rate kept times z in dollars (ENGINE ruling 1)."""


class Bound(NamedTuple):
    """Inclusive bounds of a field in the engine's integers, and the unit they are in."""

    unit: Unit
    low: int
    high: int


def _rates(low: str, high: str) -> Bound:
    return Bound("rate", int(Decimal(low) * RATE), int(Decimal(high) * RATE))


BOUNDS: dict[str, Bound] = {
    "z": Bound("money", 1, MOST_MONEY),
    "l0": Bound("money", 1, MOST_MONEY),
    "gamma": _rates("0", "0.001"),
    "mu_start": _rates("0.1", "10"),
    "mu_end": _rates("0.1", "10"),
    "nu_start": _rates("0.1", "10"),
    "nu_end": _rates("0.1", "10"),
    "kappa_start": Bound("per_z", 0, MOST_KAPPA * RATE),
    "kappa_end": Bound("per_z", 0, MOST_KAPPA * RATE),
    "zeta_start": Bound("rate", 0, RATE - 1),
    "zeta_end": Bound("rate", 0, RATE - 1),
    "eta": _rates("1", "8"),
    "fee": _rates("0", "0.05"),
    "match_fee": _rates("0", "0.02"),
    "gas_fee": Bound("money", 0, 10 * MICRO),
    "p_min": _rates("0.001", "0.1"),
    "p_max": _rates("0.9", "0.999"),
    "tick_size": Bound("rate", 1, RATE),
    "sigma": _rates("0", "1"),
    "af_cap_frac": _rates("0", "0.2"),
    "af_max_pools": Bound("whole", 1, 5),
    "af_max_surplus": Bound("rate", 1, 10**6 * RATE),
    "duration": Bound("ms", 1, 10**12),
    "set_cap": _rates("0.5", "0.979"),
    "floor_allowance": Bound("money", 0, MOST_MONEY),
    "band": _rates("0.02", "0.4"),
    "starting_balance": Bound("money", 0, MOST_MONEY),
    "batch_interval_ms": Bound("ms", 1, 86_400_000),
    "dispute_window": Bound("ms", 0, 30 * 86_400_000),
    "round_window": Bound("ms", 0, 86_400_000),
}


def in_human_units(unit: Unit, value: int, z: int = MICRO) -> str:
    """A value as people write it: dollars, fractions, whole numbers; no exponent, no trailing zeros.

    `z` in micro-dollars is for what is kept times z: the shortest decimal that is read back as the same value."""
    if unit in ("whole", "ms"):
        return str(value)
    if unit != "per_z":
        return plain(Decimal(value) / (MICRO if unit == "money" else RATE))
    for digits in range(1, 60):
        written = Context(prec=digits, rounding=ROUND_CEILING).divide(Decimal(value * MICRO), Decimal(RATE * z))
        if floor_fraction(Fraction(written) * z * RATE / MICRO) == value:
            break
    return plain(written)


def find_problems(params: MarketParams) -> tuple[Problem, ...]:
    """Every breach of section 2 at once, in the order of the table; empty when the market may open."""
    problems = [*_outside(params), *_related(params), *_schedule(params)]
    return tuple(problems) or tuple(_unsafe(params))


def _outside(params: MarketParams) -> Iterator[Problem]:
    """Values beyond their own bounds; z = 0 has a name of its own."""
    for name, bound in BOUNDS.items():
        value = getattr(params, name)
        if value is None or bound.low <= value <= bound.high:
            continue
        z = max(params.z, 1)
        low, high = in_human_units(bound.unit, bound.low, z), in_human_units(bound.unit, bound.high, z)
        shown = in_human_units(bound.unit, value, z)
        if name == "z" and value == 0:
            yield Problem(field="z", code="zero_subsidy")
        elif name in ("z", "l0", "duration") and value < bound.low:
            yield Problem(field=name, code="not_positive", detail={"value": shown})
        else:
            yield Problem(field=name, code="out_of_bounds", detail={"value": shown, "low": low, "high": high})


def _related(params: MarketParams) -> Iterator[Problem]:
    """Bounds that depend on another field."""
    n, cap = params.n_outcomes, params.p_max - RATE // 50
    if params.set_cap > cap:
        yield _beyond("set_cap", params.set_cap, "rate", RATE // 2, cap)
    if params.tick_size > 0 and RATE % params.tick_size:
        detail: dict[str, str | int] = {"value": in_human_units("rate", params.tick_size)}
        yield Problem(field="tick_size", code="not_a_divisor", detail=detail)
    for name in ("zeta_start", "zeta_end"):
        if getattr(params, name) * (n - 1) >= RATE:
            yield _beyond(name, getattr(params, name), "rate", 0, (RATE - 1) // (n - 1))
    deepest = largest_l0(params.start, params.z, params.odds)
    if params.l0 > deepest > 0:
        yield _beyond("l0", params.l0, "money", 1, deepest)
    if params.floor_enabled and params.start == "classic" and n > 2:  # at two NO is 1 - YES there as well
        yield Problem(field="floor_enabled", code="needs_fair_start")
    if params.start == "fair":
        yield from _odds(params)


def largest_l0(start: str, z: int, odds: tuple[int, ...]) -> int:
    """The bound on l0: floor(z/N) for classic, floor(z/(2(1 - min odds))) else (ENGINE section 2)."""
    if start == "classic":
        return z // len(odds)
    return z * RATE // (2 * (RATE - min(odds))) if min(odds) < RATE else 0


def _odds(params: MarketParams) -> Iterator[Problem]:
    low = max(2 * params.p_min, RATE - params.p_max + RATE // 100)
    if params.n_outcomes * low > RATE:
        detail: dict[str, str | int] = {
            "outcomes": params.n_outcomes,
            "low": in_human_units("rate", low),
            "total": in_human_units("rate", params.n_outcomes * low),
            "most": RATE // low,
        }
        yield Problem(field="odds", code="odds_do_not_fit", detail=detail)
        return
    for number, odds in enumerate(params.odds, 1):
        if not low <= odds <= params.set_cap:
            yield Problem(
                field="odds",
                code="odds_out_of_bounds",
                detail={
                    "number": number,
                    "name": params.outcome_names[number - 1],
                    "value": in_human_units("rate", odds),
                    "low": in_human_units("rate", low),
                    "high": in_human_units("rate", params.set_cap),
                },
            )


def _schedule(params: MarketParams) -> Iterator[Problem]:
    """ENGINE section 7, rounds: in order, at least two left before the final, the final last and only once."""
    n, before, gone = params.n_outcomes, 0, set[int]()
    if not params.rounds or not params.rounds[-1].is_final:
        yield Problem(field="rounds", code="no_final")
    if len(params.rounds) > 1 and not params.mr_enabled:
        yield Problem(field="rounds", code="phased_off", detail={"rounds": len(params.rounds)})
    for number, step in enumerate(params.rounds, 1):
        if not before <= step.freeze_at <= step.decide_at:
            yield Problem(field="rounds", code="round_order", detail={"round": number, "final": step.is_final})
        before = step.decide_at
        if step.is_final:
            yield from _final(step, number, len(params.rounds), gone, params)
            continue
        n -= step.count
        named = step.losers if isinstance(step.losers, tuple) else ()
        if step.count < 1 or n < 2:
            yield Problem(field="rounds", code="round_count", detail={"round": number, "count": step.count, "left": n})
        if isinstance(step.losers, tuple) and len(named) != step.count:
            yield Problem(field="rounds", code="round_named", detail={"round": number, "count": step.count})
        yield from _losers(named, number, gone, params)
        gone.update(named)


def _final(step: Round, number: int, rounds: int, gone: set[int], params: MarketParams) -> Iterator[Problem]:
    if number != rounds:
        yield Problem(field="rounds", code="final_not_last", detail={"round": number})
    if isinstance(step.winner, int) and (step.winner in gone or not 0 <= step.winner < params.n_outcomes):
        yield Problem(field="rounds", code="winner_is_out", detail={"round": number, "number": step.winner + 1})


def _losers(named: tuple[int, ...], number: int, gone: set[int], params: MarketParams) -> Iterator[Problem]:
    for index, outcome in enumerate(named):
        if outcome in gone or outcome in named[:index]:
            yield Problem(field="rounds", code="loser_twice", detail={"round": number, "number": outcome + 1})
        elif not 0 <= outcome < params.n_outcomes:
            yield Problem(field="rounds", code="no_such_outcome", detail={"round": number, "value": str(outcome + 1)})


def _unsafe(params: MarketParams) -> Iterator[Problem]:
    """(1) and (4) of ENGINE section 8 on the rounded seeds; a market that fails either may not open."""
    seeds = start_seeds(params)
    full = depth(0, params.l0, params.gamma)
    for number, (yes, no) in enumerate(seeds, 1):
        if min(yes, no) <= 0 or max(yes, no) * RATE > params.p_max * full:
            yield Problem(field="l0", code="seeds_out_of_bounds", detail={"number": number})
    all_no, backing = sum(no for _, no in seeds), len(seeds) * params.l0
    short = max(backing - params.z - yes - all_no + no for yes, no in seeds)
    if short > 0:
        yield Problem(field="odds", code="exposure", detail={"short": in_human_units("money", short)})


def _beyond(name: str, value: int, unit: Unit, low: int, high: int) -> Problem:
    shown = {"value": value, "low": low, "high": high}
    return Problem(
        field=name, code="out_of_bounds", detail={key: in_human_units(unit, number) for key, number in shown.items()}
    )
