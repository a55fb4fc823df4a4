"""The terms of a market as the engine uses them: plain integers, already checked.

`engine.params` builds them from what people write and is what the rest of the project imports.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Start = Literal["fair", "classic"]
Renormalise = Literal["keep", "clamp"]
Interpolation = Literal["continue", "reset"]

FEWEST_OUTCOMES, MOST_OUTCOMES = 2, 25
"""Two have the final alone; 25 is what a chat's menu can show."""


class Side(StrEnum):
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One scheduled step: trading stops at `freeze_at`, `count` outcomes leave at `decide_at` (ms from the start).

    `losers` are 0-based outcomes, or "ask": an admin names them. Prices never decide who is out: holders of NO would
    push one down and be paid for it. The final has `winner` set (0-based, or "ask"), is the last round, and its
    `count` is what is left but one.
    """

    freeze_at: int
    decide_at: int
    count: int
    losers: tuple[int, ...] | Literal["ask"] = ()
    winner: int | Literal["ask"] | None = None

    @property
    def is_final(self) -> bool:
        return self.winner is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParams:
    """Every row of ENGINE section 2 under its own name.

    Money in micro-dollars; odds, weights, fees, bounds and the like are rates (10^-12); eta is a rate as well (2 is
    2 * 10^12); times in ms. kappa is what people write times z in dollars, as a rate (ENGINE ruling 1), so that it is
    the same number in any unit of money. Made by `engine.params.build_params`, which checks the bounds.
    """

    outcome_names: tuple[str, ...]
    z: int
    start: Start
    odds: tuple[int, ...]
    l0: int
    gamma: int
    mu_start: int
    mu_end: int
    nu_start: int
    nu_end: int
    kappa_start: int
    kappa_end: int
    zeta_start: int
    zeta_end: int
    eta: int
    fee: int
    match_fee: int
    gas_fee: int
    p_min: int
    p_max: int
    tick_size: int
    cm_enabled: bool
    af_enabled: bool
    mr_enabled: bool
    sigma: int
    af_cap_frac: int
    af_max_pools: int
    af_max_surplus: int
    duration: int
    rounds: tuple[Round, ...]
    renormalise: Renormalise
    set_cap: int
    vc_enabled: bool
    floor_enabled: bool
    floor_allowance: int
    band: int | None
    interpolation: Interpolation
    starting_balance: int
    batch_interval_ms: int
    dispute_window: int = 0
    round_window: int = 0

    @property
    def n_outcomes(self) -> int:
        return len(self.outcome_names)


ADDED_FIELDS: Mapping[str, object] = {"dispute_window": 0, "round_window": 0}
"""Parameters that came after the first markets, and where they stand unless told: left out of JSON then, so that what
was made before keeps its fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refused parameter: which field, a code, and the numbers for the sentence (decimal text in human units)."""

    field: str
    code: str
    detail: dict[str, str | int] = dataclasses.field(default_factory=dict)
