"""Many sizes at once, for charts: what trades with the house would cost, and how deep maker and book are at each price.

Display precision only: float64, in whole dollars and tokens, good to about nine digits. Nothing here is money that
changes hands; `engine.quote` is exact. Left out: convexity from earlier trades, the pot floor, a waterfall that runs
short, auto-fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.rates import Tariff, rates_at, tariff
from engine.state import MarketState, Side, depth
from engine.terms import MarketParams
from engine.units import MICRO, RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """By size: `money` all in (paid by a buy, got by a sale), `average` of it a token, `price` after; floats."""

    sizes: Floats
    money: Floats
    average: Floats
    price: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """By price limit: tokens one could buy up to it, or sell down to it, from the maker and from resting orders."""

    prices: Floats
    maker: Floats
    book: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """One token's pool in dollars and tokens, and its pieces (g, depth where the piece ends or nan) in a direction."""

    supply: float
    depth: float
    pieces: tuple[tuple[float, float], ...]
    tariff: Tariff


def what_if(
    state: MarketState, params: MarketParams, *, now_ms: int, outcome: int, side: Side, buy: bool, sizes: Floats
) -> WhatIf:
    """What each of these sizes (tokens > 0) would cost or bring alone at `now_ms`, with the house."""
    pool = _pool(state, params, now_ms, outcome, side, buy=buy)
    t, sign = pool.tariff, 1.0 if buy else -1.0
    sizes = np.asarray(sizes, dtype=np.float64)
    traded = sizes if buy else np.minimum(sizes, pool.supply)
    curve, after = _curve(pool, sign * traded)
    charge = _quadratic(pool, traded, buy=buy)
    charge = np.maximum(curve, charge) if buy else np.minimum(curve, np.maximum(charge, 0.0))
    price = (pool.supply + sign * traded) / after
    bound, past = (t.p_max / RATE, price > t.p_max / RATE) if buy else (t.p_min / RATE, price < t.p_min / RATE)
    charge = np.where(past, charge * (np.maximum(price, 0.0) / bound) ** (t.eta / RATE), charge)
    if buy:  # the pool is raised until the price is p_max again
        raised = curve + np.maximum((pool.supply + traded) / bound - after, 0.0) / pool.pieces[-1][0]
        charge, price = np.where(past, np.maximum(charge, raised), charge), np.where(past, bound, price)
    money = charge + sign * t.fee / RATE * traded * price
    return WhatIf(sizes=sizes, money=np.maximum(money, 0.0), average=np.maximum(money, 0.0) / traded, price=price)


def price_depth(
    state: MarketState, params: MarketParams, *, now_ms: int, outcome: int, side: Side, buy: bool, prices: Floats
) -> Depth:
    """How much can be bought at prices up to each of these (buy), or sold at prices down to each, before fees."""
    pool = _pool(state, params, now_ms, outcome, side, buy=buy)
    prices = np.asarray(prices, dtype=np.float64)
    low, high = pool.tariff.p_min / RATE, pool.tariff.p_max / RATE
    levels = state.resting.sizes(outcome, side, buy=not buy)
    limits = np.array([limit / RATE for limit, _ in levels], dtype=np.float64)
    waiting = np.array([size / MICRO for _, size in levels], dtype=np.float64)
    reached = limits[None, :] <= prices[:, None] if buy else limits[None, :] >= prices[:, None]
    return Depth(
        prices=prices,
        maker=_marginal(pool, np.minimum(prices, high) if buy else np.maximum(prices, low), buy=buy),
        book=(reached * waiting[None, :]).sum(axis=1),
    )


def _pool(state: MarketState, params: MarketParams, now_ms: int, outcome: int, side: Side, *, buy: bool) -> _Pool:
    binary = state.binaries[outcome]
    t = tariff(params, rates_at(params, state, now_ms), len(state.active))
    pieces = t.buying(binary.v) if buy else t.selling(binary.v)
    return _Pool(
        supply=(binary.q_yes if side is Side.YES else binary.q_no) / MICRO,
        depth=depth(binary.v, params.l0, params.gamma) / MICRO,
        pieces=tuple(
            (piece.g_n / piece.g_d, piece.edge_n / piece.edge_d / MICRO if piece.edge_n else np.nan) for piece in pieces
        ),
        tariff=t,
    )


def _curve(pool: _Pool, change: Floats) -> tuple[Floats, Floats]:
    """(|integral of the marginal price|, depth after) over a change of supply: L^2 - g Q^2 stays within a piece."""
    money, after = np.zeros_like(change), np.full_like(change, pool.depth)
    base, square = pool.depth, pool.supply**2
    target, left = (pool.supply + change) ** 2, np.ones_like(change, dtype=bool)
    sign = np.sign(change)
    for g, edge in pool.pieces:
        final = base**2 + g * (target - square)
        inside = left & (np.isnan(edge) | (sign * (final - edge**2) <= 0))
        after = np.where(inside, np.sqrt(np.maximum(final, 0.0)), after)
        money = np.where(inside, money + (after - base) / g, money)
        left &= ~inside
        if np.isnan(edge):
            break
        money = np.where(left, money + (edge - base) / g, money)
        square, base = square + (edge**2 - base**2) / g, edge
    return np.abs(money), after


def _quadratic(pool: _Pool, d: Floats, *, buy: bool) -> Floats:
    """The quadratic price of section 3 with D = 0, the smaller root for a sale."""
    w, g = pool.tariff.weights, pool.pieces[0][0]
    kappa = w.k_n / w.k_d * MICRO
    first, second = (w.a_n / w.w_d, w.b_n / w.w_d) if buy else (w.b_n / w.w_d, w.a_n / w.w_d)
    sign = 1.0 if buy else -1.0
    fixed = first * d * pool.supply / pool.depth + sign * kappa * d**2
    moving = second * d * (pool.supply + sign * d)
    half = (pool.depth - sign * g * fixed) / 2
    inside = np.maximum(half**2 + sign * g * (fixed * pool.depth + moving), 0.0)
    return np.asarray((fixed * pool.depth + moving) / (half + np.sqrt(inside)))


def _marginal(pool: _Pool, t: Floats, *, buy: bool) -> Floats:
    """The size after which the price is t: t sqrt(C/(1 - g t^2)) - Q, for a sale the other way round; at least 0."""
    sign = 1.0 if buy else -1.0
    base, square = pool.depth, pool.supply**2
    reached, left = np.zeros_like(t), np.ones_like(t, dtype=bool)
    for g, edge in pool.pieces:
        end = np.nan if np.isnan(edge) else square + (edge**2 - base**2) / g
        inside = left & (np.isnan(end) | (sign * ((t * edge) ** 2 - end) <= 0))
        here = t * np.sqrt(np.maximum((base**2 - g * square) / (1 - g * t**2), 0.0))
        reached = np.where(inside, here, reached)
        left &= ~inside
        if np.isnan(edge):
            break
        square, base = end, edge
    past = sign * (t * pool.depth - pool.supply) <= 0
    return np.where(past, 0.0, np.maximum(sign * (reached - pool.supply), 0.0))
