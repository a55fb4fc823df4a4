"""Engine states by market, so that a tick need not load what it saved a moment ago."""

from __future__ import annotations

from engine.state import MarketState


class StateCache:
    """The latest state of each market. The head of the hash chain names a state: another head, another state."""

    def __init__(self) -> None:
        self._states: dict[int, tuple[int, str, MarketState]] = {}

    def get(self, market: int, tick: int, head: str) -> MarketState | None:
        known = self._states.get(market)
        return known[2] if known is not None and known[:2] == (tick, head) else None

    def put(self, market: int, tick: int, head: str, state: MarketState) -> None:
        known = self._states.get(market)
        if known is None or known[0] <= tick:
            self._states[market] = (tick, head, state)

    def forget(self, market: int) -> None:
        self._states.pop(market, None)
