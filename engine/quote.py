"""What an order would do now: the same path as execution, thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.amm import marginal_buy, marginal_sell
from engine.events import OrderDone, PaidBack, Reason, Rested
from engine.execute import run_order, worst_ratio
from engine.intents import Order
from engine.orders import run_due
from engine.resting_book import escrowed
from engine.routing import best_price, try_route
from engine.search import largest_within
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Taker, Tick
from engine.units import MICRO, RATE, ceil_div, half_up
from engine.working_copy import gets

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
    out; average: amount/size as a rate, 0 when nothing would trade at once; price_before, price_after: of the traded
    token, rates; worst_price: the promise to confirm (rate, all in), None without a slippage; worst_amount: the most
    they can pay or the least they get at it, gas out; with a limit, all in, should the rest fill too; parts: as in
    `Fill.parts` for what trades with the house, and the amount before fees by kind of match; sizes: tokens by kind of
    fill; moves: every active outcome; payout_if_right: what the tokens of a buy pay, 0 for a sell; largest_sensible:
    the largest size the penalty does not touch; rests: what would wait in the book, escrow: the cash it ties up;
    paid_back: convexity and penalty that auto-fills would give back, beside the amount.
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
    rests: int = 0
    escrow: int = 0
    paid_back: int = 0
    sizes: dict[str, int] = field(default_factory=dict)


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
    `user` None asks for nobody in particular: what they have is not looked at. `slippage` and `limit` are rates.
    """
    tick = Tick(state, params, now_ms)
    run_due(tick, now_ms)
    if user is None:
        user = NOBODY
        account = tick.working.new_account(user)
        account[: tick.working.tied] = [_PLENTY] * tick.working.tied
    known, worst = outcome in tick.working.active, None
    if known and slippage is not None:
        top, bottom = worst_ratio(tick, outcome, side, buy, slippage)
        worst = top * RATE // bottom
    if known and size is None:
        size = largest_for(tick, user, outcome, side, spend or 0, limit)
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


def largest_for(tick: Tick, user: int, outcome: int, side: Side, spend: int, limit: int | None) -> int:
    """The largest buy whose total all in, gas out, is within `spend`; with a limit, whose escrow is.

    The order's own gas is in the pot by the time it trades, so it counts for the floor here too.
    """
    order = Order(
        id="quote", accepted_ms=tick.now_ms, user=user, outcome=outcome, side=side, buy=True, size=0, limit=limit
    )
    taker = Taker(tick, order, tick.working.account(user) or [])
    if limit is not None:
        return largest_within(lambda d: escrowed(limit, taker.escrow_fee, d), spend, spend * RATE // max(limit, 1))
    if spend <= 0 or not taker.account:
        return 0

    def cost(d: int) -> int:
        return try_route(Taker(tick, replace(order, size=d), taker.account)).amount

    mark = tick.working.mark()
    tick.working.credit(taker.account, -tick.params.gas_fee)
    above, below = best_price(taker)
    size = largest_within(cost, spend, spend * below // above)
    tick.working.rollback(mark)
    return size


def largest_sensible(tick: Tick, outcome: int, side: Side, buy: bool) -> int:
    """The largest size that stays within [p_min, p_max] on the curve, which the penalty does not touch."""
    working, t, no = tick.working, tick.working.tariff, int(side is Side.NO)
    q, deep, v = working.q[no][outcome], working.l[outcome], working.v[outcome]
    return marginal_buy(t.p_max, q, deep, t.buying(v)) if buy else marginal_sell(t.p_min, q, deep, t.selling(v))


def _prices(tick: Tick) -> list[tuple[int, int, int]]:
    """(outcome, yes, no) of every active outcome, rates rounded half up."""
    q, depths = tick.working.q, tick.working.l
    return [(j, half_up(q[0][j] * RATE, depths[j]), half_up(q[1][j] * RATE, depths[j])) for j in tick.working.active]


def _ticket(tick: Tick, order: Order, done: OrderDone, before: list[tuple[int, int, int]], sensible: int) -> Quote:
    """The quote of an order that was carried out on a copy."""
    column = 1 + (order.side is Side.NO)
    pairs = list(zip(before, _prices(tick), strict=True))
    own = next((then[column], now[column]) for then, now in pairs if then[0] == order.outcome)
    parts, sizes = _by_part(tick, order)
    rested = next((event for event in tick.events if isinstance(event, Rested)), None)
    money, filled = done.amount * RATE, max(done.filled, 1)
    return Quote(
        size=done.filled,
        unsold=done.unsold,
        amount=done.amount,
        fee=done.fee,
        gas=tick.params.gas_fee,
        average=ceil_div(money, filled) if order.buy else money // filled,
        price_before=own[0],
        price_after=own[1],
        worst_price=order.worst_price,
        worst_amount=_worst_amount(tick, order, done, rested),
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
        rests=done.rests,
        escrow=rested.escrow if rested else 0,
        paid_back=sum(event.amount for event in tick.events if isinstance(event, PaidBack)),
        sizes=sizes,
    )


def _by_part(tick: Tick, order: Order) -> tuple[dict[str, int], dict[str, int]]:
    """(money by part, tokens by kind) of the order's own legs."""
    parts: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for fill in tick.fills:
        if fill.order != order.id or (fill.resting is not None and fill.kind != "direct"):
            continue
        sizes[fill.kind] = sizes.get(fill.kind, 0) + fill.size
        amount = fill.amount if order.buy else fill.amount - fill.kept
        for name, part in (fill.parts or {fill.kind: amount}).items():
            parts[name] = parts.get(name, 0) + part
    return parts, sizes


def _worst_amount(tick: Tick, order: Order, done: OrderDone, rested: Rested | None) -> int | None:
    if order.limit is not None and order.worst_price is None:
        if order.buy:
            return done.amount + (rested.escrow if rested else 0)
        amount, fee = gets(order.limit, done.rests, max(tick.params.fee, tick.params.match_fee))
        return done.amount + amount - fee
    if order.worst_price is None:
        return None
    promised = order.worst_price * done.filled
    return promised // RATE if order.buy else ceil_div(promised, RATE)


def _micro(rate: int) -> int:
    return half_up(rate * MICRO, RATE)
