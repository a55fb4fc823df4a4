"""The people of a crowd: names, tempers and habits, all from a seed. Nobody here is real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

NAMES = (
    "Mara", "Jonas", "Priya", "Olu", "Tomás", "Inês", "Łukasz", "Wei", "Aisha", "Noor", "Freya", "Diego", "Hana",
    "Sven", "Chidi", "Élodie", "Marco", "Yuki", "Leila", "Pavel", "Zanele", "Ravi", "Greta", "Mateus", "Siobhán",
    "Emre", "Lena", "Kofi", "Ana", "Björn", "Thuy", "Nikos", "Paloma", "Idris", "Vera", "Callum", "Soraya", "Henrik",
    "Mei", "Tariq", "Rosa", "Anders", "Jun", "Farah", "Gus", "Milena", "Bilal", "Ottilie",
)  # fmt: skip


class Temper(StrEnum):
    INFORMED = "informed"  # follows the published forecasts, pays only what is worth it
    CHASER = "chaser"  # buys what rises, leaves what falls
    FAN = "fan"  # backs a favourite, follows a whim
    DEALER = "dealer"  # quotes both sides around the price and takes back what it has left behind
    HUNTER = "hunter"  # leaves bids below what is cheap and offers above what is dear
    SCEPTIC = "sceptic"  # bids for NO against what everybody buys


SHARES = (
    Temper.INFORMED, Temper.FAN, Temper.DEALER, Temper.CHASER, Temper.SCEPTIC, Temper.FAN, Temper.HUNTER,
    Temper.INFORMED, Temper.CHASER, Temper.SCEPTIC,
)  # fmt: skip
"""Tempers in turn, so that every crowd, however small, has some of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Who trades, and how.

    pace: chance per tick to do something, per mille; stake: share of her cash in one trade, per mille; margin: what a
    token must be worth beyond its price, micro-dollars; span: how many ticks back she remembers; slippage: what she
    types, empty for the usual; trust: how she weighs each outcome's forecast, per mille; chatty: chance per mille to
    speak when something happens; careful: names a limit where others take what comes; autofill: lets trades on other
    outcomes fill what she leaves; gap: how far from the price a dealer quotes, micro-dollars.
    """

    number: int
    name: str
    temper: Temper
    favourite: int
    pace: int
    stake: int
    margin: int
    span: int
    slippage: str
    trust: tuple[int, ...]
    chatty: int
    careful: bool
    autofill: bool
    gap: int


PACES = {
    Temper.INFORMED: (55, 115),
    Temper.CHASER: (90, 170),
    Temper.FAN: (45, 95),
    Temper.DEALER: (110, 170),
    Temper.HUNTER: (60, 110),
    Temper.SCEPTIC: (80, 130),
}
STAKES = {Temper.INFORMED: (60, 160), Temper.CHASER: (50, 130)}


def crowd(count: int, seed: int, odds: Sequence[int]) -> tuple[Trader, ...]:
    """`count` people; favourites are drawn by the start odds (any positive weights)."""
    draw = dice("people", seed)
    names = draw.sample(NAMES, len(NAMES))
    return tuple(
        _person(draw, number, names[number % len(names)], number // len(names), odds) for number in range(count)
    )


def dice(*named: object) -> Random:
    """A generator of its own for whatever is named; the same on every machine."""
    return Random(" ".join(str(part) for part in named))  # noqa: S311  # a play needs equal dice, not secret ones


def _person(draw: Random, number: int, name: str, again: int, odds: Sequence[int]) -> Trader:
    temper = SHARES[number % len(SHARES)]
    return Trader(
        number=number,
        name=name if again == 0 else f"{name} {again + 1}",
        temper=temper,
        favourite=_by_weight(draw, odds),
        pace=draw.randrange(*PACES[temper]),
        stake=draw.randrange(*STAKES.get(temper, (12, 50))),
        margin=draw.randrange(6_000, 24_000),
        span=draw.randrange(2, 12),
        slippage=draw.choice(("1%", "2%", "3%", "") if temper is Temper.CHASER else ("", "", "3%", "10%")),
        trust=tuple(draw.randrange(880, 1_121) for _ in odds),
        chatty=draw.randrange(20, 160),
        careful=draw.randrange(2) == 0,
        autofill=draw.randrange(5) < 2,
        gap=draw.randrange(10_000, 25_000),
    )


def _by_weight(draw: Random, weights: Sequence[int]) -> int:
    place = draw.randrange(sum(weights))
    for index, weight in enumerate(weights):
        if place < weight:
            return index
        place -= weight
    raise AssertionError("weights that sum to more than themselves")
