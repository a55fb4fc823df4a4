"""What became of an order, as its owner is told: after Confirm, on a second press, and by the announcer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.chat.facts import FailedOrder, Leg, OrderReceipt, PricedOrder
from bot.chat.reply import Reply
from bot.market.quotes import tokens_held, worst_amount
from bot.market.ticket_terms import price_ticket
from bot.text.numbers import rate_of_price
from bot.words import cuts as words_cuts
from bot.words import receipts as words
from bot.words import refusals as words_refusals
from engine.state import Side, Status, price_micro
from storage.rankings import Tokens, worth_of
from storage.records import RELEASED, Market, OrderRow, OrderStatus, TradeRow
from storage.unit_of_work import UnitOfWork


async def receipt(
    uow: UnitOfWork,
    order: OrderRow,
    market: Market,
    tick: int | None = None,
    worths: Mapping[int, Tokens] = MappingProxyType({}),
) -> Reply:
    """The state of an order of this market right now; the same words whoever asks for it and however often. `tick`:
    whose fills are told apart, for news of an order that waited. `worths`: of holdings by person, where they have been
    worked out already."""
    reply = await _receipt(uow, order, market, tick, worths)
    return reply if order.key is None else words.by_key(reply, order.key)


async def _receipt(
    uow: UnitOfWork, order: OrderRow, market: Market, tick: int | None, worths: Mapping[int, Tokens]
) -> Reply:
    if order.status is OrderStatus.PENDING:
        return words.queued(market.params, order, worst_amount(market.params, order.draft))
    if order.status is OrderStatus.REFUSED:
        return words_refusals.not_filled(await _failed(uow, order, market), order.ticket)
    if order.status is OrderStatus.CUT:
        return words_cuts.undone(market, order)
    if order.status is OrderStatus.CANCELLED and order.tick is None:
        return words.taken_back(order, await _typed(uow, order, market))
    done = await _standing(uow, order, market, tick, worths)
    if order.status is OrderStatus.CANCELLED:
        return words.given_back(done, await _why(uow, order, market), await _typed(uow, order, market))
    if order.status is OrderStatus.RESTING and order.draft.limit is not None:
        return words.in_book(done, order.draft.limit)
    return words.filled(done)


async def _ticket(uow: UnitOfWork, order: OrderRow, market: Market) -> PricedOrder | None:
    """What its owner confirmed."""
    ticket = await uow.tickets.get(order.ticket) if order.ticket is not None else None
    return None if ticket is None else price_ticket(ticket, market.params)


async def _typed(uow: UnitOfWork, order: OrderRow, market: Market) -> str:
    """The line that made this order."""
    priced = await _ticket(uow, order, market)
    return (
        words_refusals.order_line(market.params, order.draft) if priced is None else words_refusals.ticket_line(priced)
    )


async def _failed(uow: UnitOfWork, order: OrderRow, market: Market) -> FailedOrder:
    """Why it did not trade, beside what its ticket said and how things stand now."""
    failed = FailedOrder(
        params=market.params,
        title=market.title,
        draft=order.draft,
        reason=order.reason,
        detail={name: value for name, value in order.detail.items() if isinstance(value, int)},
        gas=order.gas,
    )
    priced, member = await _ticket(uow, order, market), await uow.members.account(order.market, order.person)
    state = await uow.markets.state(order.market)
    return replace(
        failed,
        asked=priced.asked if priced else None,
        slippage=priced.slippage if priced else None,
        own_slippage=priced is not None and priced.own_slippage,
        price_then=rate_of_price(priced.quote.price_before) if priced else None,
        price_now=price_micro(state, market.params, order.draft.outcome, order.draft.side),
        free=max(0, member.available) if member else None,
    )


async def _standing(
    uow: UnitOfWork, order: OrderRow, market: Market, tick: int | None, worths: Mapping[int, Tokens]
) -> OrderReceipt:
    state = await uow.markets.state(order.market)
    member = await uow.members.account(order.market, order.person)
    trades = await uow.trades.of_order(order.market, order.number)
    token = (order.draft.outcome, order.draft.side)
    worth = worths.get(order.person) or (worth_of(market, state, member) if member else None)
    return OrderReceipt(
        params=market.params,
        title=market.title,
        order=order,
        legs=_legs(trades, order.number),
        latest=_legs([trade for trade in trades if trade.tick == tick], order.number),
        held=tokens_held(member, *token) if member else 0,
        worth=worth[order.draft.outcome][order.draft.side is Side.NO] if worth else 0,
        owner=await uow.people.primary_id(order.person),
        traded=not market.over and order.draft.outcome in state.active,
    )


def _legs(trades: Iterable[TradeRow], number: int) -> list[Leg]:
    """The fills of an order by kind, in the order they first came."""
    legs: dict[tuple[str, bool], Leg] = {}
    for trade in trades:
        key = (trade.kind, trade.resting == number)
        so_far = legs.get(key)
        size, amount = (so_far.size, so_far.amount) if so_far else (0, 0)
        legs[key] = Leg(kind=trade.kind, size=size + trade.size, amount=amount + trade.amount, waited=key[1])
    return list(legs.values())


async def given_back(uow: UnitOfWork, numbers: Sequence[int], market: Market) -> Reply | None:
    """Several orders of one person that left the book together."""
    rows = [row for number in numbers if (row := await uow.orders.get(market.id, number)) is not None]
    if not rows:
        return None
    return words.given_back_together(market.params, market.title, [(row, await _why(uow, row, market)) for row in rows])


async def _why(uow: UnitOfWork, order: OrderRow, market: Market) -> str:
    """Who gave back what was left of it."""
    if order.reason != RELEASED:
        return words.why_cancelled(order)
    if market.status is Status.VOIDED:
        return words.why_voided(order)
    state = await uow.markets.state(market)
    if order.draft.outcome in state.out:
        return words.why_outcome_out(market.params, order)
    return words.why_over(order)
