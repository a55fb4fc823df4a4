"""What a line is read against: the names of this market's outcomes, what the speaker holds, what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens one person holds of one outcome, in millionths."""

    yes: int = 0
    no: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`outcomes` and `active` in the market's order, empty where there is no market; `held` by outcome from 0."""

    now_ms: int
    outcomes: tuple[str, ...] = ()
    active: tuple[bool, ...] = ()
    prices: tuple[tuple[int, int], ...] = ()  # of YES and NO, millionths of a dollar
    held: Mapping[int, Held] = field(default_factory=dict)
    selling: bool = False

    def is_active(self, outcome: int) -> bool:
        return self.active[outcome] if outcome < len(self.active) else True
