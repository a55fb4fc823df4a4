"""What a line is read against: the names of this market's outcomes, what the speaker holds, what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.state import Side


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens one person holds of one outcome, in millionths."""

    yes: int = 0
    no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One order of the speaker in the book: `rest` micro-tokens of it at `limit` (10^-12)."""

    number: int
    outcome: int
    side: Side
    buy: bool
    rest: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`outcomes` and `active` in the market's order, empty where there is no market; `held` by outcome from 0; `tick`
    is the step of limits, a rate; `waiting` the speaker's orders in the book, oldest first."""

    now_ms: int
    outcomes: tuple[str, ...] = ()
    active: tuple[bool, ...] = ()
    prices: tuple[tuple[int, int], ...] = ()  # of YES and NO, millionths of a dollar
    held: Mapping[int, Held] = field(default_factory=dict)
    selling: bool = False
    tick: int = 10**10
    waiting: tuple[Waiting, ...] = ()

    def is_active(self, outcome: int) -> bool:
        return self.active[outcome] if outcome < len(self.active) else True
