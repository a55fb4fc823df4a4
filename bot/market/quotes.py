"""From what a person asks for to a priced order: sizes, the worst price that is promised, what they can afford."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.chat.facts import Amount, PricedOrder
from bot.chat.reply import Reply
from bot.market.context import MarketView
from bot.text.numbers import CENT, MICRO, RATE
from bot.words import refusals as words
from bot.words.views import step_words
from engine.events import Reason
from engine.quote import Move, Quote, Refused, quote
from engine.resting_book import escrowed
from engine.state import MarketState, Side, Status
from engine.terms import MarketParams
from engine.working_copy import gets
from storage.people import Preferences
from storage.records import Json, Market, Member, OrderDraft, Ticket

USUAL_SLIPPAGE = RATE // 20


def closed_for_trading(view: MarketView) -> Reply | None:
    """Why there can be no order now, or None."""
    return closed(view.record, view.state)


def closed(record: Market, state: MarketState) -> Reply | None:
    """The same from the rows."""
    if record.status is Status.RUNNING and record.halted is None:
        return None
    step = record.next_step
    if record.halted is not None:
        why = "halted"
    elif record.status in {Status.DRAFT, Status.LOBBY}:
        why = "lobby"
    elif record.status is Status.FROZEN:
        why = "asked" if state.asked else "frozen" if state.frozen_for is None else "round"
    else:
        why = {Status.PAUSED: "paused", Status.DISPUTED: "disputed"}.get(record.status, "over")
    until_known = step is not None and why in {"lobby", "round", "disputed"}
    return words.cannot_trade(why, step_words(step) if step else "", step.at_ms if step and until_known else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order as it was asked for; `slippage` and `limit` are rates."""

    outcome: int
    side: Side
    buy: bool
    amount: Amount
    slippage: int | None = None
    limit: int | None = None
    autofill: bool | None = None  # None: not said
    strict: bool = False  # no more slippage than the usual, however much the order moves the price by itself


def with_preferences(request: OrderRequest, habits: Preferences, view: MarketView) -> OrderRequest:
    """With what the person has set where the line says nothing. Who is not asked again before an order is not
    given more slippage than they know of."""
    limited = request.limit is not None
    slippage = habits.slippage if request.slippage is None and not limited else request.slippage
    autofill = request.autofill
    if autofill is None:
        autofill = habits.autofill and limited and view.record.params.af_enabled
    return replace(request, slippage=slippage, autofill=autofill, strict=not habits.confirm)


def price_order(view: MarketView, request: OrderRequest, member: Member | None) -> PricedOrder | Reply:
    """Price an order, or say why it cannot be. With no `member` (a spectator's `/quote`) nobody's means count."""
    params, amount = view.record.params, request.amount
    autofill = bool(request.autofill) and params.af_enabled
    asked = OrderDraft(
        outcome=request.outcome,
        side=request.side,
        buy=request.buy,
        size=amount.tokens or 0,
        limit=request.limit,
        autofill=autofill,
    )
    odd = _at_odds(view, request, asked)
    if odd is not None:
        return odd
    size, spend = amount.tokens, amount.spend
    if amount.share is not None:
        if member is None:
            return words.share_of_nothing()
        if request.buy:
            spend = max(0, member.available - params.gas_fee) * amount.share // RATE
            if spend == 0:
                return words.no_balance()
        else:
            size = _free(view, member, request.outcome, request.side) * amount.share // RATE
    if not request.buy and member is not None:
        lacking = _lacking(view, member, request.outcome, request.side, size or 0)
        if lacking is not None:
            return lacking
    sized = _Size(size, spend, amount.typed())
    if request.limit is None:
        strict = USUAL_SLIPPAGE if request.strict else None
        return _priced(view, asked, sized, strict if request.slippage is None else request.slippage, member)
    return _limited(view, asked, sized, member, no_autofill=bool(request.autofill) and not autofill)


def _at_odds(view: MarketView, request: OrderRequest, asked: OrderDraft) -> Reply | None:
    """What contradicts itself: a limit is the worst price already, and only what waits can be filled by auto-fill."""
    params, typed = view.record.params, request.amount.typed()
    if request.limit is not None and request.slippage is not None:
        return words.limit_and_slippage(params, asked, typed)
    if request.autofill and request.limit is None:
        tick = params.tick_size
        now = view.price(request.outcome, request.side) * (RATE // MICRO) // tick * tick
        limit = min(max(now, tick), RATE - tick)
        return words.autofill_needs_limit(params, replace(asked, limit=limit, autofill=True), typed)
    return None


@dataclass(frozen=True, slots=True)
class _Size:
    """Tokens, or money to spend; and how it was typed."""

    tokens: int | None
    spend: int | None
    typed: str


def _priced(
    view: MarketView, asked: OrderDraft, size: _Size, slippage: int | None, member: Member | None
) -> PricedOrder | Reply:
    """Quote it. An order that moves the price further than the usual slippage by itself gets as much as it needs on
    top, unless a slippage was asked for: then that is the answer."""
    params = view.record.params
    slip = USUAL_SLIPPAGE if slippage is None else slippage
    priced = _ask(view, asked, size, slip, member)
    if isinstance(priced, Refused) and priced.reason is Reason.PAST_WORST_PRICE:
        free = _ask(view, asked, size, None, member)
        if isinstance(free, Quote):
            wide = needed_slippage(params, asked.buy, free)
            if slippage is not None:
                return words.slippage_too_small(params, asked, size.typed, slip, wide, priced.detail)
            slip = wide
            priced = _ask(view, asked, size, slip, member)
        else:
            priced = free
    if isinstance(priced, Refused):
        return words.no_ticket(priced.reason, priced.detail, params, asked, size.typed)
    return _within_means(view, asked, priced, slip, member, size.typed)


def _limited(
    view: MarketView, asked: OrderDraft, size: _Size, member: Member | None, *, no_autofill: bool
) -> PricedOrder | Reply:
    """Quote an order with a limit. A buy has to be able to pay its limit and the largest fee for all of it at once."""
    params = view.record.params
    priced = _ask(view, asked, size, None, member)
    if isinstance(priced, Refused) and priced.reason is Reason.NO_CASH and size.spend is not None:
        beyond = priced.detail["need"] - priced.detail["have"]  # parts of a match are rounded up one by one
        if beyond < CENT:
            size = replace(size, spend=size.spend - beyond)
            priced = _ask(view, asked, size, None, member)
    draft = asked
    if isinstance(priced, Quote):
        draft = replace(asked, size=priced.size + priced.unsold + priced.rests)
    elif member is None or priced.reason not in {Reason.NO_CASH, Reason.NO_CASH_FOR_GAS}:
        return words.no_ticket(priced.reason, priced.detail, params, asked, size.typed)
    need = max(escrow_needed(params, draft), size.spend or 0)
    if member is not None and need + params.gas_fee > member.available:
        aside = member.reserved, member.escrow
        return words.too_poor(params, draft, need + params.gas_fee, max(0, member.available), *aside)
    if isinstance(priced, Refused):
        return words.no_ticket(priced.reason, priced.detail, params, asked, size.typed)
    if draft.size == 0:
        return words.no_ticket(Reason.SIZE_ZERO, {}, params, asked, size.typed)
    most = worst_amount(params, draft)
    return PricedOrder(
        params=params, draft=draft, quote=priced, slippage=0, most=most, typed=size.typed, no_autofill=no_autofill
    )


def escrow_needed(params: MarketParams, draft: OrderDraft) -> int:
    """What a buy with a limit must be able to pay before it trades: limit and largest fee on all of it; gas out."""
    if not draft.buy or draft.limit is None:
        return 0
    return escrowed(draft.limit, max(params.fee, params.match_fee), draft.size)


def worst_amount(params: MarketParams, draft: OrderDraft) -> int:
    """The most all of a buy can cost, or the least all of a sale can bring: its promise, gas in; micro-dollars."""
    gas = params.gas_fee
    if draft.limit is None:
        worst = (draft.worst_price or 0) * draft.size
        return -(-worst // RATE) + gas if draft.buy else worst // RATE - gas
    if draft.buy:
        return escrow_needed(params, draft) + gas
    amount, fee = gets(draft.limit, draft.size, max(params.fee, params.match_fee))
    return amount - fee - gas


def _ask(
    view: MarketView, asked: OrderDraft, size: _Size, slippage: int | None, member: Member | None
) -> Quote | Refused:
    return quote(
        view.state,
        view.record.params,
        now_ms=view.engine_ms,
        user=member.person if member is not None and member.funded else None,
        outcome=asked.outcome,
        side=asked.side,
        buy=asked.buy,
        size=size.tokens,
        spend=size.spend,
        slippage=slippage if slippage is None or asked.buy else min(slippage, RATE),
        limit=asked.limit,
        autofill=asked.autofill,
    )


def needed_slippage(params: MarketParams, buy: bool, quote_: Quote) -> int:
    """What the order's own impact takes, and the usual slippage on top, in whole percent."""
    after_fee = quote_.price_before * (RATE + params.fee if buy else RATE - params.fee) // RATE
    impact = abs(quote_.average - after_fee) * RATE // max(1, after_fee)
    percent = RATE // 100
    return -(-(impact + USUAL_SLIPPAGE) // percent) * percent


def tokens_held(member: Member, outcome: int, side: Side) -> int:
    """Tokens the member holds."""
    if outcome >= len(member.tokens):
        return 0
    yes, no = member.tokens[outcome]
    return yes if side is Side.YES else no


def _free(view: MarketView, member: Member, outcome: int, side: Side) -> int:
    """Tokens the member holds and has not put up for sale in the book."""
    return tokens_held(member, outcome, side) - view.state.resting.tied_of(member.person, outcome, side)


def _lacking(view: MarketView, member: Member, outcome: int, side: Side, size: int) -> Reply | None:
    have, params = tokens_held(member, outcome, side), view.record.params
    free = _free(view, member, outcome, side)
    if have == 0:
        return words.holds_none(params, outcome, side, words.holdings(params, member.tokens))
    if free == 0:
        return words.all_for_sale(params, outcome, side, have)
    return words.holds_fewer(params, outcome, side, have, size, have - free) if size > free else None


def _within_means(
    view: MarketView, asked: OrderDraft, quote_: Quote, slip: int, member: Member | None, typed: str
) -> PricedOrder | Reply:
    """Fix the worst price; one that the buyer could not pay is lowered to all they have."""
    params, gas = view.record.params, quote_.gas
    worst, promised = quote_.worst_price, quote_.worst_amount
    if worst is None or promised is None:  # a slippage is always given above
        raise AssertionError("a quote with a slippage has a worst price")
    capped = False
    if asked.buy and member is not None:
        free = member.available - gas
        if quote_.amount > free:
            draft = _draft(asked, quote_.size, worst)
            aside = member.reserved, member.escrow
            return words.too_poor(params, draft, quote_.amount + gas, max(0, member.available), *aside)
        if promised > free:
            worst, promised, capped = -(-free * RATE // quote_.size), free, True
    most = promised + gas if asked.buy else promised - gas
    draft = _draft(asked, quote_.size + quote_.unsold, worst)
    return PricedOrder(params=params, draft=draft, quote=quote_, slippage=slip, most=most, capped=capped, typed=typed)


def _draft(asked: OrderDraft, size: int, worst: int) -> OrderDraft:
    return OrderDraft(outcome=asked.outcome, side=asked.side, buy=asked.buy, size=size, worst_price=worst)


def terms_of(order: PricedOrder) -> dict[str, Json]:
    """What a ticket keeps of its offer, so that it can be shown again word for word."""
    q = order.quote
    numbers: dict[str, Json] = {name: getattr(q, name) for name in _NUMBERS}
    moves: list[Json] = [[m.outcome, m.yes_before, m.yes_after, m.no_before, m.no_after] for m in q.moves]
    parts: dict[str, Json] = dict(q.parts)
    sizes: dict[str, Json] = dict(q.sizes)
    shown: dict[str, Json] = {"quote": numbers, "moves": moves, "parts": parts, "sizes": sizes, "typed": order.typed}
    kept: dict[str, Json] = {"slippage": order.slippage, "most": order.most, "capped": order.capped}
    return {**shown, **kept, "no_autofill": order.no_autofill}


def price_ticket(ticket: Ticket, params: MarketParams) -> PricedOrder:
    """The inverse of `terms_of`."""
    kept: Mapping[str, Any] = ticket.terms  # Any: the shape is what terms_of wrote
    names = ("outcome", "yes_before", "yes_after", "no_before", "no_after")
    moves = tuple(Move(**dict(zip(names, row, strict=True))) for row in kept["moves"])
    return PricedOrder(
        params=params,
        draft=ticket.draft,
        quote=Quote(moves=moves, parts=dict(kept["parts"]), sizes=dict(kept["sizes"]), **kept["quote"]),
        slippage=kept["slippage"],
        most=kept["most"],
        capped=kept["capped"],
        typed=kept["typed"],
        no_autofill=kept["no_autofill"],
    )


_NUMBERS = (
    "size",
    "unsold",
    "amount",
    "fee",
    "gas",
    "average",
    "price_before",
    "price_after",
    "worst_price",
    "worst_amount",
    "payout_if_right",
    "largest_sensible",
    "rests",
    "escrow",
    "paid_back",
)
