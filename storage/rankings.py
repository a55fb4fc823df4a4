"""Who stands where in a market: what each account is worth against its stake. Pure.

What a holding is worth is what selling all of it now, alone, to the house would bring after the fee, the pot floor and
the waterfall, as if trading were open, in whole cents: what the ticket of that sale says. So nobody's bid lifts a rank,
and buying never lifts one's own. "Now" is the last tick, as for prices: between two ticks every figure stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from engine.curves import worth
from engine.state import MarketState, Status
from engine.terms import MarketParams
from engine.units import CENT, whole_cents
from storage.records import Market, Member

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tokens = tuple[tuple[int, int], ...]
"""(YES, NO) by outcome: millionths of a token, or micro-dollars of what they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One person's result. Micro-dollars; `final` is their cash and what their holdings are worth.

    `rank` counts from 1, over the gain in percent of the amounts people are told (whole cents): whose gain is the same
    share one rank; None for who has not traded or is kept out of ranks, or where a market was called off.
    """

    rank: int | None
    person: int
    name: str
    stake: int
    final: int
    trades: int
    volume: int
    fees: int
    gas: int
    unranked: bool = False  # an admin keeps them out

    @property
    def gain(self) -> int:
        return self.final - self.stake

    @property
    def share(self) -> Fraction:
        """Gain over stake in whole cents, exact; 0 without a stake."""
        given = whole_cents(self.stake)
        return Fraction(whole_cents(self.final) - given, given) if given > 0 else Fraction(0)


def worths(state: MarketState, params: MarketParams, held: Sequence[Tokens], now_ms: int) -> list[Tokens]:
    """What each of these people's holdings is worth at `now_ms` (engine time)."""
    nothing: Tokens = ((0, 0),) * params.n_outcomes
    money = _money(state, params, held, now_ms)
    return [nothing] * len(held) if money is None else [tuple(map(tuple, pairs)) for pairs in money.tolist()]


def _money(state: MarketState, params: MarketParams, held: Sequence[Tokens], now_ms: int) -> NDArray[np.int64] | None:
    """`worths` as people x outcomes x 2; None where nobody holds anything that is still in."""
    nothing: Tokens = ((0, 0),) * params.n_outcomes
    tokens = np.array([pairs or nothing for pairs in held], dtype=np.int64)
    if not len(held) or not tokens[:, state.active].any():
        return None
    money = worth(state, params, tokens, now_ms)
    return money - money % CENT


def worths_of(market: Market, state: MarketState, members: Sequence[Member]) -> list[Tokens]:
    """What these members' holdings are worth, for hardly more than what one's take."""
    return worths(state, market.params, [member.tokens for member in members], _moment(market))


def worth_of(market: Market, state: MarketState, member: Member) -> Tokens:
    """What one member's holdings are worth."""
    return worths_of(market, state, [member])[0]


def standings(market: Market, state: MarketState | None, members: Sequence[Member]) -> list[Ranked]:
    """Everybody: who has traded and is ranked, best first by gain over stake, then who is kept out of ranks, then who
    has not traded; equal ones by who joined first, then by id. `state` may be None where the market is over: nobody
    holds anything."""
    values = [0] * len(members)
    if state is not None:
        money = _money(state, market.params, [member.tokens for member in members], _moment(market))
        values = values if money is None else money.sum(axis=(1, 2)).tolist()
    results: list[tuple[Member, int, int, int]] = []
    for member, value in zip(members, values, strict=True):
        stake, final = member.given, member.cash + value
        results.append((member, stake, final, _share_key(stake, final)))
    results.sort(key=lambda row: (_group(row[0]), -row[3], row[0].joined_ms, row[0].person))
    places = _first_places(key for member, _, _, key in results if _group(member) == _RANKED)
    called_off = market.status is Status.VOIDED
    return [
        Ranked(
            rank=None if called_off or _group(member) != _RANKED else places[key],
            person=member.person,
            name=member.name,
            stake=stake,
            final=final,
            trades=member.trade_count,
            volume=member.volume,
            fees=member.fees,
            gas=member.gas,
            unranked=member.unranked,
        )
        for member, stake, final, key in results
    ]


_RANKED, _UNRANKED, _IDLE = range(3)


def _group(member: Member) -> int:
    """Who comes before whom, whatever they gained."""
    if not member.trade_count:
        return _IDLE
    return _UNRANKED if member.unranked else _RANKED


def _moment(market: Market) -> int:
    """Engine time of the last tick: all that is told between two ticks is of one moment."""
    return 0 if market.tick_ms is None else market.engine_ms(market.tick_ms)


def _first_places(keys: Iterable[int]) -> dict[int, int]:
    """The place of each of these, best first; equal ones share the first of theirs."""
    places: dict[int, int] = {}
    for place, key in enumerate(keys, 1):
        places.setdefault(key, place)
    return places


def _share_key(stake: int, final: int) -> int:
    """Orders and tells apart shares as the exact fractions do, but in a tenth of their time: two different fractions
    of stakes below 2^63 lie further apart than 2^-126."""
    given = whole_cents(stake)
    return ((whole_cents(final) - given) << 128) // given if given > 0 else 0
