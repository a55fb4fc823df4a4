"""An event to play with synthetic traders: who can win, when, what happens, and what is forecast before it does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from bot.market.event_file import EventFile
from bot.scenarios.timeline import joined

MICRO = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Chances to win by outcome, millionths, published at a moment (epoch ms)."""

    at_ms: int
    chances: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRound:
    """A round: trading stops at `freeze_ms`; at `decide_ms` `out` leave, and `reason` says how. The last step is the
    final, and `out` is who lost it.

    `window_ms`: how long a claim can be corrected before it counts. `asked`: somebody has to name them; else the
    timetable does.
    """

    freeze_ms: int
    decide_ms: int
    out: tuple[int, ...]
    reason: str
    window_ms: int = 0
    asked: bool = True

    @property
    def until_ms(self) -> int:
        """When it is over: trading goes on, or everybody is paid."""
        return self.decide_ms + self.window_ms


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An event to play. Times are epoch milliseconds, `odds` decimals that sum to exactly 1; `about` says what decides
    it. `event` is the file it comes from, if any: its terms make the market. `skips_freezes`: no ticks inside them."""

    title: str
    about: str
    names: tuple[str, ...]
    odds: tuple[Decimal, ...]
    start_ms: int
    tick_ms: int
    ticks: int
    gas: Decimal
    steps: tuple[ScenarioRound, ...]
    winner: int
    forecasts: tuple[Forecast, ...]
    event: EventFile | None = None
    skips_freezes: bool = False

    @cached_property
    def freezes(self) -> list[tuple[int, int]]:
        """From when to when there is no trading, in order."""
        return joined([(step.freeze_ms, step.until_ms) for step in self.steps])

    @cached_property
    def moments(self) -> list[int]:
        """When it starts, and each of its ticks."""
        size, last = self.tick_ms, self.start_ms + self.ticks * self.tick_ms
        even = range(self.start_ms, last + 1, size)
        if not self.skips_freezes:
            return list(even)
        inside = [(since + size, until - size) for since, until in self.freezes]
        return [at for at in even if not any(since <= at <= until for since, until in inside)]

    def frozen(self, at_ms: int) -> bool:
        """Whether a round is being decided at that moment."""
        return any(since <= at_ms < until for since, until in self.freezes)

    def usable_forecast(self, at_ms: int) -> tuple[int, ...]:
        """The latest forecast that a fair player may use: published by then, and not while trading was frozen."""
        usable = [
            forecast for forecast in self.forecasts if forecast.at_ms <= at_ms and not self.frozen(forecast.at_ms)
        ]
        return usable[-1].chances if usable else tuple(int(share * MICRO) for share in self.odds)
