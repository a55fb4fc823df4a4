"""How large an order can sensibly be, for who chooses its amount by hand: what they can pay or sell, what the market
takes without a penalty and within the slippage it is given."""

from __future__ import annotations

from dataclasses import dataclass

from bot.market.context import MarketView
from bot.market.pricing import MOST_SLIPPAGE, Pricing
from bot.market.quotes import OrderRequest, tokens_free
from bot.text.numbers import CENT, RATE
from engine.quote import Quote
from engine.suggest import largest_within_slippage
from storage.records import Member, OrderDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """Micro-tokens, and for a buy the whole cents they cost, gas out; 0 where there can be none."""

    tokens: int
    spend: int


NOTHING = Largest(tokens=0, spend=0)


def largest(view: MarketView, request: OrderRequest, member: Member | None) -> Largest:
    """The largest sensible order of this kind; `member` None: of who comes new."""
    asked = OrderDraft(outcome=request.outcome, side=request.side, buy=request.buy, size=0, limit=request.limit)
    if not request.buy:
        free = None if member is None else tokens_free(view, member, request.outcome, request.side)
        return NOTHING if free is None else Largest(tokens=max(0, free), spend=0)
    params = view.record.params
    cash = params.starting_balance if member is None else max(0, member.available)
    spend = (cash - 2 * params.gas_fee) // CENT * CENT  # the gas of a later order is left to them
    if spend <= 0:
        return NOTHING
    pricing = Pricing(view=view, asked=asked, user=None)
    if request.limit is not None:
        priced = pricing.quote(None, spend, None)
        return Largest(tokens=priced.size + priced.rests, spend=spend) if isinstance(priced, Quote) else NOTHING
    return _at_market(pricing, spend, MOST_SLIPPAGE if request.slippage is None else request.slippage)


def _at_market(pricing: Pricing, spend: int, slippage: int) -> Largest:
    priced = pricing.quote(None, spend, None)
    if not isinstance(priced, Quote):
        return NOTHING
    view, asked = pricing.view, pricing.asked
    size = min(priced.size, priced.largest_sensible or priced.size)
    within = largest_within_slippage(
        view.state,
        view.record.params,
        now_ms=view.engine_ms,
        user=None,
        outcome=asked.outcome,
        side=asked.side,
        buy=True,
        size=size,
        slippage=min(slippage, RATE),
    )
    if within == priced.size:
        return Largest(tokens=within, spend=spend)
    fitting = pricing.quote(within, None, None) if within else None
    return NOTHING if not isinstance(fitting, Quote) else Largest(tokens=within, spend=fitting.amount // CENT * CENT)
