"""One market tick in progress: the desk, what happened so far, and what each person already traded in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.events import Event, Fill
from engine.rates import rates_at
from engine.risk import check_market
from engine.state import MarketState
from engine.tariff import tariff
from engine.terms import MarketParams
from engine.working_copy import Desk


class Tick:
    """Collects fills and events while the steps of a tick work on `desk`; `seal` checks and gives the new state.

    `traded` is D of ENGINE section 3: micro-tokens a user bought (or sold) of a token from the maker in this tick,
    by (user, outcome, side, buy). `swept` are the orders the sweep has had in this tick.
    """

    __slots__ = ("desk", "events", "fills", "now_ms", "params", "swept", "traded")

    def __init__(self, state: MarketState, params: MarketParams, now_ms: int) -> None:
        self.now_ms = now_ms
        self.fills: list[Fill] = []
        self.events: list[Event] = []
        self.traded: dict[tuple[int, int, int, bool], int] = {}
        self.swept: set[str] = set()
        self.open(state, params)

    def open(self, state: MarketState, params: MarketParams) -> None:
        """Goes on from this state and these parameters, at the prices of the tick's time."""
        self.params = params
        self.desk = Desk(state, params, tariff(params, rates_at(params, state, self.now_ms), len(state.active)))

    def seal(self) -> MarketState:
        """The state now; raises InvariantBroken if it is not what section 8 promises."""
        self.desk.check_touched()
        state = self.desk.seal()
        check_market(state, self.params)
        return state

    def turn(self, **changes: Any) -> None:  # Any: fields of MarketState have several types
        """Changes the course of the market (status, rounds), then goes on at the prices that follow from it."""
        self.open(replace(self.seal(), **changes), self.params)
