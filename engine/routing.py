"""Where an order trades: step by step the better of the maker, after its fee, and the book (ENGINE section 6).

At each step the maker is taken up to the size at which it costs as much as the best of the book, then that pool. What
the maker sells of an order is priced once on its sum, because direct, mint and merge do not move the pool.

Fills with the maker: how much of an order a limit allows, and the one fill of an order's maker pieces.

ENGINE section 6, rulings 2, 4 and 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.amm import marginal_buy, marginal_sell
from engine.autofill import auto_fill
from engine.events import Fill
from engine.impact import Priced, price_buy, price_sell, take
from engine.matching import direct, merge, mint, pair_price, swap
from engine.resting_book import escrowed
from engine.search import largest
from engine.tick import Turn
from engine.units import MICRO, RATE, half_up
from engine.working_copy import WorkingCopy


def reach(desk: WorkingCopy, outcome: int, side: int, t: int, unit: int, *, buy: bool) -> int:
    """How much the maker trades until its price is t/unit, at most p_max, at least p_min."""
    tariff = desk.tariff
    q, deep, v = desk.q[side][outcome], desk.l[outcome], desk.v[outcome]
    if buy:
        if t * RATE > tariff.p_max * unit:
            t, unit = tariff.p_max, RATE
        return marginal_buy(t, q, deep, tariff.buying(v), unit)
    if t * RATE < tariff.p_min * unit:
        t, unit = tariff.p_min, RATE
    return marginal_sell(t, q, deep, tariff.selling(v), unit)


def largest_buy(
    desk: WorkingCopy, outcome: int, side: int, limit: int, fee: int, rest: int, most: int, before: int
) -> Priced | None:
    """The most of `most` tokens that a limit lets the maker sell; None for nothing.

    p' <= limit (at p_max and above the charge alone limits), all in less the fee <= limit*d, and all in no more than
    what an order of which `rest` is left frees of its escrow (`fee` its largest) by filling d.
    """
    t, q, deep = desk.tariff, desk.q[side][outcome], desk.l[outcome]
    below = limit < t.p_max
    if below:
        most = min(most, marginal_buy(limit, q, deep, t.buying(desk.v[outcome])))
    if most <= 0:
        return None
    held = escrowed(limit, fee, rest)
    found: dict[int, Priced] = {}

    def fits(d: int) -> bool:
        fill = found[d] = price_buy(desk, outcome, side, d, before)
        if below and fill.supply * RATE > limit * fill.depth:
            return False
        return (fill.total - fill.fee) * RATE <= limit * d and fill.total <= held - escrowed(limit, fee, rest - d)

    return found.get(largest(fits, most))


def largest_sell(desk: WorkingCopy, outcome: int, side: int, limit: int, most: int, before: int) -> Priced | None:
    """The most of `most` tokens that a limit lets the maker buy: p' >= limit, all got plus the fee >= limit*d."""
    t, q, deep = desk.tariff, desk.q[side][outcome], desk.l[outcome]
    most = min(most, marginal_sell(limit, q, deep, t.selling(desk.v[outcome])))
    found: dict[int, Priced] = {}

    def fits(d: int) -> bool:
        fill = found[d] = price_sell(desk, outcome, side, d, before)
        inside = fill.size == d and fill.supply * RATE >= limit * fill.depth
        return inside and (fill.total + fill.fee) * RATE >= limit * d

    return found.get(largest(fits, most))


def largest_part(turn: Turn) -> Priced | None:
    """The most that the order's limit lets it trade with the maker now, what it planned already included."""
    desk, before = turn.tick.desk, turn.tick.traded.get(turn.traded, 0)
    rest, limit = turn.left + turn.pending, turn.limit
    assert limit is not None
    if turn.buy:
        return largest_buy(desk, turn.outcome, turn.side, limit, turn.escrow_fee, rest, rest, before)
    return largest_sell(desk, turn.outcome, turn.side, limit, rest, before)


def fill_pending(turn: Turn) -> None:
    """The maker pieces an order planned become one fill, priced once on their sum; then auto-fills.

    What its limit does not allow after all, and what of a sale the pool cannot take, is left.
    """
    tick, desk, planned = turn.tick, turn.tick.desk, turn.pending
    if not planned:
        return
    before = tick.traded.get(turn.traded, 0)
    fill = _priced(turn, planned, before)
    turn.pending = 0
    turn.left += planned - (fill.size if fill else 0)
    if fill is None:
        return
    take(desk, turn.outcome, turn.side, fill, buy=turn.buy)
    turn.settle(fill.size, fill.total, fill.fee)
    tick.traded[turn.traded] = before + fill.size
    tick.fills.append(maker_fill(turn, fill))
    auto_fill(turn, fill)


def _priced(turn: Turn, planned: int, before: int) -> Priced | None:
    desk, outcome, side, limit = turn.tick.desk, turn.outcome, turn.side, turn.limit
    if limit is None:
        if turn.buy:
            return price_buy(desk, outcome, side, planned, before)
        return price_sell(desk, outcome, side, planned, before) if desk.q[side][outcome] > 1 else None
    if turn.buy:
        rest = turn.left + planned
        return largest_buy(desk, outcome, side, limit, turn.escrow_fee, rest, planned, before)
    return largest_sell(desk, outcome, side, limit, planned, before)


def maker_fill(turn: Turn, fill: Priced) -> Fill:
    """The record of a fill with the house."""
    amount = fill.total - fill.fee if turn.buy else fill.total + fill.fee
    return Fill(
        order=turn.order.id,
        kind="maker",
        outcome=turn.outcome,
        side=turn.order.side,
        buyer=turn.user if turn.buy else None,
        seller=None if turn.buy else turn.user,
        size=fill.size,
        price=half_up(amount * MICRO, fill.size),
        amount=amount,
        buy_fee=fill.fee if turn.buy else 0,
        sell_fee=0 if turn.buy else fill.fee,
        parts=parts_of(fill),
    )


def parts_of(fill: Priced) -> dict[str, int]:
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

    match: Callable[[Turn, int], None]
    limit: int
    even: int
    unit: int


def route(turn: Turn) -> None:
    """Trades what the order can; what it cannot stays in `turn.left`."""
    while turn.left:
        offer = _best_offer(turn)
        if offer is None:
            break
        _plan(turn, offer)
        if turn.left:
            if offer.match is swap:
                fill_pending(turn)
            offer.match(turn, offer.limit)
    _plan(turn, None)
    fill_pending(turn)


def try_route(turn: Turn) -> Turn:
    """Routes an order and undoes it; what it would have traded and paid stays in the turn."""
    tick, desk = turn.tick, turn.tick.desk
    mark, fills, events = desk.mark(), len(tick.fills), len(tick.events)
    before = tick.traded.get(turn.traded, 0)
    route(turn)
    desk.rollback(mark)
    del tick.fills[fills:], tick.events[events:]
    tick.traded[turn.traded] = before
    return turn


def best_price(turn: Turn) -> tuple[int, int]:
    """No token of a buy costs less than this fraction: the maker's price or the best of the book, without fees."""
    desk, offer = turn.tick.desk, _best_offer(turn)
    above, below = desk.q[turn.side][turn.outcome], desk.l[turn.outcome]
    if offer:
        more = RATE + max(turn.tick.params.fee, turn.tick.params.match_fee)
        if offer.even * RATE * below < above * offer.unit * more:
            return offer.even * RATE, offer.unit * more
    return above, below


def _plan(turn: Turn, offer: PoolOffer | None) -> None:
    """Plans with the maker what it does better than the offer; without one all that is left. A limit order never more
    than its limit allows."""
    most = turn.pending + turn.left
    if offer:
        desk = turn.tick.desk
        most = min(most, reach(desk, turn.outcome, turn.side, offer.even, offer.unit, buy=turn.buy))
    if most <= turn.pending:
        return
    if turn.limit is not None:
        part = largest_part(turn)
        most = min(most, part.size if part else 0)
    more = max(most - turn.pending, 0)
    turn.pending += more
    turn.left -= more


def _best_offer(turn: Turn) -> PoolOffer | None:
    """The best pool of the book after fees; ties: direct, mint or merge, swap."""
    levels, outcome, side, buy = turn.tick.desk.book.levels, turn.outcome, turn.side, turn.buy
    best = _direct_offer(turn) if levels.get((outcome, side, not buy)) else None
    if not turn.tick.params.cm_enabled:
        return best
    if levels.get((outcome, 1 - side, buy)):
        best = _better(turn, best, _pair_offer(turn))
    if turn.swaps and levels.get((outcome, 1 - side, not buy)):
        best = _better(turn, best, _swap_offer(turn))
    return best


def _better(turn: Turn, best: PoolOffer | None, other: PoolOffer | None) -> PoolOffer | None:
    """The other offer where it is strictly better."""
    if best is None or other is None:
        return best or other
    ours, theirs = other.even * best.unit, best.even * other.unit
    return other if (ours < theirs if turn.buy else ours > theirs) else best


def _direct_offer(turn: Turn) -> PoolOffer | None:
    bound = turn.limit if turn.limit is not None else RATE if turn.buy else 0
    limit = turn.tick.desk.book.best((turn.outcome, turn.side, not turn.buy), turn.user, bound)
    return None if limit is None else PoolOffer(direct, limit, limit, RATE)


def _pair_offer(turn: Turn) -> PoolOffer | None:
    """Mint: t_yes + t_no >= m, at m - t for the order; merge: t_yes + t_no <= 1, at 1 - t."""
    book, params, place = turn.tick.desk.book, turn.tick.params, (turn.outcome, 1 - turn.side, turn.buy)
    if turn.buy:
        top, deep = pair_price(turn.tick.desk, turn.outcome)
        bound = 0 if turn.limit is None else -((turn.limit * deep - top * RATE) // deep)
        limit = book.best(place, turn.user, bound)
        if limit is None:
            return None
        even = (top * RATE - limit * deep) * (RATE + params.match_fee)
        return PoolOffer(mint, limit, even, deep * RATE * (RATE + params.fee))
    limit = book.best(place, turn.user, RATE if turn.limit is None else RATE - turn.limit)
    if limit is None:
        return None
    return PoolOffer(merge, limit, (RATE - limit) * (RATE - params.match_fee), RATE * (RATE - params.fee))


def _swap_offer(turn: Turn) -> PoolOffer | None:
    """t_yes + t_no >= 1; the order trades at its own limit."""
    book, params, place = turn.tick.desk.book, turn.tick.params, (turn.outcome, 1 - turn.side, not turn.buy)
    assert turn.limit is not None
    least = RATE - turn.limit
    limit = book.best(place, turn.user, RATE, least) if turn.buy else book.best(place, turn.user, least)
    if limit is None:
        return None
    sign = 1 if turn.buy else -1
    fee, match_fee = RATE + sign * params.fee, RATE + sign * params.match_fee
    return PoolOffer(swap, limit, turn.limit * match_fee, RATE * fee)
