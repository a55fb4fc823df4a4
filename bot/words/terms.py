"""A market's terms on the page of its admins: what each is called there, what it does, and between what it can lie."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, str] = {
    "title": "Title",
    "outcome_names": "Outcomes",
    "odds": "Start prices",
    "start": "Start",
    "dispute_window": "Time to dispute the winner",
    "round_window": "Time to correct a round",
    "starting_balance": "Starting balance",
    "z": "Stake of the house",
    "gas_fee": "Price of an order",
    "fee": "Trading fee",
    "match_fee": "Fee between people",
    "batch_interval_ms": "Time between ticks",
    "duration": "Span of changing terms",
    "interpolation": "Changing terms after a round",
    "cm_enabled": "Crossing orders",
    "af_enabled": "Auto-fill",
    "sigma": "Auto-fill: part of the system",
    "af_cap_frac": "Auto-fill: largest part of an impact",
    "af_max_pools": "Auto-fill: most pools",
    "af_max_surplus": "Auto-fill: largest surplus",
    "tick_size": "Step of limit prices",
    "mr_enabled": "Elimination in rounds",
    "renormalise": "Prices after a round",
    "set_cap": "Highest price after a round",
    "floor_enabled": "The pot's floor",
    "floor_allowance": "Allowance of the floor",
    "vc_enabled": "Step guard",
    "band": "Band of YES and NO",
    "p_min": "Lowest price",
    "p_max": "Highest price",
    "eta": "Penalty past the bounds",
    "l0": "Depth of each pool",
    "gamma": "Fall of the subsidy",
    "mu_start": "Old price's weight, start",
    "mu_end": "Old price's weight, end",
    "nu_start": "New price's weight, start",
    "nu_end": "New price's weight, end",
    "kappa_start": "Convexity, start",
    "kappa_end": "Convexity, end",
    "zeta_start": "Share to other outcomes, start",
    "zeta_end": "Share to other outcomes, end",
    "keys": "Programs",
    "public": "Onlookers",
}

EFFECTS: Mapping[str, str] = {
    "outcome_names": "Who can win: 2 to 25 names, of which exactly one wins.",
    "odds": "What everybody starts at, as weights: 5 3 2 makes 50¢, 30¢, 20¢. Left even, nobody is a favourite.",
    "start": "Fair: YES and NO add up to $1 from the first minute. Classic: everybody starts at 50¢.",
    "dispute_window": "A winner is named, and paid only after this long. Until then a wrong name can be corrected.",
    "round_window": "The same for who is out of a round: named first, paid after this long.",
    "starting_balance": "Play money everybody gets. More of it moves prices further for the same stake.",
    "z": "All the house can ever lose, and what makes prices steady: a larger stake moves less with each order.",
    "gas_fee": "A flat price of handing in an order. A cent keeps idle orders away; none is friendliest.",
    "fee": "Taken from each trade with the house. It makes buying and selling at once cost something.",
    "match_fee": "What each side pays where two people trade with one another.",
    "batch_interval_ms": "How often prices move. Short feels live; a minute or more suits an event of days.",
    "duration": "How long it takes from the start values of the changing terms to their end values.",
    "interpolation": "Whether the changing terms go on or begin anew with each round.",
    "cm_enabled": "Orders of people meet each other where that is better for both than the house.",
    "af_enabled": "A trade on one outcome may fill what waits on another, at the better price.",
    "floor_enabled": "Nobody can drain the pot in small steps. Leave it on.",
    "floor_allowance": "What a round adds that somebody with enough cash could be sure of. Leave it at $0.",
    "mr_enabled": "Whether outcomes go out in rounds before the final.",
    "renormalise": "Keep: those left share what the losers stood at. Clamp: their prices are cut to add up to $1.",
    "band": "How far YES and NO of an outcome together may leave $1 before the house trades them back.",
    "keys": "Whether members may trade by programs. Hidden: they may, and the tape and the feed leave it out.",
    "public": "Whether whoever has the market's link may watch it, without an account. Members are told, and no name "
    "shows unless its owner chose so.",
    "l0": "Follows from the stake unless you set it. Deeper pools move less.",
}
"""For others the line of `/admin set` says it."""

BESIDE_TITLE = "Programs and onlookers"
BESIDE_CHOICES: Mapping[str, tuple[str, ...]] = {"keys": ("on", "hidden", "off"), "public": ("on", "off")}

EXPERTS = frozenset({"Book", "Rounds", "Safety", "Price maths"})
"""Subjects that are folded away: as usual they fit."""

WITHOUT_RANGE = frozenset({"duration", "af_max_surplus"})
"""Their bounds are so wide that they say nothing."""

PRESETS: Mapping[str, tuple[str, str]] = {
    "hype": ("Hype", "The crowd moves prices freely. Lively, for a night in the chat; what most events want."),
    "fair": ("Fair", "YES and NO of an outcome stay near $1 together. Calmer prices, for when odds should be read."),
    "classic": ("Classic", "Everybody starts at 50¢, as if each could win alone. For a quiz of two; it warns of more."),
}
"""Title and what it does."""

WORDING_EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "A match or a cup",
        "The winner is who the organisers name on their site. Overtime and penalties count. If the final is called "
        "off and not played within seven days, the market is called off.",
    ),
    (
        "A vote or a contest",
        "The official result of the evening's broadcast decides. Juries and public together count as announced. If "
        "two share the first place, they share the win.",
    ),
    (
        "Something you decide here",
        "I name the winner in this chat on Friday at 20:00 Berlin time, by the score sheet pinned here. Who leaves "
        "before the end is out. If we cannot finish, the market is called off.",
    ),
)
"""Kind of event, text: each names what counts, who says so, and what happens if not."""

WARNED_TERMS: Mapping[str, tuple[str, ...]] = {
    "classic_start": ("start",),
    "weights_over_convexity": ("kappa_start", "kappa_end", "mu_start", "nu_start"),
    "little_stays": ("zeta_start", "zeta_end"),
    "fifty_dollars": ("z", "l0"),
    "allowance": ("floor_allowance",),
    "named_timetable": ("rounds",),
    "sum_over_cap": ("renormalise",),
    "band_with_diversion": ("zeta_start", "zeta_end", "band"),
    "whole_balance": ("starting_balance", "z"),
}
"""The terms a warning of `engine.lint` is about, the one to change first."""


def between(least: str, most: str) -> str:
    return f"From {least} to {most}."


def safe_from(least: str) -> str:
    return f"Safe from about {least}; less makes single orders jump."


def safe_to(most: str) -> str:
    return f"Safe up to about {most} with this stake."


def on_or_off() -> str:
    return "On or off."


def fixed() -> str:
    return "Fixed since the start."
