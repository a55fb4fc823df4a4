"""The last eight of the 2014 World Cup as a market: who, when, what happened, and what was forecast before it did."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from bot.scenarios.scenario import MICRO, Forecast, Scenario, ScenarioRound

ABOUT = "Who wins the final on 13 July 2014 by the official result, extra time and penalties in."
DATA = "worldcup2014/forecasts.csv"
LOWEST, HIGHEST = 20_000, 950_000  # bounds of a start price with the usual parameters (ENGINE section 2), millionths


# freeze, decide, who is out, how it ended: kick-off of the round's first match, and when its last result was known
ROUNDS = (
    ("2014-07-04 16:00", "2014-07-04 22:05", ("France", "Colombia"), "France 0-1 Germany, Colombia 1-2 Brazil"),
    ("2014-07-05 16:00", "2014-07-05 22:55", ("Belgium", "Costa Rica"),
     "Belgium 0-1 Argentina, Costa Rica 0-0 Netherlands (3-4 on penalties)"),
    ("2014-07-08 20:00", "2014-07-08 21:56", ("Brazil",), "Brazil 1-7 Germany"),
    ("2014-07-09 20:00", "2014-07-09 23:17", ("Netherlands",), "Netherlands 0-0 Argentina (2-4 on penalties)"),
    ("2014-07-13 19:00", "2014-07-13 21:40", ("Argentina",), "Germany 1-0 Argentina after extra time"),
)  # fmt: skip
START, OPENING = "2014-07-03 09:40", "2014-07-03T09:40:53Z"
MINUTES, TICKS = 42, 360


@cache
def world_cup() -> Scenario:
    """The market from 3 July 2014 09:40 UTC to the final; outcomes by their odds that morning, best first."""
    published = _published()
    opening = published[_moment(OPENING)]
    names = tuple(sorted(opening, key=lambda name: (-opening[name], name)))
    index = {name: number for number, name in enumerate(names)}
    steps = tuple(
        ScenarioRound(
            freeze_ms=_moment(freeze), decide_ms=_moment(decide), out=tuple(index[name] for name in out), reason=reason
        )
        for freeze, decide, out, reason in ROUNDS
    )
    return Scenario(
        title="World Cup 2014",
        about=ABOUT,
        names=names,
        odds=clamped([opening[name] for name in names], LOWEST, HIGHEST),
        start_ms=_moment(START),
        tick_ms=MINUTES * 60_000,
        ticks=TICKS,
        gas=Decimal("0.01"),
        steps=steps,
        winner=index["Germany"],
        forecasts=tuple(
            Forecast(at_ms=at, chances=tuple(chances[name] for name in names)) for at, chances in published.items()
        ),
    )


def clamped(chances: Sequence[int], low: int, high: int) -> tuple[Decimal, ...]:
    """Chances (millionths, any sum) as odds between `low` and `high` whose sum is exactly 1.

    What lies beyond a bound is set to it (of the two bounds the one that is missed by more first), the rest scaled to
    what is left, until all are within; the last millionths go to the largest remainders, the earlier first.
    """
    fixed: dict[int, int] = {}
    while True:
        free = [index for index in range(len(chances)) if index not in fixed]
        left, total = MICRO - sum(fixed.values()), sum(chances[index] for index in free)
        wanted = {index: divmod(chances[index] * left, total) for index in free}
        poor = {index: low - share for index, (share, _) in wanted.items() if share < low}
        rich = {index: share - high for index, (share, _) in wanted.items() if share > high}
        if not poor and not rich:
            break
        bound, beyond = (low, poor) if sum(poor.values()) >= sum(rich.values()) else (high, rich)
        fixed.update(dict.fromkeys(beyond, bound))
    odds = {**fixed, **{index: share for index, (share, _) in wanted.items()}}
    by_remainder = sorted(free, key=lambda index: (-wanted[index][1], index))
    for index in by_remainder[: MICRO - sum(odds.values())]:
        odds[index] += 1
    return tuple(Decimal(odds[index]).scaleb(-6) for index in range(len(chances)))


def _published() -> Mapping[int, Mapping[str, int]]:
    """Chances to win by team (millionths), by moment, oldest first."""
    forecasts: dict[int, dict[str, int]] = {}
    text = files("bot.scenarios").joinpath(DATA).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        forecasts.setdefault(_moment(row["time_utc"]), {})[row["team"]] = int(Decimal(row["p_win"]) * MICRO)
    return dict(sorted(forecasts.items()))


def _moment(text: str) -> int:
    """Epoch milliseconds of a UTC moment, ISO 8601 with or without its zone."""
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 1000
