"""Where an order trades: step by step the better of the maker, after its fee, and the book (ENGINE section 6).

At each step the maker is taken up to the size at which it costs as much as the best of the book, then that pool. What
the maker sells of an order is priced once on its sum, because direct, mint and merge do not move the pool.

How much of an order a limit allows the maker to fill follows rulings 2, 4 and 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.amm import marginal_buy, marginal_sell
from engine.autofill import auto_fill
from engine.events import Fill
from engine.impact import PricedFill, apply_maker_fill, price_buy, price_sell
from engine.matching import direct, merge, mint, pair_price, swap
from engine.resting_book import escrowed
from engine.search import largest
from engine.tick import Taker
from engine.units import MICRO, RATE, half_up
from engine.working_copy import WorkingCopy


def maker_size_to(working: WorkingCopy, outcome: int, side: int, t: int, unit: int, *, buy: bool) -> int:
    """How much the maker trades until its price is t/unit, at most p_max, at least p_min."""
    tariff = working.tariff
    q, deep, v = working.q[side][outcome], working.l[outcome], working.v[outcome]
    if buy:
        if t * RATE > tariff.p_max * unit:
            t, unit = tariff.p_max, RATE
        return marginal_buy(t, q, deep, tariff.buying(v), unit)
    if t * RATE < tariff.p_min * unit:
        t, unit = tariff.p_min, RATE
    return marginal_sell(t, q, deep, tariff.selling(v), unit)


def largest_buy(
    working: WorkingCopy, outcome: int, side: int, limit: int, fee: int, rest: int, most: int, before: int
) -> PricedFill | None:
    """The most of `most` tokens that a limit lets the maker sell; None for nothing.

    p' <= limit (at p_max and above the charge alone limits), all in less the fee <= limit*d, and all in no more than
    what an order of which `rest` is left frees of its escrow (`fee` its largest) by filling d.
    """
    t, q, deep = working.tariff, working.q[side][outcome], working.l[outcome]
    below = limit < t.p_max
    if below:
        most = min(most, marginal_buy(limit, q, deep, t.buying(working.v[outcome])))
    if most <= 0:
        return None
    held = escrowed(limit, fee, rest)
    fills: dict[int, PricedFill] = {}

    def fits(d: int) -> bool:
        fill = fills[d] = price_buy(working, outcome, side, d, before)
        if below and fill.supply * RATE > limit * fill.depth:
            return False
        return (fill.total - fill.fee) * RATE <= limit * d and fill.total <= held - escrowed(limit, fee, rest - d)

    return fills.get(largest(fits, most))


def largest_sell(
    working: WorkingCopy, outcome: int, side: int, limit: int, most: int, before: int
) -> PricedFill | None:
    """The most of `most` tokens that a limit lets the maker buy: p' >= limit, all got plus the fee >= limit*d."""
    t, q, deep = working.tariff, working.q[side][outcome], working.l[outcome]
    most = min(most, marginal_sell(limit, q, deep, t.selling(working.v[outcome])))
    fills: dict[int, PricedFill] = {}

    def fits(d: int) -> bool:
        fill = fills[d] = price_sell(working, outcome, side, d, before)
        inside = fill.size == d and fill.supply * RATE >= limit * fill.depth
        return inside and (fill.total + fill.fee) * RATE >= limit * d

    return fills.get(largest(fits, most))


def largest_part(taker: Taker) -> PricedFill | None:
    """The most that the order's limit lets it trade with the maker now, what it planned already included."""
    working, before = taker.tick.working, taker.tick.traded.get(taker.traded_key, 0)
    rest, limit = taker.remaining + taker.pending, taker.limit
    assert limit is not None
    if taker.buy:
        return largest_buy(working, taker.outcome, taker.side, limit, taker.escrow_fee, rest, rest, before)
    return largest_sell(working, taker.outcome, taker.side, limit, rest, before)


def fill_pending(taker: Taker) -> None:
    """The maker pieces an order planned become one fill, priced once on their sum; then auto-fills.

    What its limit does not allow after all, and what of a sale the pool cannot take, is left.
    """
    tick, working, planned = taker.tick, taker.tick.working, taker.pending
    if not planned:
        return
    before = tick.traded.get(taker.traded_key, 0)
    fill = _priced(taker, planned, before)
    taker.pending = 0
    taker.remaining += planned - (fill.size if fill else 0)
    if fill is None:
        return
    apply_maker_fill(working, taker.outcome, taker.side, fill, buy=taker.buy)
    taker.settle(fill.size, fill.total, fill.fee)
    taker.floor += fill.floor
    tick.traded[taker.traded_key] = before + fill.size
    tick.fills.append(maker_fill(taker, fill))
    auto_fill(taker, fill)


def _priced(taker: Taker, planned: int, before: int) -> PricedFill | None:
    working, outcome, side, limit = taker.tick.working, taker.outcome, taker.side, taker.limit
    if limit is None:
        if taker.buy:
            return price_buy(working, outcome, side, planned, before)
        return price_sell(working, outcome, side, planned, before) if working.q[side][outcome] > 1 else None
    if taker.buy:
        rest = taker.remaining + planned
        return largest_buy(working, outcome, side, limit, taker.escrow_fee, rest, planned, before)
    return largest_sell(working, outcome, side, limit, planned, before)


def maker_fill(taker: Taker, fill: PricedFill) -> Fill:
    """The record of a fill with the house."""
    amount = fill.total - fill.fee if taker.buy else fill.total + fill.fee
    return Fill(
        order=taker.order.id,
        kind="maker",
        outcome=taker.outcome,
        side=taker.order.side,
        buyer=taker.user if taker.buy else None,
        seller=None if taker.buy else taker.user,
        size=fill.size,
        price=half_up(amount * MICRO, fill.size),
        amount=amount,
        buy_fee=fill.fee if taker.buy else 0,
        sell_fee=0 if taker.buy else fill.fee,
        parts=parts_of(fill),
    )


def parts_of(fill: PricedFill) -> dict[str, int]:
    """Where the money of a maker fill goes, the fee apart."""
    return {
        "pool": fill.pool,
        "convexity": fill.convexity,
        "penalty": fill.penalty,
        "curve": fill.curve,
        "floor": fill.floor,
    }


class PoolOffer(NamedTuple):
    """A pool the order can trade with: at its limit, and the maker's price even/unit that is as good, fees in."""

    match: Callable[[Taker, int], None]
    limit: int
    maker_price: int
    unit: int


def route(taker: Taker) -> None:
    """Trades what the order can; what it cannot stays in `taker.remaining`."""
    route_book(taker)
    fill_pending(taker)


def route_book(taker: Taker) -> None:
    """Trades what the order can with the book and leaves what it planned with the maker pending: of a market order
    the last that it pays or gets."""
    while taker.remaining:
        offer = best_offer(taker)
        if offer is None:
            break
        plan(taker, offer)
        if taker.remaining:
            if offer.match is swap:
                fill_pending(taker)
            offer.match(taker, offer.limit)
    plan(taker, None)


def plan(taker: Taker, offer: PoolOffer | None) -> None:
    """Plans with the maker what it does better than the offer; without one all that is left. A limit order never more
    than its limit allows."""
    most = taker.pending + taker.remaining
    if offer:
        working = taker.tick.working
        most = min(
            most, maker_size_to(working, taker.outcome, taker.side, offer.maker_price, offer.unit, buy=taker.buy)
        )
    if most <= taker.pending:
        return
    if taker.limit is not None:
        part = largest_part(taker)
        most = min(most, part.size if part else 0)
    more = max(most - taker.pending, 0)
    taker.pending += more
    taker.remaining -= more


def best_offer(taker: Taker) -> PoolOffer | None:
    """The best pool of the book after fees; ties: direct, mint or merge, swap."""
    levels, outcome, side, buy = taker.tick.working.book.levels, taker.outcome, taker.side, taker.buy
    best = _direct_offer(taker) if levels.get((outcome, side, not buy)) else None
    if not taker.tick.params.cm_enabled:
        return best
    if levels.get((outcome, 1 - side, buy)):
        best = _better(taker, best, _pair_offer(taker))
    if taker.may_swap and levels.get((outcome, 1 - side, not buy)):
        best = _better(taker, best, _swap_offer(taker))
    return best


def _better(taker: Taker, best: PoolOffer | None, other: PoolOffer | None) -> PoolOffer | None:
    """The other offer where it is strictly better."""
    if best is None or other is None:
        return best or other
    ours, theirs = other.maker_price * best.unit, best.maker_price * other.unit
    return other if (ours < theirs if taker.buy else ours > theirs) else best


def _direct_offer(taker: Taker) -> PoolOffer | None:
    bound = taker.limit if taker.limit is not None else RATE if taker.buy else 0
    limit = taker.tick.working.book.best((taker.outcome, taker.side, not taker.buy), taker.user, bound)
    return None if limit is None else PoolOffer(direct, limit, limit, RATE)


def _pair_offer(taker: Taker) -> PoolOffer | None:
    """Mint: t_yes + t_no >= m, at m - t for the order; merge: t_yes + t_no <= 1, at 1 - t."""
    book, params, book_side = taker.tick.working.book, taker.tick.params, (taker.outcome, 1 - taker.side, taker.buy)
    if taker.buy:
        top, deep = pair_price(taker.tick.working, taker.outcome)
        bound = 0 if taker.limit is None else -((taker.limit * deep - top * RATE) // deep)
        limit = book.best(book_side, taker.user, bound)
        if limit is None:
            return None
        even = (top * RATE - limit * deep) * (RATE + params.match_fee)
        return PoolOffer(mint, limit, even, deep * RATE * (RATE + params.fee))
    limit = book.best(book_side, taker.user, RATE if taker.limit is None else RATE - taker.limit)
    if limit is None:
        return None
    return PoolOffer(merge, limit, (RATE - limit) * (RATE - params.match_fee), RATE * (RATE - params.fee))


def _swap_offer(taker: Taker) -> PoolOffer | None:
    """t_yes + t_no >= 1; the order trades at its own limit."""
    book, params, book_side = taker.tick.working.book, taker.tick.params, (taker.outcome, 1 - taker.side, not taker.buy)
    assert taker.limit is not None
    least = RATE - taker.limit
    limit = book.best(book_side, taker.user, RATE, least) if taker.buy else book.best(book_side, taker.user, least)
    if limit is None:
        return None
    sign = 1 if taker.buy else -1
    fee, match_fee = RATE + sign * params.fee, RATE + sign * params.match_fee
    return PoolOffer(swap, limit, taker.limit * match_fee, RATE * fee)
