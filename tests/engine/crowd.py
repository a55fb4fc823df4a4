"""A crowd around one book: people who rest at a few prices, cross each other in every way, and take back.

`tests.engine.markets` draws any legal market and scatters what people do in it; here they meet.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import cast

from engine.intents import Cancel, Intent, Join, Order
from engine.params import MarketParams, build_params
from engine.state import MarketState, RestingOrder, Side, price
from engine.units import RATE
from tests.engine.markets import bargain, logarithmic, some_budget, some_rounds, some_values

PEOPLE = (1, 2, 3, 4, 5, 6)
OTHER = {Side.YES: Side.NO, Side.NO: Side.YES}


def some_crowded_market(rng: Random) -> MarketParams:
    """A legal market whose book matters: fine or coarse ticks, often a maker dear enough to trade past it."""
    while True:
        values = some_values(rng)
        values["cm_enabled"], values["af_enabled"] = rng.random() < 0.95, rng.random() < 0.95
        values["tick_size"] = rng.choice((Decimal("0.001"), Decimal("0.01"), Decimal("0.05")))
        if rng.random() < 0.6:
            values["fee"], values["match_fee"] = Decimal("0.05"), rng.choice((0, Decimal("0.0001"), Decimal("0.02")))
        if rng.random() < 0.7:
            values["kappa_start"] = values["kappa_end"] = rng.choice((0, Decimal("1e-7")))
        if rng.random() < 0.7:
            values["af_cap_frac"], values["af_max_surplus"] = Decimal("0.2"), 1
        if rng.random() < 0.7:
            values["z"] = rng.choice((100, 1_000, 10_000))
        if rng.random() < 0.8:
            values["gas_fee"] = 0
        if rng.random() < 0.4:  # where the pot floor binds
            values |= {"floor_allowance": 0, "fee": 0, "match_fee": rng.choice((0, Decimal("0.001")))}
            values["rounds"] = some_rounds(rng, len(cast("list[str]", values["outcome_names"])), least=1)
        params = build_params(values)
        if isinstance(params, MarketParams):
            return params


def arrivals(rng: Random, params: MarketParams) -> list[Intent]:
    """Everybody joins and buys something of both sides of a few outcomes, to have it to offer."""
    intents: list[Intent] = []
    for user in PEOPLE:
        cash = rng.choice((10**12, 10**14, params.z, logarithmic(rng, 10**6, 10**9)))
        intents.append(Join(id=f"join-{user}", accepted_ms=0, user=user, cash=cash))
        for side in Side:
            size = max(1, params.l0 * rng.randint(1, 60) // 1_000)
            intents.append(_order(f"stock-{user}-{side}", 0, user, rng.randrange(2), side, buy=True, size=size))
    return intents


def some_doing(rng: Random, name: str, at: int, state: MarketState, params: MarketParams) -> Order | Cancel:
    """Mostly orders with a limit: somewhere in the book, or against somebody who waits."""
    waiting = list(state.resting.orders())
    if waiting and rng.random() < 0.08:
        mine = rng.choice(waiting)
        return Cancel(id=name, accepted_ms=at, user=mine.user, order=rng.choice((mine.id, mine.id, None)))
    if not state.active:
        return _order(name, at, 1, 0, Side.YES, buy=True, size=1)
    if waiting and rng.random() < 0.5:
        return _against(rng, name, at, rng.choice(waiting), state, params)
    user, side, buy = rng.choice(PEOPLE), rng.choice(tuple(Side)), rng.random() < 0.5
    outcome = rng.choice(state.active[:3])
    if buy and rng.random() < 0.3:
        outcome, side = bargain(state, params)
    now = price(state.binaries[outcome], side, params)
    away = rng.choice((0, 0, 1, 1, 2, 3, 8)) * (-1 if buy else 1) + rng.choice((0, 0, 0, 1, -1, -4, 4))
    limit = int(now * RATE) // params.tick_size * params.tick_size + away * params.tick_size
    return _limited(rng, name, at, user, outcome, side, buy, limit, state, params)


def _against(rng: Random, name: str, at: int, other: RestingOrder, state: MarketState, params: MarketParams) -> Order:
    """An order that might match one that rests: directly, as a pair, or as a swap; sometimes without a limit."""
    ticks = (RATE - other.limit) // params.tick_size * params.tick_size
    binary = state.binaries[other.outcome]
    kind = rng.choice(("direct", "pair", "pair", "swap"))
    if kind == "direct":
        side, buy, limit = other.side, not other.buy, other.limit
    elif kind == "pair":
        pair = max(Fraction(1), price(binary, Side.YES, params) + price(binary, Side.NO, params))
        spare = int((pair - 1) * RATE) // params.tick_size * params.tick_size
        side, buy, limit = OTHER[other.side], other.buy, ticks + (spare if other.buy else 0)
    else:
        side, buy = OTHER[other.side], not other.buy
        mine = price(binary, side, params)
        limit = max(ticks, int(mine * RATE) // params.tick_size * params.tick_size)
    limit += rng.choice((0, 0, 0, 1, -1, 2)) * params.tick_size
    user = rng.choice(PEOPLE)
    order = _limited(rng, name, at, user, other.outcome, side, buy, limit, state, params)
    if rng.random() < 0.25:
        spend = some_budget(rng, order.size) if buy and rng.random() < 0.3 else None
        return replace(_order(name, at, user, other.outcome, side, buy=buy, size=order.size), spend=spend)
    return order


def _limited(
    rng: Random,
    name: str,
    at: int,
    user: int,
    outcome: int,
    side: Side,
    buy: bool,
    limit: int,
    state: MarketState,
    params: MarketParams,
) -> Order:
    limit = min(max(limit, params.tick_size), RATE - params.tick_size)
    limit -= limit % params.tick_size
    account = state.accounts.get(user)
    size = logarithmic(rng, 1, max(10, params.l0 // 20)) if rng.random() < 0.4 else max(1, params.l0 // 100)
    if not buy and account is not None and rng.random() < 0.95:
        free = account.tokens[outcome][side is Side.NO] - state.resting.tied_of(user, outcome, side)
        size = max(1, rng.choice((free // 4, free // 2, free, min(free, size))))
    return _order(name, at, user, outcome, side, buy=buy, size=size, limit=max(limit, 1), autofill=rng.random() < 0.6)


def _order(
    name: str,
    at: int,
    user: int,
    outcome: int,
    side: Side,
    *,
    buy: bool,
    size: int,
    limit: int | None = None,
    autofill: bool = False,
) -> Order:
    return Order(
        id=name,
        accepted_ms=at,
        user=user,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size,
        limit=limit,
        autofill=autofill,
    )
