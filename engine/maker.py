"""Fills with the maker: how much of an order a limit allows, and the one fill of an order's maker pieces.

ENGINE section 6, rulings 2, 4 and 10.
"""

from __future__ import annotations

from engine.amm import marginal_buy, marginal_sell
from engine.autofill import auto_fill
from engine.events import Fill
from engine.impact import Priced, price_buy, price_sell, take
from engine.inverse import largest
from engine.resting_book import escrowed
from engine.state import Side
from engine.turn import Turn
from engine.units import MICRO, RATE, half_up
from engine.working_copy import Desk

SIDES = (Side.YES, Side.NO)


def reach(desk: Desk, outcome: int, side: int, t: int, unit: int, *, buy: bool) -> int:
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
    desk: Desk, outcome: int, side: int, limit: int, fee: int, rest: int, most: int, before: int
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


def largest_sell(desk: Desk, outcome: int, side: int, limit: int, most: int, before: int) -> Priced | None:
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
