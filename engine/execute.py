"""One order, from its checks to its fills and its place in the book. A refused order leaves no trace but its gas."""

from __future__ import annotations

from engine.events import Gas, OrderDone, OrderResult, Reason, Rested
from engine.intents import Order
from engine.repricing import hold_band
from engine.resting_book import RestingOrder, escrowed
from engine.routing import route
from engine.sizing import cut_to_budget
from engine.state import Side, Status
from engine.tick import Taker, Tick
from engine.units import RATE, ceil_div
from engine.working_copy import CASH, ESCROW, GAS, TOKENS
from engine.worst_price import worst_ratio

Detail = dict[str, int]
_CLOSED = {Status.FROZEN: Reason.FROZEN, Status.PAUSED: Reason.PAUSED, Status.DISPUTED: Reason.DISPUTED}


def run_order(tick: Tick, order: Order) -> None:
    """Executes or refuses an order; appends its fills, its gas, what rests and how it ended.

    Checked in this order: trading is open, the id is free, the user is known, their gas is paid (then kept), the
    outcome, the size, the limit, the budget, what they have; then it trades, and its cash and worst price decide
    whether it stands.
    """
    status = tick.working.state.status
    if status is not Status.RUNNING:
        return _refuse(tick, order, 0, _CLOSED.get(status, Reason.NOT_RUNNING), {})
    if tick.working.book.find(order.id):
        return _refuse(tick, order, 0, Reason.DUPLICATE_ID, {})
    account = tick.working.account(order.user)
    if account is None:
        return _refuse(tick, order, 0, Reason.UNKNOWN_USER, {})
    gas, mark, events = tick.params.gas_fee, tick.working.mark(), len(tick.events)
    if gas > account[CASH]:
        return _refuse(tick, order, 0, Reason.NO_CASH_FOR_GAS, {"need": gas, "have": account[CASH]})
    if gas:
        tick.working.credit(account, -gas)
        tick.working.totals[GAS] += gas
        tick.events.append(Gas(user=order.user, amount=gas, order=order.id))
    rejection = _check_order(tick, order, account) or _trade(tick, order, account, gas)
    if rejection and rejection[0] is Reason.POOL_EMPTY:  # leaves no trace, not even gas (ENGINE ruling 15)
        tick.working.rollback(mark)
        del tick.events[events:]
        gas = 0
    if rejection:
        return _refuse(tick, order, gas, *rejection)
    if tick.params.band is not None:
        hold_band(tick.working, tick.params.band)
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


def _check_order(tick: Tick, order: Order, account: list[int]) -> tuple[Reason, Detail] | None:
    """What is wrong with an order before any price is looked at."""
    working, params = tick.working, tick.params
    if not 0 <= order.outcome < params.n_outcomes:
        return Reason.UNKNOWN_OUTCOME, {"outcome": order.outcome}
    if order.outcome not in working.active:
        return Reason.OUTCOME_OUT, {"outcome": order.outcome}
    if order.size <= 0:
        return Reason.SIZE_ZERO, {"size": order.size}
    if order.limit is not None and (order.limit % params.tick_size or not 0 < order.limit < RATE):
        return Reason.BAD_LIMIT, {"limit": order.limit, "tick": params.tick_size}
    if order.spend is not None and (order.limit is not None or not order.buy):
        return Reason.SPEND, {"spend": order.spend}
    if not order.buy:
        token = 2 * order.outcome + (order.side is Side.NO)
        have = account[TOKENS + token] - account[working.tied + token]
        if have < order.size:
            return Reason.NO_TOKENS, {"need": order.size, "have": have}
    elif order.limit is not None:
        need = escrowed(order.limit, max(params.fee, params.match_fee), order.size)
        if need > account[CASH]:
            return Reason.NO_CASH, {"need": need, "have": account[CASH]}
    return None


def _trade(tick: Tick, order: Order, account: list[int], gas: int) -> tuple[Reason, Detail] | None:
    """Routes an order and lets what is left rest, or says why not and undoes everything."""
    working, cash = tick.working, account[CASH]
    taker = Taker(tick, order, account)
    cut_to_budget(taker)
    if order.spend is not None and not taker.remaining:
        return Reason.SPEND, {"spend": order.spend}
    mark, fills, events = working.mark(), len(tick.fills), len(tick.events)
    before, worst = tick.traded.get(taker.traded_key, 0), _worst_price(tick, order)
    route(taker)
    rejection = _past_worst(taker, worst) or _unaffordable(taker, cash)
    if rejection:
        working.rollback(mark)
        del tick.fills[fills:], tick.events[events:]
        tick.traded[taker.traded_key] = before
        return rejection
    rests = taker.remaining if order.limit is not None else 0
    if rests:
        _rest_order(taker)
    unsold = taker.remaining - rests
    status: OrderResult = "partly" if taker.remaining else "filled"
    tick.events.append(
        OrderDone(
            order=order.id,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            status=status if taker.filled else "resting",
            size=order.size,
            filled=taker.filled,
            unsold=unsold,
            rests=rests,
            amount=taker.amount,
            fee=taker.fees,
            gas=gas,
        )
    )
    return None


def _unaffordable(taker: Taker, cash: int) -> tuple[Reason, Detail] | None:
    """What the fills cost and what the rest ties up must be within the cash before them: what auto-fills paid back
    in between does not count. A market sale must find somebody to take some of it."""
    order = taker.order
    if order.limit is None and not taker.filled:
        return Reason.POOL_EMPTY, {}
    if not order.buy:
        return None
    need = taker.amount
    if order.limit is not None:
        need += escrowed(order.limit, taker.escrow_fee, taker.remaining)
    return (Reason.NO_CASH, {"need": need, "have": cash}) if need > cash else None


def _rest_order(taker: Taker) -> None:
    """What is left joins its pool; its cash goes to escrow, the tokens of a sale are tied up."""
    order, working, account = taker.order, taker.tick.working, taker.account
    assert order.limit is not None
    resting = RestingOrder(
        id=order.id,
        user=order.user,
        outcome=order.outcome,
        side=order.side,
        buy=order.buy,
        limit=order.limit,
        size=order.size,
        rest=taker.remaining,
        accepted_ms=order.accepted_ms,
        fee=taker.escrow_fee,
        autofill=order.autofill,
    )
    working.save(account)
    if order.buy:
        account[CASH] -= resting.escrow
        account[ESCROW] += resting.escrow
    else:
        account[working.tied + 2 * order.outcome + taker.side] += taker.remaining
    working.book.add(resting)
    taker.tick.events.append(
        Rested(
            order=order.id,
            user=order.user,
            outcome=order.outcome,
            side=order.side,
            buy=order.buy,
            limit=order.limit,
            rest=taker.remaining,
            escrow=resting.escrow,
        )
    )


def _worst_price(tick: Tick, order: Order) -> tuple[int, int] | None:
    """The worst price a token of an order, all in, as a fraction; without one, max_slippage counts from now."""
    if order.worst_price is not None:
        return order.worst_price, RATE
    if order.max_slippage is not None:
        return worst_ratio(tick, order.outcome, order.side, order.buy, order.max_slippage)
    return None


def _past_worst(taker: Taker, worst: tuple[int, int] | None) -> tuple[Reason, Detail] | None:
    """The numbers of an order past its worst price, all in and gas out, over all its fills; None when within."""
    if worst is None or not taker.filled:
        return None
    top, bottom = worst
    paid, allowed = taker.amount * bottom, top * taker.filled
    if paid <= allowed if taker.buy else paid >= allowed:
        return None
    money, plain = taker.amount * RATE, (taker.amount - taker.fees if taker.buy else taker.amount + taker.fees) * RATE
    return Reason.PAST_WORST_PRICE, {
        "worst": top * RATE // bottom,
        "average": ceil_div(money, taker.filled) if taker.buy else money // taker.filled,
        "before_fee": ceil_div(plain, taker.filled) if taker.buy else plain // taker.filled,
        "amount": taker.amount,
    }
