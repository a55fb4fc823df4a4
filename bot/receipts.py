"""What became of an order, as its owner is told: after Confirm, on a second press, and by the announcer."""

from __future__ import annotations

from bot import words_trade as words
from bot.money import RATE
from bot.offers import held
from bot.reply import Reply
from engine.state import price_micro
from storage.records import Market, OrderRow, OrderStatus
from storage.unit_of_work import UnitOfWork


async def receipt(uow: UnitOfWork, order: OrderRow, market: Market) -> Reply:
    """The state of an order of this market right now; the same words whoever asks for it and however often."""
    if order.status is OrderStatus.PENDING:
        bound = (order.draft.worst_price or 0) * order.draft.size
        gas = market.params.gas_fee
        most = -(-bound // RATE) + gas if order.draft.buy else bound // RATE - gas
        wait = market.params.batch_interval_ms
        return words.queued(order.draft, market.params, most, order.number, order.ticket, wait)
    if order.status in {OrderStatus.REFUSED, OrderStatus.CANCELLED}:
        if order.status is OrderStatus.CANCELLED:
            return words.taken_back(market.params, order.draft, order.ticket)
        numbers = {name: value for name, value in order.detail.items() if isinstance(value, int)}
        failed = words.Failed(
            params=market.params, draft=order.draft, reason=order.reason, detail=numbers, gas=order.gas
        )
        return words.not_filled(failed, order.ticket)
    state = await uow.markets.state(order.market)
    member = await uow.members.get(order.market, order.person)
    parts: dict[str, int] = {}
    for trade in await uow.trades.of_order(order.market, order.number):
        parts[trade.kind] = parts.get(trade.kind, 0) + trade.size
    done = words.Done(
        params=market.params,
        draft=order.draft,
        filled=order.done,
        unsold=order.remaining,
        amount=order.amount,
        fee=order.fee,
        gas=order.gas,
        parts=parts,
        held=held(member, order.draft.outcome, order.draft.side) if member else 0,
        price_now=price_micro(state, market.params, order.draft.outcome, order.draft.side),
    )
    return words.filled(done, order.ticket)
