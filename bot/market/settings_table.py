"""A market's settings: what each means, its group, the words it is chosen from, its value as people write it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.chat.facts import MarketSetting
from bot.text.names import clean
from bot.text.numbers import percent, price, typed_money, typed_span
from bot.text.outcome_names import joined_names
from engine.bounds import in_human_units
from engine.params import PRESETS
from engine.terms import MarketParams

SETTINGS: Mapping[str, str] = {
    "title": "the market's name",
    "about": "what decides: what counts, the source, what if it is called off or tied",
    "outcome_names": "who can win, 2 to 25 names with commas",
    "z": "the stake, all the house can lose",
    "starting_balance": "play money everybody gets",
    "odds": "start prices, one number an outcome",
    "batch_interval_ms": "time between two ticks",
    "gas_fee": "flat price of handing in an order",
    "fee": "fee on the price of a token",
    "match_fee": "fee of each side where people meet",
    "preset": "hype, fair or classic",
    "start": "fair or classic start prices",
    "l0": "depth of each outcome's pool",
    "gamma": "how fast the subsidy goes as money comes in",
    "mu": "weight of the old price, start and end",
    "mu_start": "weight of the old price at the start",
    "mu_end": "weight of the old price at the end",
    "nu": "weight of the new price, start and end",
    "nu_start": "weight of the new price at the start",
    "nu_end": "weight of the new price at the end",
    "kappa": "convexity, start and end",
    "kappa_start": "convexity at the start",
    "kappa_end": "convexity at the end",
    "zeta": "share of a trade that moves each other outcome, start and end",
    "zeta_start": "share that moves each other outcome at the start",
    "zeta_end": "share that moves each other outcome at the end",
    "eta": "how steep the penalty past the price bounds is",
    "p_min": "lowest price",
    "p_max": "highest price",
    "tick_size": "step of limit prices",
    "cm_enabled": "cross-matching, on or off",
    "af_enabled": "auto-fill, on or off",
    "mr_enabled": "elimination in rounds, on or off",
    "sigma": "the system's part of an auto-fill's surplus",
    "af_cap_frac": "largest part of an impact that auto-fills may use",
    "af_max_pools": "most pools an auto-fill reaches",
    "af_max_surplus": "largest surplus of an auto-fill",
    "duration": "span over which changing terms change",
    "renormalise": "keep or clamp the sum of prices after a round",
    "set_cap": "highest price a round may set",
    "vc_enabled": "never a negative virtual step, on or off",
    "floor_enabled": "the pot's floor, on or off",
    "floor_allowance": "what a round adds to the floor's allowance",
    "band": "how far YES and NO together may leave $1, or off",
    "dispute_window": "time between naming a winner and paying, or off",
    "round_window": "time between naming who is out of a round and paying, or off",
    "interpolation": "continue or reset the changing terms with each round",
}
"""What `/admin set` can change, in words; the names are the engine's."""

MORE: Mapping[str, str] = {"more": "what few markets change: crossing, the floor, the step guard, price maths"}
"""What `/admin set` shows beside the terms it begins with."""

BESIDE: Mapping[str, str] = {
    "keys": "whether programs may trade here: on, hidden or off",
    "public": "whether strangers may watch: on or off",
}
"""What `/admin set` can change beside the terms, which has a confirmation of its own: no file of an event holds it."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Event": ("outcome_names", "odds", "start", "dispute_window", "round_window"),
    "Money": ("starting_balance", "z", "gas_fee", "fee", "match_fee"),
    "Pace": ("batch_interval_ms", "duration", "interpolation"),
    "Book": ("cm_enabled", "af_enabled", "sigma", "af_cap_frac", "af_max_pools", "af_max_surplus", "tick_size"),
    "Rounds": ("mr_enabled", "renormalise", "set_cap"),
    "Safety": ("floor_enabled", "floor_allowance", "vc_enabled", "band", "p_min", "p_max", "eta"),
    "Price maths": (
        "l0", "gamma", "mu_start", "mu_end", "nu_start", "nu_end", "kappa_start", "kappa_end", "zeta_start", "zeta_end",
    ),
}  # fmt: skip
"""How `/admin set` shows them, what people ask for most first."""

BASIC = frozenset({*GROUPS["Event"], *GROUPS["Money"], *GROUPS["Pace"], "af_enabled"})
"""What most markets set; all else stands behind *More*."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "preset": tuple(PRESETS),
    "start": ("fair", "classic"),
    "renormalise": ("keep", "clamp"),
    "interpolation": ("continue", "reset"),
}


def setting(params: MarketParams, name: str, *, fixed: bool = False) -> MarketSetting:
    """How one of SETTINGS stands; of one given for start and end alike, how it stands at the start."""
    field = name if hasattr(params, name) else f"{name}_start"
    switch = isinstance(getattr(params, field, None), bool)
    return MarketSetting(
        name=name,
        about=SETTINGS[name],
        value=shown_value(params, field) if hasattr(params, field) else "",
        choices=("on", "off") if switch else _CHOICES.get(name, ()),
        fixed=fixed,
    )


def grouped(params: MarketParams, fixed: Collection[str] = ()) -> list[tuple[str, list[MarketSetting]]]:
    """All that `/admin set` shows, by subject; `fixed` can no longer change."""
    return [(group, [setting(params, name, fixed=name in fixed) for name in names]) for group, names in GROUPS.items()]


def shown_value(params: MarketParams, name: str) -> str:
    """A parameter as people write it."""
    value = getattr(params, name)
    if name in {"z", "l0", "gas_fee", "floor_allowance", "starting_balance"}:
        return typed_money(value)
    if name in {"dispute_window", "round_window"} and not value:
        return "off"
    if name in {"duration", "batch_interval_ms", "dispute_window", "round_window"}:
        return typed_span(value) if value % 1000 == 0 else f"{value}ms"
    if name == "outcome_names":
        return joined_names(clean(name) for name in value)
    if name == "odds":
        return ", ".join(price(odds // 10**6) for odds in value)
    if name == "band":
        return "off" if value is None else percent(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    if name in {"fee", "match_fee", "sigma", "af_cap_frac"}:
        return percent(value)
    if name == "af_max_pools" or isinstance(value, str):
        return str(value)
    if name in {"kappa_start", "kappa_end"}:
        return in_human_units("per_z", value, params.z)
    return _decimal(value)


def _decimal(rate: int) -> str:
    whole, rest = divmod(rate, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")


def parted(
    groups: Sequence[tuple[str, Sequence[MarketSetting]]], *, basic: bool
) -> list[tuple[str, list[MarketSetting]]]:
    """Of groups what most markets set, or the rest; without empty ones."""
    kept = [(group, [known for known in settings if (known.name in BASIC) == basic]) for group, settings in groups]
    return [(group, settings) for group, settings in kept if settings]
