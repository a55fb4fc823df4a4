"""The facts of a moment of a market that is over: what somebody had then, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass

from engine.state import Side, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldThen:
    """Tokens of one kind that somebody held: their price, what they would have sold for then, and what they paid to who
    held them to the end (0 where the market was called off), micro-dollars. `active`: the outcome was still in."""

    outcome: int
    side: Side
    tokens: int
    price: int
    worth: int
    pays: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnThen:
    """What somebody had, micro-dollars. status: how the market ended; joined: they were in it by then; stake: what they
    had been given so far; final: what they ended with; if_kept: what they would have ended with had they not traded any
    more; undone_ms: where a later cut undid that moment, what it went back to."""

    status: Status
    joined: bool
    cash: int = 0
    aside: int = 0
    stake: int = 0
    held: tuple[HeldThen, ...] = ()
    final: int = 0
    if_kept: int = 0
    undone_ms: int | None = None

    @property
    def worth(self) -> int:
        return sum(holding.worth for holding in self.held)

    @property
    def total(self) -> int:
        return self.cash + self.aside + self.worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """What a budget would have bought, alone, and what it paid in the end. Micro-dollars; status: of that moment;
    active: the outcome was still in; pays: None where the market was called off."""

    outcome: int
    side: Side
    budget: int
    status: Status
    active: bool
    tokens: int = 0
    cost: int = 0
    gas: int = 0
    pays: int | None = None
