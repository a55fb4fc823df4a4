"""Between what a market's numbers can lie, and what of it is safe: the bounds of the engine, and where `engine.lint`
begins to warn of the two that decide most, the stake and the starting balance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

from bot.market.settings_table import shown_value
from engine.bounds import BOUNDS, largest_l0
from engine.probes import at_stake, both_ends, is_too_large, sufficient_z, sufficient_z_for, whole_balance
from engine.terms import MarketParams
from engine.units import MICRO, RATE

KEPT = 64  # terms


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRange:
    """As people write them; "" where there is no such end. `least` and `most` can be set, from `safe_least` to
    `safe_most` without a warning."""

    least: str
    most: str
    safe_least: str = ""
    safe_most: str = ""


def term_range(params: MarketParams, name: str) -> TermRange | None:
    """Of one of a market's settings; None of what is no number."""
    bound = BOUNDS.get(name)
    if bound is None or getattr(params, name) is None:
        return None
    low, high = bound.low, bound.high
    if name == "l0":
        high = largest_l0(params.start, params.z, params.odds)
    elif name == "set_cap":
        high = min(high, params.p_max - RATE // 50)
    elif name in {"zeta_start", "zeta_end"}:
        high = (RATE - 1) // (params.n_outcomes - 1)
    safe_least = safe_z(params) if name == "z" else None
    safe_most = safe_balance(params) if name == "starting_balance" else None
    return TermRange(
        least=_written(params, name, low),
        most=_written(params, name, high),
        safe_least="" if safe_least is None else _written(params, name, safe_least),
        safe_most="" if safe_most is None else _written(params, name, safe_most),
    )


def _written(params: MarketParams, name: str, value: int) -> str:
    return shown_value(replace(params, **cast("dict[str, Any]", {name: value})), name)  # Any: the field's own type


@lru_cache(maxsize=KEPT)
def safe_z(params: MarketParams) -> int | None:
    """A stake, micro-dollars, about the least at which neither $50 nor a whole starting balance strain a price; None
    where there is none."""
    least = MICRO
    for at_end in both_ends(params).values():
        smallest = at_stake(at_end, MICRO)
        needed = [sufficient_z(smallest)]
        if params.starting_balance:
            needed += [sufficient_z_for(smallest, outcome) for outcome in _likeliest_and_least(params)]
        for z in needed:
            if z is None:
                return None
            least = max(least, z)
    return least


@lru_cache(maxsize=KEPT)
def safe_balance(params: MarketParams) -> int | None:
    """A starting balance, micro-dollars, to two digits, about the largest that as one order passes no highest price and
    does not cost more than it can pay; None where there is none."""
    markets = [(at_end, outcome) for at_end in both_ends(params).values() for outcome in _likeliest_and_least(params)]

    def is_safe(balance: int) -> bool:
        given = [(replace(at_end, starting_balance=balance), outcome) for at_end, outcome in markets]
        return not any(is_too_large(whole_balance(at_end, outcome)) for at_end, outcome in given)

    low, high = 0, BOUNDS["starting_balance"].high // MICRO
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        low, high = (middle, high) if is_safe(middle * MICRO) else (low, middle)
    step = 10 ** max(0, len(str(low)) - 2)
    return low // step * step * MICRO or None


def _likeliest_and_least(params: MarketParams) -> list[int]:
    return list(dict.fromkeys((params.odds.index(max(params.odds)), params.odds.index(min(params.odds)))))
