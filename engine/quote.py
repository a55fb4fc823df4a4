"""What an order would do now: the same path as execution, thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.amm import marginal_buy, marginal_sell
from engine.events import OrderDone, PaidBack, Reason, Rested
from engine.execute import run_order
from engine.intents import Order
from engine.orders import run_due
from engine.resting_book import escrowed
from engine.search import largest
from engine.sizing import cut_to_budget, largest_for_budget, try_size, trying
from engine.state import MarketState, Side
from engine.terms import MarketParams
from engine.tick import Tick
from engine.units import MICRO, RATE, ceil_div, half_up
from engine.working_copy import gets
from engine.worst_price import ticket_worst, worst_ratio

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
    paid_back: convexity and penalty that auto-fills would give back, beside the amount; spend: the budget that holds
    when it runs, None without one.
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
    spend: int | None = None

    @property
    def floor(self) -> int:
        """What the pot floor adds to a buy or takes from a sale, micro-dollars; above 0 it binds."""
        return self.parts.get("floor", 0)

    @property
    def base_price(self) -> int:
        """What the worst price counts from, a rate before the fee: the price now, or where the floor binds the order's
        own average, floor in (ENGINE section 3, worst price)."""
        if not self.floor:
            return self.price_before
        buy = self.payout_if_right > 0
        return (self.amount - self.fee if buy else self.amount + self.fee) * RATE // max(self.size, 1)


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
    automatic: bool = False,
    worst_price: int | None = None,
) -> Quote | Refused:
    """What the order would do if it ran alone at `now_ms`: executed on a copy that is thrown away, after any scheduled
    step that is due by then.

    `size` in micro-tokens, or for a buy `spend`: micro-dollars all in, gas out, of which the largest size is taken;
    with both the budget holds the size down. A budget at a limit is the largest size whose escrow is within it.
    `user` None asks for nobody in particular: what they have is not looked at. `slippage` and `limit` are rates;
    an `automatic` slippage was chosen for them, and never lets a buy cost what a token pays. `worst_price`, a rate all
    in, stands in a slippage's place where it has been promised already.
    """
    tick, user = open_tick(state, params, now_ms, user)
    known = outcome in tick.working.active
    order = Order(
        id="quote",
        accepted_ms=now_ms,
        user=user,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size or 0,
        limit=limit,
        autofill=autofill,
        spend=spend,
        worst_price=worst_price,
    )
    if known and buy and size is None and spend is not None:
        order = _sized(tick, order, spend)
    if known and slippage is not None:
        worst = _worst_price(tick, order, slippage)
        order = replace(order, worst_price=min(worst, RATE - 1) if automatic and buy else worst)
    prices, sensible = _prices(tick), largest_sensible(tick, outcome, side, buy) if known else 0
    run_order(tick, order)
    done = tick.events[-1]
    assert isinstance(done, OrderDone)
    if done.reason:
        return Refused(reason=done.reason, detail=done.detail)
    return _ticket(tick, order, done, prices, sensible)


def open_tick(state: MarketState, params: MarketParams, now_ms: int, user: int | None) -> tuple[Tick, int]:
    """A tick to try orders in, after any scheduled step that is due, and whose orders they are: None is nobody in
    particular, who has everything."""
    tick = Tick(state, params, now_ms)
    run_due(tick, now_ms)
    if user is not None:
        return tick, user
    account = tick.working.new_account(NOBODY)
    account[: tick.working.tied] = [_PLENTY] * tick.working.tied
    return tick, NOBODY


def _sized(tick: Tick, order: Order, spend: int) -> Order:
    """The order with the largest size for its budget alone. At a limit that is what it ties up, and no budget is left
    to look at when it runs; at market the budget stays with it. Nothing fits: one micro-token, which is refused."""
    if order.limit is not None:
        limit, fee = max(order.limit, 1), max(tick.params.fee, tick.params.match_fee)
        size = largest(lambda d: escrowed(limit, fee, d) <= spend, spend * RATE // limit)
        return replace(order, size=size, spend=None)
    with trying(tick, order) as taker:
        size = largest_for_budget(taker, spend) if taker else 0
    return replace(order, size=max(size, 1))


def _worst_price(tick: Tick, order: Order, slippage: int) -> int:
    """What the ticket promises: `ticket_worst` of the order as it would trade now."""
    with trying(tick, order) as taker:
        if taker and order.limit is None:
            cut_to_budget(taker)
            tried = try_size(taker, taker.remaining)
            return ticket_worst(tried, slippage)
    top, bottom = worst_ratio(tick, order.outcome, order.side, order.buy, slippage)
    return top * RATE // bottom


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
        spend=order.spend,
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
