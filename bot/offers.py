"""From what a person asks for to a priced order: sizes, the worst price that is promised, what she can afford."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import words_trade as words
from bot.context import MarketView
from bot.money import RATE
from bot.params import Amount
from bot.reply import Reply
from bot.words_trade import Offer
from engine.quote import Move, Quote, Refused, quote
from engine.state import Side, Status
from engine.terms import MarketParams
from storage.records import Json, Member, OrderDraft, Ticket

USUAL_SLIPPAGE = RATE // 20


def closed_for_trading(view: MarketView) -> Reply | None:
    """Why there can be no order now, or None."""
    record = view.record
    if record.halted is not None:
        return words.cannot_trade("halted")
    if view.status in {Status.DRAFT, Status.LOBBY}:
        return words.cannot_trade("lobby")
    if view.status is Status.FROZEN:
        return words.cannot_trade("frozen")
    if view.status is Status.PAUSED:
        return words.cannot_trade("paused")
    return None if view.status is Status.RUNNING else words.cannot_trade("over")


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
    slip = USUAL_SLIPPAGE if slippage is None else slippage
    found = quote(
        view.state,
        view.record.params,
        now_ms=view.engine_ms,
        user=member.person if member is not None and member.funded else None,
        outcome=outcome,
        side=side,
        buy=buy,
        size=size,
        spend=spend,
        slippage=slip,
    )
    if isinstance(found, Refused):
        return words.no_ticket(found.reason, found.detail, view.record.params, asked)
    return _within_means(view, asked, found, slip, member, words.typed_amount(amount))


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
            worst, bound, capped = free * RATE // found.size, free, True
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
