"""A made-up market's numbers for the charts' tests."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.chart_data import (
    CardData,
    Exit,
    LeaderboardData,
    MakerData,
    OutcomeData,
    PricesData,
    RankedPerson,
    VolumeData,
)
from bot.text.numbers import places

HOUR = 3_600_000
START = 1_404_380_400_000  # 3 July 2014 09:40 UTC
TEAMS = ("Brazil", "Colombia", "France", "Germany")
TIMES = tuple(START + hour * HOUR for hour in range(48))
TITLE = "World Cup 2014"
WIDE = ("M" * 32, "W" * 32, "مرحبا بالعالم الجميل جدا", "שלום עולם", "日本代表チームの長い名前です", "\ufdfd" * 6)
"""Names as wide as they may be, and such as are read from the right."""


def many(count: int) -> tuple[str, ...]:
    """Names of so many outcomes, the first of them as wide as can be."""
    return tuple(f"{WIDE[number] if number < len(WIDE) else 'Driver of a team'} {number}" for number in range(count))


def prices(*, names: tuple[str, ...] = TEAMS, exits: tuple[Exit, ...] = (), winner: int | None = None) -> PricesData:
    """Prices that drift; who exits has none from then on, the winner a dollar at the end."""
    gone = {exit_.outcome: exit_.at_ms for exit_ in exits}
    yes = tuple(
        tuple(
            None
            if outcome in gone and at >= gone[outcome]
            else 1_000_000
            if winner == outcome and at == TIMES[-1]
            else 100_000 + 60_000 * outcome + 1_000 * ((place * (outcome + 3)) % 17)
            for place, at in enumerate(TIMES)
        )
        for outcome in range(len(names))
    )
    frozen = tuple((exit_.at_ms - 6 * HOUR, exit_.at_ms) for exit_ in exits)
    return PricesData(
        market=TITLE,
        names=names,
        times=TIMES,
        yes=yes,
        exits=exits,
        frozen=frozen,
        winners=() if winner is None else (winner,),
    )


def outcome(*, out: Exit | None = None) -> OutcomeData:
    data = prices(exits=(out,) if out else ())
    yes = data.yes[out.outcome if out else 3]
    no = tuple(None if price is None else 1_010_000 - price for price in yes)
    volume = tuple(place % 7 * 3_000_000 if yes[place] else 0 for place in range(len(TIMES)))
    number = out.outcome if out else 3
    return OutcomeData(
        market=TITLE, outcome=number, name=TEAMS[number], times=TIMES, yes=yes, no=no, volume=volume, exit=out
    )


def maker(*, risk: int = 25_000_000, result: int | None = None) -> MakerData:
    count = len(TIMES)
    return MakerData(
        market=TITLE,
        times=TIMES,
        volume=tuple(place % 5 * 10_000_000 for place in range(count)),
        risk=tuple(risk * place for place in range(count)),
        profit=(
            ("fee", tuple(2_000_000 * place for place in range(count))),
            ("gas", tuple(10_000 * place for place in range(count))),
            ("match", (0,) * count),
        ),
        stake=10_000_000_000,
        result=result,
    )


def leaderboard(*rows: tuple[str, int], people: int = 24, final: bool = False) -> LeaderboardData:
    """Rows of (name, gain in percent)."""
    ranked = tuple(
        RankedPerson(place=place, name=name, stake=1_000_000_000, worth=1_000_000_000 + gain * 10_000_000)
        for (name, gain), place in zip(rows, places([gain for _, gain in rows]), strict=True)
    )
    return LeaderboardData(market=TITLE, at_ms=TIMES[-1], rows=ranked, people=people, final=final)


def volume(*, names: tuple[str, ...] = TEAMS, nothing: bool = False) -> VolumeData:
    """Later outcomes are traded more, and all of them most in the middle."""
    series = tuple(
        tuple(
            0 if nothing else (outcome + 1) * 1_000_000 * (25 - abs(24 - place)) * ((place * (outcome + 3)) % 5)
            for place in range(len(TIMES))
        )
        for outcome in range(len(names))
    )
    return VolumeData(market=TITLE, names=names, times=TIMES, volume=series)


def card(
    *, names: tuple[str, ...] = TEAMS, winners: tuple[int, ...] = (0,), podium: tuple[tuple[str, int], ...] = ()
) -> CardData:
    """The last of `names` has gone in a round, the others with the final."""
    at = {outcome: TIMES[-1] for outcome in range(len(names)) if outcome not in winners} | {len(names) - 1: TIMES[20]}
    exits = tuple(
        Exit(outcome=outcome, at_ms=moment, final=moment == TIMES[-1], round=None if moment == TIMES[-1] else 1)
        for outcome, moment in at.items()
        if outcome not in winners
    )
    ended = replace(prices(names=names, exits=exits), winners=winners)
    rows = leaderboard(*podium).rows
    return CardData(prices=ended, podium=rows[:4], more=max(0, len(rows) - 4), volume=12_400_000_000, people=24)
