"""Synthetic traders: names, strategies and habits, all from a seed. Nobody here is real."""

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


class Strategy(StrEnum):
    INFORMED = "informed"  # follows the published forecasts, buys only below fair value
    MOMENTUM = "chaser"  # buys what rises, leaves what falls
    FAN = "fan"  # backs a favourite, buys at random now and then
    DEALER = "dealer"  # quotes both sides around the price and cancels what the price has left behind
    VALUE = "hunter"  # leaves bids below what is cheap and offers above what is dear
    CONTRARIAN = "sceptic"  # bids for NO earlierst what everybody buys


STRATEGY_CYCLE = (
    Strategy.INFORMED, Strategy.FAN, Strategy.DEALER, Strategy.MOMENTUM, Strategy.CONTRARIAN, Strategy.FAN,
    Strategy.VALUE, Strategy.INFORMED, Strategy.MOMENTUM, Strategy.CONTRARIAN,
)  # fmt: skip
"""Strategies in turn, so that every crowd of ten or more has some of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Who trades, and how.

    activity: chance per tick to do something, per mille; trade_share: share of the cash in one trade, per mille;
    required_edge: what a token must be worth beyond its price, micro-dollars; lookback: how many ticks back prices are
    remembered; slippage: what is typed, empty for the usual; forecast_weights: by outcome, per mille; talkativeness:
    chance per 4,000 to write something in a tick; uses_limits: names a limit where others take any price; autofill:
    lets trades on other outcomes fill open orders; half_spread: how far from the price a dealer quotes, micro-dollars.
    """

    number: int
    name: str
    strategy: Strategy
    favourite: int
    activity: int
    trade_share: int
    required_edge: int
    lookback: int
    slippage: str
    forecast_weights: tuple[int, ...]
    talkativeness: int
    uses_limits: bool
    autofill: bool
    half_spread: int


ACTIVITIES = {
    Strategy.INFORMED: (55, 115),
    Strategy.MOMENTUM: (90, 170),
    Strategy.FAN: (45, 95),
    Strategy.DEALER: (110, 170),
    Strategy.VALUE: (60, 110),
    Strategy.CONTRARIAN: (80, 130),
}
TRADE_SHARES = {Strategy.INFORMED: (60, 160), Strategy.MOMENTUM: (50, 130)}


def make_traders(count: int, seed: int, odds: Sequence[int]) -> tuple[Trader, ...]:
    """`count` people; favourites are drawn by the start odds (any positive weights)."""
    rng = seeded_random("people", seed)
    names = rng.sample(NAMES, len(NAMES))
    return tuple(
        _make_trader(rng, number, names[number % len(names)], number // len(names), odds) for number in range(count)
    )


def seeded_random(*named: object) -> Random:
    """A generator of its own for whatever is named; the same on every machine."""
    return Random(" ".join(str(part) for part in named))  # noqa: S311  # a play needs equal dice, not secret ones


def _make_trader(rng: Random, number: int, name: str, earlier: int, odds: Sequence[int]) -> Trader:
    strategy = STRATEGY_CYCLE[number % len(STRATEGY_CYCLE)]
    return Trader(
        number=number,
        name=name if earlier == 0 else f"{name} {earlier + 1}",
        strategy=strategy,
        favourite=by_weight(rng, odds),
        activity=rng.randrange(*ACTIVITIES[strategy]),
        trade_share=rng.randrange(*TRADE_SHARES.get(strategy, (12, 50))),
        required_edge=rng.randrange(6_000, 24_000),
        lookback=rng.randrange(2, 12),
        slippage=rng.choice(("1%", "2%", "3%", "") if strategy is Strategy.MOMENTUM else ("", "", "3%", "10%")),
        forecast_weights=tuple(rng.randrange(880, 1_121) for _ in odds),
        talkativeness=rng.randrange(20, 160),
        uses_limits=rng.randrange(2) == 0,
        autofill=rng.randrange(5) < 2,
        half_spread=rng.randrange(10_000, 25_000),
    )


def by_weight(rng: Random, weights: Sequence[int]) -> int:
    """One of them, each as likely as it weighs."""
    left = rng.randrange(sum(weights))
    for index, weight in enumerate(weights):
        if left < weight:
            return index
        left -= weight
    raise AssertionError("weights that sum to more than themselves")
