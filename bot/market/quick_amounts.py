"""The amounts a ticket offers beside its own: round sums that can be paid, parts of what one has."""

from __future__ import annotations

from collections.abc import Iterator

from bot.chat.facts import Amount
from bot.market.context import MarketView
from bot.market.quotes import tokens_free
from bot.text.numbers import MICRO, RATE
from storage.records import Member, OrderDraft

SPENDS = (10 * MICRO, 50 * MICRO)
SHARES = (RATE // 2, RATE)


def quick_amounts(view: MarketView, member: Member, draft: OrderDraft, asked: Amount) -> tuple[Amount, ...]:
    """Those that can be paid, or sold, now, but for the one that was `asked`."""
    amounts = _to_buy(view, member) if draft.buy else _to_sell(view, member, draft)
    return tuple(amount for amount in amounts if amount != asked)


def _to_buy(view: MarketView, member: Member) -> Iterator[Amount]:
    """Parts leave the gas of a later order, as `/buy … all` does."""
    gas = view.record.params.gas_fee
    for spend in SPENDS:
        if spend + gas <= member.available:
            yield Amount(spend=spend)
    for share in SHARES:
        if max(0, member.available - 2 * gas) * share // RATE > 0:
            yield Amount(share=share)


def _to_sell(view: MarketView, member: Member, draft: OrderDraft) -> Iterator[Amount]:
    free = tokens_free(view, member, draft.outcome, draft.side)
    for share in SHARES:
        if free * share // RATE > 0:
            yield Amount(share=share)
