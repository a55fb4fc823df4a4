"""Engine states by market, so that a tick need not load what it saved a moment ago."""

from __future__ import annotations

from engine.state import MarketState


class StateCache:
    """The latest state of each market. The head of the hash chain names a state: another head, another state.

    `people_changed` counts how often two people became one or one was forgotten, for whoever remembers who is who."""

    def __init__(self) -> None:
        self.people_changed = 0
        self._states: dict[int, tuple[int, str, MarketState]] = {}

    def get(self, market: int, tick: int, head: str) -> MarketState | None:
        known = self._states.get(market)
        return known[2] if known is not None and known[:2] == (tick, head) else None

    def put(self, market: int, tick: int, head: str, state: MarketState) -> None:
        known = self._states.get(market)
        if known is None or known[0] <= tick:
            self._states[market] = (tick, head, state)

    def forget_people(self) -> None:
        """Somebody is not who she was."""
        self.people_changed += 1

    def forget(self, market: int) -> None:
        self._states.pop(market, None)
