"""What a chart is drawn from: numbers and names, nothing that knows where they came from.

Times are epoch milliseconds, money and prices micro-dollars, `None` where an outcome had no price. All series of one
chart have the length of its `times`. Everything here can be pickled, because charts are drawn in another process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["dark", "light"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """An outcome that was eliminated: `round` counts from 1, `final` where the last round decided it."""

    outcome: int
    at_ms: int
    round: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesData:
    """YES of every outcome; `frozen` are the stretches of time without trading. Several winners share."""

    market: str
    names: tuple[str, ...]
    times: tuple[int, ...]
    yes: tuple[tuple[int | None, ...], ...]
    exits: tuple[Exit, ...] = ()
    frozen: tuple[tuple[int, int], ...] = ()
    winners: tuple[int, ...] = ()
    called_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeData:
    """YES and NO of one outcome, and what was traded in it between one time and the next."""

    market: str
    outcome: int
    name: str
    times: tuple[int, ...]
    yes: tuple[int | None, ...]
    no: tuple[int | None, ...]
    volume: tuple[int, ...]
    exit: Exit | None = None
    frozen: tuple[tuple[int, int], ...] = ()
    won: bool = False
    called_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundMark:
    """A round that was decided: when, what it is called, and who went out in it."""

    at_ms: int
    name: str
    out: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesData:
    """Steps of all outcomes for a page that draws them itself: `ticks` and `times` of each point, YES by outcome and
    the money traded since the point before. `thinned`: some ticks that moved a price are left out."""

    tick: int
    names: tuple[str, ...]
    ticks: tuple[int, ...]
    times: tuple[int, ...]
    yes: tuple[tuple[int | None, ...], ...]
    volume: tuple[int, ...]
    freezes: tuple[tuple[int, int], ...]
    rounds: tuple[RoundMark, ...]
    exits: tuple[Exit, ...]
    winners: tuple[int, ...]
    called_off: bool
    thinned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSeries:
    """The same of one outcome: YES, NO and the money traded in it since the point before, `total` of it in all."""

    ticks: tuple[int, ...]
    times: tuple[int, ...]
    yes: tuple[int | None, ...]
    no: tuple[int | None, ...]
    volume: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerData:
    """The house: what it would lose at worst, what it has kept so far by source (running totals), volume a tick."""

    market: str
    times: tuple[int, ...]
    volume: tuple[int, ...]
    risk: tuple[int, ...]
    profit: tuple[tuple[str, tuple[int, ...]], ...]
    stake: int
    result: int | None = None  # when all is paid: what the house won, below 0 what it lost


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeData:
    """What was traded of every outcome between one time and the next, before fees."""

    market: str
    names: tuple[str, ...]
    times: tuple[int, ...]
    volume: tuple[tuple[int, ...], ...]  # per outcome

    @property
    def totals(self) -> tuple[int, ...]:
        return tuple(sum(series) for series in self.volume)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedPerson:
    """One person of a ranking: their place (`1st`, `2nd=`), what they were given (`stake`) and have now: cash, and what
    their tokens would bring (`worth`)."""

    place: str
    name: str
    stake: int
    worth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardData:
    """Best first; `people` is how many have traded in all."""

    market: str
    at_ms: int
    rows: tuple[RankedPerson, ...]
    people: int
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardData:
    """How a market ended, to be shown around: `prices` has the winners, `podium` the best, `more` how many stand on its
    last step beside them, `people` how many have traded."""

    prices: PricesData
    podium: tuple[RankedPerson, ...]
    more: int
    volume: int
    people: int

    @property
    def market(self) -> str:
        return self.prices.market


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewData:
    """A market at a glance, for the preview of its link: `yes` of those who are in, best first; nobody's name."""

    market: str
    status: str
    names: tuple[str, ...]
    yes: tuple[tuple[int, int], ...]
    winners: tuple[int, ...]
    called_off: bool
    volume: int
    people: int


ChartData = PreviewData | PricesData | OutcomeData | MakerData | LeaderboardData | VolumeData | CardData
