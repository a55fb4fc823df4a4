"""How far tokens of every size would move a price: the house's curve and the steps of the book, for a picture.

Both are read off where `engine.routing` would trade, for nobody in particular: the house sells up to a price what
`maker_size_to` says, and takes a pool of the book where it is as good as the house's price, fees in. A match with the
book moves no price (ENGINE section 6), so up to a price it is the sum of both.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.matching import pair_price
from engine.quote import open_tick
from engine.routing import maker_size_to
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Tick
from engine.units import MICRO, RATE, half_up

POINTS = 32  # of the house's curve: it is smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One direction of one token, from the price now outwards. Prices in micro-dollars, sizes in micro-tokens.

    house: (price, tokens the house trades until its price is that); book: (the house's price at which it is taken,
    tokens), best first, what waits there of this token or, where pairs are made, of the other.
    """

    now: int
    house: tuple[tuple[int, int], ...]
    book: tuple[tuple[int, int], ...]


def ladder(state: MarketState, params: MarketParams, now_ms: int, outcome: int, side: Side, *, buy: bool) -> Ladder:
    """Of an active outcome of a market that trades. It ends where the penalty begins (p_max, p_min)."""
    tick, _ = open_tick(state, params, now_ms, None)
    working, token = tick.working, int(side is Side.NO)
    supply, deep = working.q[token][outcome], working.l[outcome]
    now, end = half_up(supply * RATE, deep), working.tariff.p_max if buy else working.tariff.p_min
    prices = [now + (end - now) * point // POINTS for point in range(POINTS + 1)]
    return Ladder(
        now=half_up(supply * MICRO, deep),
        house=tuple((_micro(price), maker_size_to(working, outcome, token, price, RATE, buy=buy)) for price in prices),
        book=tuple(sorted(_pools(tick, outcome, token, buy=buy), reverse=not buy)),
    )


def _pools(tick: Tick, outcome: int, token: int, *, buy: bool) -> list[tuple[int, int]]:
    """Pools an order at market would meet: (the house's price that is as good, what waits). Those better than the
    house's price now are taken first of all."""
    book, params = tick.working.book, tick.params
    pools = [
        (_micro(limit), _waiting(tick, outcome, token, limit, buy=not buy))
        for limit in book.levels.get((outcome, token, not buy), ())
    ]
    if params.cm_enabled:
        top, deep = pair_price(tick.working, outcome)
        for limit in book.levels.get((outcome, 1 - token, buy), ()):
            if buy:
                even = (top * RATE - limit * deep) * (RATE + params.match_fee) // (deep * (RATE + params.fee))
            else:
                even = (RATE - limit) * (RATE - params.match_fee) // (RATE - params.fee)
            if 0 < even < RATE:
                pools.append((_micro(even), _waiting(tick, outcome, 1 - token, limit, buy=buy)))
    return pools


def _waiting(tick: Tick, outcome: int, token: int, limit: int, *, buy: bool) -> int:
    key = (outcome, token, buy, limit)
    book = tick.working.book
    return book.total(key, book.waiting(key))


def _micro(rate: int) -> int:
    return half_up(rate * MICRO, RATE)
