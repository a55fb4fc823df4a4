"""What a line is read against: the names of this market's outcomes, what the speaker holds, what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.state import Side


@dataclass(frozen=True, slots=True)
class Held:
    """Tokens one person holds of one outcome, in millionths; tied ones wait in the book to be sold."""

    yes: int = 0
    no: int = 0
    tied_yes: int = 0
    tied_no: int = 0

    def of(self, side: Side) -> int:
        return self.yes if side is Side.YES else self.no

    def free(self, side: Side) -> int:
        """What she can sell."""
        return self.of(side) - (self.tied_yes if side is Side.YES else self.tied_no)


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
    is the step of limits, a rate; `waiting` the speaker's orders in the book, oldest first; `spendable` what she can
    put into an order beside its gas, micro-dollars, None without an account; `said` the values of the line's other
    arguments, by name, as far as they are known: suggestions fit them; `people` the members' names by their numbers,
    where one of them is being typed."""

    now_ms: int
    outcomes: tuple[str, ...] = ()
    active: tuple[bool, ...] = ()
    prices: tuple[tuple[int, int], ...] = ()  # of YES and NO, millionths of a dollar
    held: Mapping[int, Held] = field(default_factory=dict)
    selling: bool = False
    tick: int = 10**10
    waiting: tuple[Waiting, ...] = ()
    spendable: int | None = None
    said: Mapping[str, object] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)

    def is_active(self, outcome: int) -> bool:
        return self.active[outcome] if outcome < len(self.active) else True
