"""A market's parameters: built from what people write, checked, changed while it runs, and their exact JSON.

`build_params` takes the names of ENGINE section 2 in human units (dollars, fractions) and returns `MarketParams`, or
every `Problem` at once. Bounds live in `engine.bounds`, reading of single values in `engine.parse`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, cast

from engine import parse
from engine.bounds import BOUNDS, MOST_KAPPA, find_problems, largest_l0
from engine.rates import Rates, rates_at
from engine.state import MarketState, start_seeds
from engine.terms import ADDED_FIELDS, MarketParams, Problem, Round
from engine.units import MICRO, RATE, RULES

__all__ = [
    "BOUNDS",
    "FIXED",
    "PRESETS",
    "MarketParams",
    "Problem",
    "Rates",
    "Round",
    "build_params",
    "params_from_json",
    "params_to_json",
    "rates_at",
    "retune",
    "start_seeds",
]

PRESETS: Mapping[str, Mapping[str, object]] = {
    "hype": {},
    "fair": {"band": "0.10"},
    "classic": {"start": "classic", "floor_enabled": False},
}
"""Named starting points of ENGINE section 2; a value given beside one wins."""

_DAY = 86_400_000

_DEFAULTS: Mapping[str, object] = {
    "start": "fair",
    "gamma": "0.0001",
    "mu_start": 1,
    "mu_end": 1,
    "nu_start": 1,
    "nu_end": 1,
    "eta": 2,
    "fee": "0.01",
    "match_fee": "0.005",
    "gas_fee": 0,
    "p_min": "0.01",
    "p_max": "0.99",
    "tick_size": "0.01",
    "cm_enabled": True,
    "af_enabled": True,
    "sigma": "0.5",
    "af_cap_frac": "0.1",
    "af_max_pools": 3,
    "af_max_surplus": "0.05",
    "renormalise": "keep",
    "vc_enabled": False,
    "floor_enabled": True,
    "floor_allowance": 0,
    "band": None,
    "interpolation": "continue",
    "starting_balance": 1_000,
    "batch_interval_ms": 2_000,
    "dispute_window": 0,
    "round_window": 0,
}

_PAIRED = ("mu", "nu", "kappa", "zeta")
"""Names that stand for both their start and their end."""

_READERS: dict[str, Callable[[object], object]] = {
    **{name: parse.read_rate for name, bound in BOUNDS.items() if bound.unit == "rate"},
    **{name: parse.read_money for name, bound in BOUNDS.items() if bound.unit == "money"},
    "band": parse.read_band,
    "af_max_pools": parse.read_whole,
    "duration": parse.read_span,
    "batch_interval_ms": parse.read_span,
    "dispute_window": parse.read_window,
    "round_window": parse.read_window,
    **dict.fromkeys(("cm_enabled", "af_enabled", "mr_enabled", "vc_enabled", "floor_enabled"), parse.read_flag),
    "start": parse.read_choice("fair", "classic"),
    "renormalise": parse.read_choice("keep", "clamp"),
    "interpolation": parse.read_choice("continue", "reset"),
}

FIXED = frozenset(
    {
        "outcome_names",
        "z",
        "start",
        "odds",
        "l0",
        "gamma",
        "p_min",
        "p_max",
        "tick_size",
        "floor_enabled",
        "mr_enabled",
        "starting_balance",
    }
)
"""What `retune` never touches: section 8 (3), the weights of the floor, the ticks resting orders stand on."""


def build_params(values: Mapping[str, object]) -> MarketParams | tuple[Problem, ...]:
    """Parameters from the names of ENGINE section 2, in human units, with every default filled in.

    Beside the names themselves: `preset`; `mu`, `nu`, `kappa`, `zeta` set start and end; `n_outcomes` alone names
    the outcomes "Outcome 1" and so on; `rounds` as `engine.parse.read_rounds` takes them. All problems together.
    """
    problems: list[Problem] = []
    preset = str(values.get("preset") or "hype").strip().lower()
    if preset not in PRESETS:
        problems.append(
            Problem(field="preset", code="not_a_choice", detail={"value": preset, "choices": ", ".join(PRESETS)})
        )
    given = {**PRESETS.get(preset, {}), **_with_start_and_end(values)}
    given.pop("preset", None)
    names = _read_names(given, problems)
    built = {name: _READERS[name](value) for name, value in _DEFAULTS.items()}
    built["z"] = default_z(len(names or _numbered(3)))
    read = _read(given, names, cast("int", built["z"]), problems)
    built.update(read if names else {name: value for name, value in read.items() if name not in ("odds", "rounds")})
    built["outcome_names"] = names or _numbered(3)
    _fill_defaults(built, problems)
    params = MarketParams(**cast("dict[str, Any]", built))  # Any: each reader returns the field's own type
    breaches = find_problems(params)
    if breaches and breaches[0].field == "z":  # what follows from z is not a mistake of its own
        breaches = tuple(breach for breach in breaches if breach.field == "z" or breach.field in read)
    if not problems:
        return breaches or params
    return (*problems, *(breach for breach in breaches if breach.field in read))


def retune(
    params: MarketParams, state: MarketState, values: Mapping[str, object]
) -> MarketParams | tuple[Problem, ...]:
    """The parameters after a live change, or every problem with it; `params` stays as it is.

    What `FIXED` names never changes; a round that has begun stays as it was, but for a decision that is not due yet and
    comes later.
    """
    given, problems = _with_start_and_end(values), list[Problem]()
    for name in [name for name in given if name in FIXED or name in ("preset", "n_outcomes")]:
        problems.append(Problem(field=name, code="fixed"))
        del given[name]
    read = _read(given, params.outcome_names, params.z, problems)
    if not problems and not read:
        return (Problem(field="values", code="empty"),)
    if "rounds" in read:
        rounds = cast("tuple[Round, ...]", read["rounds"])
        begun = state.next_round + (state.frozen_for is not None)
        if rounds[:begun] != _begun(params, state, rounds)[:begun]:
            problems.append(
                Problem(
                    field="rounds",
                    code="round_begun",
                    detail={"rounds": begun, "final": params.rounds[begun - 1].is_final},
                )
            )
        read["mr_enabled"] = params.mr_enabled or len(rounds) > 1
        if params.duration == params.rounds[-1].decide_at and rounds:
            read.setdefault("duration", rounds[-1].decide_at)
    changed = replace(params, **cast("dict[str, Any]", read))  # Any: each reader returns the field's own type
    problems += [breach for breach in find_problems(changed) if breach.field in read]
    return tuple(problems) or changed


def _begun(params: MarketParams, state: MarketState, rounds: tuple[Round, ...]) -> tuple[Round, ...]:
    """The rounds as they were, the one being decided with its decision as late as in `rounds`."""
    number = state.frozen_for
    if number is None or state.asked or state.claim is not None or number >= len(rounds):
        return params.rounds
    decide_at = max(params.rounds[number].decide_at, rounds[number].decide_at)
    postponed = replace(params.rounds[number], decide_at=decide_at)
    return (*params.rounds[:number], postponed, *params.rounds[number + 1 :])


def _with_start_and_end(values: Mapping[str, object]) -> dict[str, object]:
    """`mu` as `mu_start` and `mu_end`, unless those are given themselves."""
    given = dict(values)
    for name in _PAIRED:
        if name in given:
            value = given.pop(name)
            given.setdefault(f"{name}_start", value)
            given.setdefault(f"{name}_end", value)
    return given


def _read_names(given: dict[str, object], problems: list[Problem]) -> tuple[str, ...]:
    """Takes `outcome_names` and `n_outcomes` out of `given`; empty when they cannot be read."""
    listed, number = given.pop("outcome_names", None), given.pop("n_outcomes", None)
    try:
        count = None if number is None else parse.read_whole(number)
        if listed is None and count is None:
            raise parse.Unreadable("missing")
        if count is not None:
            parse.check_count(count)
        if listed is None:
            return _numbered(count or 0)
        names = parse.read_names(listed)
        if count not in (None, len(names)):
            raise parse.Unreadable("outcome_count", found=len(names), low=count or 0, high=count or 0)
    except parse.Unreadable as error:
        problems.append(parse.problem("outcome_names", error))
        return ()
    return names


def default_z(n: int) -> int:
    """max(10,000, 170 N^2) dollars, in micro-dollars: $50 can be spent on a fair outcome within 25 % of its price."""
    return max(10_000, 170 * n * n) * MICRO


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"Outcome {i + 1}" for i in range(n))


def _read(given: Mapping[str, object], names: tuple[str, ...], z: int, problems: list[Problem]) -> dict[str, object]:
    """What could be read of `given`; what could not goes to `problems`. None means: the default. `z` holds where none
    is given that can be."""
    read: dict[str, object] = {}
    for name, value in sorted(given.items(), key=lambda item: item[0] != "z"):  # kappa is kept times z
        if value is None and name != "band":
            continue
        try:
            if name == "rounds":
                read[name] = parse.read_rounds(value, names)
            elif name == "odds":
                read[name] = _read_odds(value, len(names))
            elif name in ("kappa_start", "kappa_end"):
                given_z = cast("int", read.get("z", z))
                read[name] = parse.read_per_z(value, given_z if given_z > 0 else z, MOST_KAPPA)
            elif name in _READERS:
                read[name] = _READERS[name](value)
            else:
                raise parse.Unreadable("unknown")
        except parse.Unreadable as error:
            problems.append(parse.problem(name, error))
    return read


def _read_odds(value: object, n: int) -> tuple[int, ...]:
    """Odds as rates; they must sum to 1 as written, up to one unit of 10^-12 each."""
    odds = parse.read_odds(value)
    if n and len(odds) != n:
        raise parse.Unreadable("odds_count", found=len(odds), need=n)
    total = sum(odds, Fraction(0))
    if not 1 - Fraction(len(odds), RATE) <= total <= 1:
        raise parse.Unreadable("odds_sum", value=f"{float(total):.6g}")
    return tuple(parse.read_rate(share) for share in odds)


def _fill_defaults(built: dict[str, object], problems: list[Problem]) -> None:
    """Defaults that follow from other fields."""
    n = len(cast("tuple[str, ...]", built["outcome_names"]))
    even, classic = (RATE // n,) * n, built["start"] == "classic"
    if classic and built.get("odds", even) != even:
        problems.append(Problem(field="odds", code="classic_odds"))
    odds = cast("tuple[int, ...]", built.setdefault("odds", even))
    z = cast("int", built["z"])
    built.setdefault("l0", largest_l0(str(built["start"]), z, odds))
    for when, others in (("start", 5), ("end", 50)):
        built.setdefault(f"kappa_{when}", RATE // 10)
        built.setdefault(f"zeta_{when}", RATE // (others * (n - 1)))
    built.setdefault("set_cap", min(RATE * 95 // 100, cast("int", built["p_max"]) - RATE // 50))
    end = cast("int", built.get("duration", _DAY))
    final = Round(freeze_at=end, decide_at=end, count=n - 1, winner="ask")
    rounds = cast("tuple[Round, ...]", built.setdefault("rounds", (final,)))
    built.setdefault("duration", rounds[-1].decide_at if rounds else end)
    built.setdefault("mr_enabled", len(rounds) > 1)


def params_to_json(params: MarketParams) -> dict[str, object]:
    """Exact: integers, text, lists; rounds as objects; nothing of what is `LATER` and as usual."""
    data: dict[str, object] = {part.name: getattr(params, part.name) for part in fields(params)}
    data["outcome_names"], data["odds"] = list(params.outcome_names), list(params.odds)
    data["rounds"] = [
        {
            "freeze_at": step.freeze_at,
            "decide_at": step.decide_at,
            "count": step.count,
            "losers": list(step.losers) if isinstance(step.losers, tuple) else step.losers,
            "winner": step.winner,
        }
        for step in params.rounds
    ]
    return {name: value for name, value in data.items() if name not in ADDED_FIELDS or value != ADDED_FIELDS[name]}


def params_from_json(data: Mapping[str, Any], rules: int = RULES) -> MarketParams:  # Any: JSON as json.loads types it
    """The inverse of `params_to_json`, also for what was written under rules 1: kappa was not kept times z, and a round
    that was to be decided by the lowest price asks."""
    rounds = tuple(_round_from_json(step) for step in data["rounds"])
    lists = {"outcome_names": tuple(data["outcome_names"]), "odds": tuple(data["odds"]), "rounds": rounds}
    kappas = {name: data[name] * data["z"] // MICRO for name in ("kappa_start", "kappa_end") if rules == 1}
    return MarketParams(**{**data, **lists, **kappas})


def _round_from_json(step: Mapping[str, Any]) -> Round:  # Any: as above
    losers = step["losers"]
    return Round(**{**step, "losers": tuple(losers) if isinstance(losers, list) else "ask"})
