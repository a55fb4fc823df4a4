"""One order, from its checks to its fills. A refused order leaves no trace but its gas."""

from __future__ import annotations

from engine.band import hold_band
from engine.desk import CASH, GAS, TOKENS, TRADES
from engine.events import Fill, Gas, OrderDone, Reason
from engine.impact import Priced, price_buy, price_sell, take
from engine.intents import Order
from engine.state import Side, Status
from engine.tick import Tick
from engine.units import MICRO, RATE, ceil_div, half_up

Detail = dict[str, int]
_CLOSED = {Status.FROZEN: Reason.FROZEN, Status.PAUSED: Reason.PAUSED}


def run_order(tick: Tick, order: Order) -> None:
    """Executes or refuses an order at its turn; appends its fills, its gas and how it ended.

    Checked in this order: trading is open, the user is known, her gas is paid (then kept), the outcome, the size,
    what she has, the price. A market buy fills whole or not at all.
    """
    status = tick.desk.state.status
    if status is not Status.RUNNING:
        return _refuse(tick, order, 0, _CLOSED.get(status, Reason.NOT_RUNNING), {})
    account = tick.desk.account(order.user)
    if account is None:
        return _refuse(tick, order, 0, Reason.UNKNOWN_USER, {})
    gas = tick.params.gas_fee
    if gas > account[CASH]:
        return _refuse(tick, order, 0, Reason.NO_CASH_FOR_GAS, {"need": gas, "have": account[CASH]})
    if gas:
        tick.desk.settle(account, -gas)
        tick.desk.money[GAS] += gas
        tick.events.append(Gas(user=order.user, amount=gas, order=order.id))
    mistake = _mistake(tick, order, account)
    if mistake:
        return _refuse(tick, order, gas, *mistake)
    mistake = _trade(tick, order, account, gas)
    if mistake:
        return _refuse(tick, order, gas, *mistake)
    if tick.params.band is not None:
        hold_band(tick.desk, tick.params.band)
    return None


def _refuse(tick: Tick, order: Order, gas: int, reason: Reason, detail: Detail) -> None:
    tick.events.append(refusal(order, reason, gas=gas, detail=detail))


def refusal(order: Order, reason: Reason, *, gas: int = 0, detail: Detail | None = None) -> OrderDone:
    """How a refused order ends."""
    return OrderDone(
        order=order.id,
        user=order.user,
        outcome=order.outcome,
        side=order.side,
        buy=order.buy,
        status="refused",
        size=order.size,
        gas=gas,
        reason=reason,
        detail=detail or {},
    )


def _mistake(tick: Tick, order: Order, account: list[int]) -> tuple[Reason, Detail] | None:
    """What is wrong with an order before any price is looked at."""
    if not 0 <= order.outcome < tick.params.n_outcomes:
        return Reason.UNKNOWN_OUTCOME, {"outcome": order.outcome}
    if order.outcome not in tick.desk.active:
        return Reason.OUTCOME_OUT, {"outcome": order.outcome}
    if order.size <= 0:
        return Reason.SIZE_ZERO, {"size": order.size}
    if order.limit is not None:
        return Reason.NO_BOOK, {}
    side = order.side is Side.NO
    if not order.buy:
        have = account[TOKENS + 2 * order.outcome + side]
        if have < order.size:
            return Reason.NO_TOKENS, {"need": order.size, "have": have}
        if tick.desk.q[side][order.outcome] <= 1:
            return Reason.POOL_EMPTY, {}
    return None


def _trade(tick: Tick, order: Order, account: list[int], gas: int) -> tuple[Reason, Detail] | None:
    """Trades a market order with the maker, or says why not and changes nothing."""
    desk, side = tick.desk, int(order.side is Side.NO)
    key = (order.user, order.outcome, side, order.buy)
    before = tick.traded.get(key, 0)
    fill = (price_buy if order.buy else price_sell)(desk, order.outcome, side, order.size, before)
    past = past_worst(tick, order, fill)
    if past:
        return Reason.PAST_WORST_PRICE, past
    if order.buy and fill.total > account[CASH]:
        return Reason.NO_CASH, {"need": fill.total, "have": account[CASH]}
    take(desk, order.outcome, side, fill, buy=order.buy)
    desk.settle(account, -fill.total if order.buy else fill.total)
    account[TOKENS + 2 * order.outcome + side] += fill.size if order.buy else -fill.size
    account[TRADES] += 1
    tick.traded[key] = before + fill.size
    tick.fills.append(maker_fill(order, fill))
    tick.events.append(
        OrderDone(
            order=order.id,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            status="filled" if fill.size == order.size else "partly",
            size=order.size,
            filled=fill.size,
            unsold=order.size - fill.size,
            amount=fill.total,
            fee=fill.fee,
            gas=gas,
        )
    )
    return None


def past_worst(tick: Tick, order: Order, fill: Priced) -> Detail | None:
    """The numbers of a fill past the order's worst price, all in and gas out; None when it is within.

    Without a worst price, max_slippage counts from the price at the order's turn: p(1 + slip)(1 + fee), for a sale
    p(1 - slip)(1 - fee) (ENGINE 11.14).
    """
    if order.worst_price is not None:
        top, bottom = order.worst_price, RATE
    elif order.max_slippage is not None:
        top, bottom = worst_ratio(tick, order.outcome, order.side, order.buy, order.max_slippage)
    else:
        return None
    paid, allowed = fill.total * bottom, top * fill.size
    if paid <= allowed if order.buy else paid >= allowed:
        return None
    worst = top * RATE // bottom
    average = ceil_div(fill.total * RATE, fill.size) if order.buy else fill.total * RATE // fill.size
    return {"worst": worst, "average": average, "amount": fill.total}


def worst_ratio(tick: Tick, outcome: int, side: Side, buy: bool, slippage: int) -> tuple[int, int]:
    """Worst price a token as an exact fraction, from the price now and a slippage (rate)."""
    desk, sign = tick.desk, 1 if buy else -1
    supply = desk.q[side is Side.NO][outcome]
    factor = max(0, RATE + sign * slippage) * (RATE + sign * tick.params.fee)
    return supply * factor, desk.l[outcome] * RATE * RATE


def maker_fill(order: Order, fill: Priced) -> Fill:
    """The record of a fill with the house."""
    amount = fill.total - fill.fee if order.buy else fill.total + fill.fee
    return Fill(
        order=order.id,
        kind="maker",
        outcome=order.outcome,
        side=order.side,
        buyer=order.user if order.buy else None,
        seller=None if order.buy else order.user,
        size=fill.size,
        price=half_up(amount * MICRO, fill.size),
        amount=amount,
        buy_fee=fill.fee if order.buy else 0,
        sell_fee=0 if order.buy else fill.fee,
        parts={
            "pool": fill.pool,
            "convexity": fill.convexity,
            "penalty": fill.penalty,
            "curve": fill.curve,
            "floor": fill.floor,
        },
    )
