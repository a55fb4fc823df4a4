"""What an order would do now: the same path as execution, thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.amm import marginal_buy, marginal_sell
from engine.events import OrderDone, Reason
from engine.execute import run_order, worst_ratio
from engine.impact import price_buy
from engine.intents import Order
from engine.orders import run_due
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Tick
from engine.units import MICRO, RATE, ceil_div, half_up

NOBODY = -1
"""The account a quote for a stranger trades on: it has all the cash and tokens there are."""

_PLENTY = 10**24


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What an order does to one outcome's prices; micro-dollars per token."""

    outcome: int
    yes_before: int
    yes_after: int
    no_before: int
    no_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An order's ticket. Money in micro-dollars, tokens in micro-tokens, rates in 10^-12.

    size: what would trade; unsold: what of a sell would come back; amount: all paid or got, fee and floor in, gas
    out; average: amount/size as a rate; price_before, price_after: of the traded token, rates; worst_price: the
    promise to confirm (rate, all in), None without a slippage; worst_amount: the most she can pay or the least she
    gets at it, gas out; parts as in `Fill.parts`; moves: every active outcome; payout_if_right: what the tokens of a
    buy pay, 0 for a sell; largest_sensible: the largest size the penalty does not touch.
    """

    size: int
    unsold: int
    amount: int
    fee: int
    gas: int
    average: int
    price_before: int
    price_after: int
    worst_price: int | None
    worst_amount: int | None
    parts: dict[str, int]
    moves: tuple[Move, ...]
    payout_if_right: int
    largest_sensible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The order would be refused, and why; `detail` as in `OrderDone.detail`."""

    reason: Reason
    detail: dict[str, int] = field(default_factory=dict)


def quote(
    state: MarketState,
    params: MarketParams,
    *,
    now_ms: int,
    user: int | None,
    outcome: int,
    side: Side,
    buy: bool,
    size: int | None = None,
    spend: int | None = None,
    slippage: int | None = None,
    limit: int | None = None,
    autofill: bool = False,
) -> Quote | Refused:
    """What the order would do if it ran alone at `now_ms`: executed on a copy that is thrown away, after any scheduled
    step that is due by then.

    Either `size` (micro-tokens) or, for a buy, `spend` (micro-dollars all in, gas out; the largest size within it).
    `user` None asks for nobody in particular: what she has is not looked at. `slippage` and `limit` are rates.
    """
    tick = Tick(state, params, now_ms)
    run_due(tick, now_ms)
    if user is None:
        user = NOBODY
        account = tick.desk.new_account(user)
        account[: tick.desk.tied] = [_PLENTY] * tick.desk.tied
    known, worst = outcome in tick.desk.active, None
    if known and slippage is not None:
        top, bottom = worst_ratio(tick, outcome, side, buy, slippage)
        worst = top * RATE // bottom
    if known and size is None:
        size = largest_for(tick, outcome, side, spend or 0)
    order = Order(
        id="quote",
        accepted_ms=now_ms,
        user=user,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size or 0,
        limit=limit,
        worst_price=worst,
        autofill=autofill,
    )
    prices, sensible = _prices(tick), largest_sensible(tick, outcome, side, buy) if known else 0
    run_order(tick, order)
    done = tick.events[-1]
    assert isinstance(done, OrderDone)
    if done.reason:
        return Refused(reason=done.reason, detail=done.detail)
    return _ticket(tick, order, done, prices, sensible)


def largest_for(tick: Tick, outcome: int, side: Side, spend: int) -> int:
    """The largest buy whose total all in, gas out, is within `spend`: bisection as in ENGINE 11.2.

    A buy costs at least the price before it, so spend/p bounds the size.
    """
    desk, no = tick.desk, int(side is Side.NO)

    def fits(d: int) -> bool:
        return d == 0 or price_buy(desk, outcome, no, d, 0).total <= spend

    high = spend * desk.l[outcome] // desk.q[no][outcome]
    if spend <= 0 or fits(high):
        return max(high, 0)
    low, high = 0, high - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def largest_sensible(tick: Tick, outcome: int, side: Side, buy: bool) -> int:
    """The largest size that stays within [p_min, p_max] on the curve, which the penalty does not touch."""
    desk, t, no = tick.desk, tick.desk.tariff, int(side is Side.NO)
    q, deep, v = desk.q[no][outcome], desk.l[outcome], desk.v[outcome]
    return marginal_buy(t.p_max, q, deep, t.buying(v)) if buy else marginal_sell(t.p_min, q, deep, t.selling(v))


def _prices(tick: Tick) -> list[tuple[int, int, int]]:
    """(outcome, yes, no) of every active outcome, rates rounded half up."""
    q, depths = tick.desk.q, tick.desk.l
    return [(j, half_up(q[0][j] * RATE, depths[j]), half_up(q[1][j] * RATE, depths[j])) for j in tick.desk.active]


def _ticket(tick: Tick, order: Order, done: OrderDone, before: list[tuple[int, int, int]], sensible: int) -> Quote:
    """The quote of an order that was carried out on a copy."""
    parts: dict[str, int] = {}
    for fill in tick.fills:
        for name, amount in fill.parts.items():
            parts[name] = parts.get(name, 0) + amount
    place = 1 + (order.side is Side.NO)
    pairs = list(zip(before, _prices(tick), strict=True))
    own = next((then[place], now[place]) for then, now in pairs if then[0] == order.outcome)
    product, worst = done.amount * RATE, order.worst_price
    promised = None if worst is None else worst * done.filled
    return Quote(
        size=done.filled,
        unsold=done.unsold,
        amount=done.amount,
        fee=done.fee,
        gas=tick.params.gas_fee,
        average=ceil_div(product, done.filled) if order.buy else product // done.filled,
        price_before=own[0],
        price_after=own[1],
        worst_price=worst,
        worst_amount=None if promised is None else promised // RATE if order.buy else ceil_div(promised, RATE),
        parts=parts,
        moves=tuple(
            Move(
                outcome=j,
                yes_before=_micro(yes),
                yes_after=_micro(now[1]),
                no_before=_micro(no),
                no_after=_micro(now[2]),
            )
            for (j, yes, no), now in pairs
        ),
        payout_if_right=done.filled if order.buy else 0,
        largest_sensible=sensible,
    )


def _micro(rate: int) -> int:
    return half_up(rate * MICRO, RATE)
