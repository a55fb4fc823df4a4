"""What a season's markets are worth together: points for the place and for the gain.

Of each market that was paid out everybody with at least three trades is ranked by gain over stake. Places are worth
25, 18, 15, 12, 10, 8, 6, 4, 2, 1 points (those who tie share the points of the places they take, rounded down to a
tenth); every 10 % gained is worth one point more, at most 25, and a loss costs none. Points are in tenths throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from storage.export import Ranked, standings
from storage.records import Market
from storage.seasons import Season
from storage.unit_of_work import UnitOfWork

LEAST_TRADES = 3
PLACES = (250, 180, 150, 120, 100, 80, 60, 40, 20, 10)
MOST_FOR_GAIN = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One person in one market. `points` in tenths."""

    person: int
    name: str
    rank: int
    share: Fraction
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One person over a season. `points` in tenths; `rank` counts from 1, equal points and wins share it."""

    rank: int
    person: int
    name: str
    points: int
    markets: int
    wins: int
    best: Fraction  # her best gain over stake in one market


def scores(ranked: Iterable[Ranked]) -> list[Score]:
    """Of one market, best first; who traded less than three times is left out."""
    counted = sorted((one for one in ranked if one.trades >= LEAST_TRADES), key=lambda one: (-one.share, one.person))
    found: list[Score] = []
    for share, tied in groupby(counted, key=lambda one: one.share):
        rank, group = len(found) + 1, list(tied)
        places = PLACES[rank - 1 : rank - 1 + len(group)]
        for_place = sum(places) // len(group)
        for_gain = min(MOST_FOR_GAIN, max(0, int(share * 100)))
        found += [
            Score(person=one.person, name=one.name, rank=rank, share=share, points=for_place + for_gain)
            for one in group
        ]
    return found


def table(markets: Sequence[Sequence[Score]], same: Mapping[int, int] | None = None) -> list[Standing]:
    """Over a season, most points first, then most wins. `same` maps an account's number to the person it belongs to
    now, where two became one; her latest name counts."""
    whose = same or {}
    by_person: dict[int, list[Score]] = {}
    for one in (score for market in markets for score in market):
        by_person.setdefault(whose.get(one.person, one.person), []).append(one)
    rows = [
        Standing(
            rank=0,
            person=person,
            name=found[-1].name,
            points=sum(one.points for one in found),
            markets=len(found),
            wins=sum(one.rank == 1 for one in found),
            best=max(one.share for one in found),
        )
        for person, found in by_person.items()
    ]
    rows.sort(key=lambda one: (-one.points, -one.wins, one.person))
    ranks: dict[tuple[int, int], int] = {}
    return [replace(one, rank=ranks.setdefault((one.points, one.wins), place)) for place, one in enumerate(rows, 1)]


async def season_table(uow: UnitOfWork, season: Season) -> tuple[list[Market], list[Standing]]:
    """The markets a season counts so far, and where everybody stands."""
    markets = await uow.seasons.markets(season)
    found = [scores(standings(await uow.members.of(one.id), await uow.ticks.latest(one.id))) for one in markets]
    accounts = {one.person for market in found for one in market}
    return markets, table(found, await uow.people.owners(accounts))
