"""From what a person asks for to a priced order: sizes, the worst price that is promised, what she can afford."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import words_trade as words
from bot.context import MarketView
from bot.money import RATE
from bot.params_trade import Amount
from bot.reply import Reply
from bot.words_look import step_words
from bot.words_ticket import Offer, typed_amount
from engine.events import Reason
from engine.quote import Move, Quote, Refused, quote
from engine.state import MarketState, Side, Status
from engine.terms import MarketParams
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
        why = "paused" if record.status is Status.PAUSED else "over"
    told = step is not None and why in {"lobby", "round"}
    return words.cannot_trade(why, step_words(step) if step else "", step.at_ms if step and told else None)


def offer(
    view: MarketView,
    *,
    outcome: int,
    side: Side,
    buy: bool,
    amount: Amount,
    slippage: int | None,
    member: Member | None,
) -> Offer | Reply:
    """Price an order, or say why it cannot be. With no `member` (a spectator's `/quote`) nobody's means count."""
    asked = OrderDraft(outcome=outcome, side=side, buy=buy, size=amount.tokens or 0)
    size, spend = amount.tokens, amount.spend
    if amount.share is not None:
        if member is None:
            return words.share_of_nothing()
        if buy:
            spend = max(0, member.available - view.record.params.gas_fee) * amount.share // RATE
            if spend == 0:
                return words.no_balance()
        else:
            size = held(member, outcome, side) * amount.share // RATE
    if not buy and member is not None:
        lacking = _lacking(view, member, outcome, side, size or 0)
        if lacking is not None:
            return lacking
    return _priced(view, asked, _Size(size, spend, typed_amount(amount)), slippage, member)


@dataclass(frozen=True, slots=True)
class _Size:
    """Tokens, or money to spend; and how it was typed."""

    tokens: int | None
    spend: int | None
    typed: str


def _priced(
    view: MarketView, asked: OrderDraft, size: _Size, slippage: int | None, member: Member | None
) -> Offer | Reply:
    """Quote it. An order that moves the price further than the usual slippage by itself gets as much as it needs on
    top, unless a slippage was asked for: then that is the answer."""
    params = view.record.params
    slip = USUAL_SLIPPAGE if slippage is None else slippage
    found = _ask(view, asked, size, slip, member)
    if isinstance(found, Refused) and found.reason is Reason.PAST_WORST_PRICE:
        free = _ask(view, asked, size, None, member)
        if isinstance(free, Quote):
            wide = needed_slippage(params, asked.buy, free)
            if slippage is not None:
                return words.slippage_too_small(params, asked, size.typed, slip, wide, found.detail)
            slip = wide
            found = _ask(view, asked, size, slip, member)
        else:
            found = free
    if isinstance(found, Refused):
        return words.no_ticket(found.reason, found.detail, params, asked, size.typed)
    return _within_means(view, asked, found, slip, member, size.typed)


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
    )


def needed_slippage(params: MarketParams, buy: bool, found: Quote) -> int:
    """What the order's own impact takes, and the usual slippage on top, in whole percent."""
    after_fee = found.price_before * (RATE + params.fee if buy else RATE - params.fee) // RATE
    impact = abs(found.average - after_fee) * RATE // max(1, after_fee)
    percent = RATE // 100
    return -(-(impact + USUAL_SLIPPAGE) // percent) * percent


def held(member: Member, outcome: int, side: Side) -> int:
    """Tokens she holds."""
    if outcome >= len(member.tokens):
        return 0
    yes, no = member.tokens[outcome]
    return yes if side is Side.YES else no


def _lacking(view: MarketView, member: Member, outcome: int, side: Side, size: int) -> Reply | None:
    have, params = held(member, outcome, side), view.record.params
    if have == 0:
        return words.holds_none(params, outcome, side, words.holdings(params, member.tokens))
    return words.holds_fewer(params, outcome, side, have, size) if size > have else None


def _within_means(
    view: MarketView, asked: OrderDraft, found: Quote, slip: int, member: Member | None, typed: str
) -> Offer | Reply:
    """Fix the worst price; one that she could not pay is lowered to all she has."""
    params, gas = view.record.params, found.gas
    worst, bound = found.worst_price, found.worst_amount
    if worst is None or bound is None:  # a slippage is always given above
        raise AssertionError("a quote with a slippage has a worst price")
    capped = False
    if asked.buy and member is not None:
        free = member.available - gas
        if found.amount > free:
            draft = _draft(asked, found.size, worst)
            return words.too_poor(params, draft, found.amount + gas, max(0, member.available), member.reserved)
        if bound > free:
            worst, bound, capped = -(-free * RATE // found.size), free, True
    most = bound + gas if asked.buy else bound - gas
    draft = _draft(asked, found.size + found.unsold, worst)
    return Offer(params=params, draft=draft, quote=found, slippage=slip, most=most, capped=capped, typed=typed)


def _draft(asked: OrderDraft, size: int, worst: int) -> OrderDraft:
    return OrderDraft(outcome=asked.outcome, side=asked.side, buy=asked.buy, size=size, worst_price=worst)


def terms_of(found: Offer) -> dict[str, Json]:
    """What a ticket keeps of its offer, so that it can be shown again word for word."""
    q = found.quote
    numbers: dict[str, Json] = {name: getattr(q, name) for name in _NUMBERS}
    moves: list[Json] = [[m.outcome, m.yes_before, m.yes_after, m.no_before, m.no_after] for m in q.moves]
    parts: dict[str, Json] = dict(q.parts)
    shown: dict[str, Json] = {"quote": numbers, "moves": moves, "parts": parts, "typed": found.typed}
    return {**shown, "slippage": found.slippage, "most": found.most, "capped": found.capped}


def offer_of(ticket: Ticket, params: MarketParams) -> Offer:
    """The inverse of `terms_of`."""
    kept: Mapping[str, Any] = ticket.terms  # Any: the shape is what terms_of wrote
    names = ("outcome", "yes_before", "yes_after", "no_before", "no_after")
    moves = tuple(Move(**dict(zip(names, row, strict=True))) for row in kept["moves"])
    return Offer(
        params=params,
        draft=ticket.draft,
        quote=Quote(moves=moves, parts=dict(kept["parts"]), **kept["quote"]),
        slippage=kept["slippage"],
        most=kept["most"],
        capped=kept["capped"],
        typed=kept["typed"],
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
)
