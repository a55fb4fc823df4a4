"""Where an order trades: step by step the better of the maker, after its fee, and the book (ENGINE section 6).

At each step the maker is taken up to the size at which it costs as much as the best of the book, then that pool. What
the maker sells of an order is priced once on its sum, because direct, mint and merge do not move the pool.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.maker import fill_pending, largest_part, reach
from engine.matching import direct, merge, mint, pair_price, swap
from engine.turn import Turn
from engine.units import RATE


class Offer(NamedTuple):
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


def _plan(turn: Turn, offer: Offer | None) -> None:
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


def _best_offer(turn: Turn) -> Offer | None:
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


def _better(turn: Turn, best: Offer | None, other: Offer | None) -> Offer | None:
    """The other offer where it is strictly better."""
    if best is None or other is None:
        return best or other
    ours, theirs = other.even * best.unit, best.even * other.unit
    return other if (ours < theirs if turn.buy else ours > theirs) else best


def _direct_offer(turn: Turn) -> Offer | None:
    bound = turn.limit if turn.limit is not None else RATE if turn.buy else 0
    limit = turn.tick.desk.book.best((turn.outcome, turn.side, not turn.buy), turn.user, bound)
    return None if limit is None else Offer(direct, limit, limit, RATE)


def _pair_offer(turn: Turn) -> Offer | None:
    """Mint: t_yes + t_no >= m, at m - t for the order; merge: t_yes + t_no <= 1, at 1 - t."""
    book, params, place = turn.tick.desk.book, turn.tick.params, (turn.outcome, 1 - turn.side, turn.buy)
    if turn.buy:
        top, deep = pair_price(turn.tick.desk, turn.outcome)
        bound = 0 if turn.limit is None else -((turn.limit * deep - top * RATE) // deep)
        limit = book.best(place, turn.user, bound)
        if limit is None:
            return None
        even = (top * RATE - limit * deep) * (RATE + params.match_fee)
        return Offer(mint, limit, even, deep * RATE * (RATE + params.fee))
    limit = book.best(place, turn.user, RATE if turn.limit is None else RATE - turn.limit)
    if limit is None:
        return None
    return Offer(merge, limit, (RATE - limit) * (RATE - params.match_fee), RATE * (RATE - params.fee))


def _swap_offer(turn: Turn) -> Offer | None:
    """t_yes + t_no >= 1; the order trades at its own limit."""
    book, params, place = turn.tick.desk.book, turn.tick.params, (turn.outcome, 1 - turn.side, not turn.buy)
    assert turn.limit is not None
    least = RATE - turn.limit
    limit = book.best(place, turn.user, RATE, least) if turn.buy else book.best(place, turn.user, least)
    if limit is None:
        return None
    sign = 1 if turn.buy else -1
    fee, match_fee = RATE + sign * params.fee, RATE + sign * params.match_fee
    return Offer(swap, limit, turn.limit * match_fee, RATE * fee)
