"""Orders whose price was shown beside them: a press sends them, and they trade within what was shown or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.chat.facts import PricedOrder
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.commands.trade import open_ticket, send
from bot.grammar.book import Flag
from bot.grammar.command import ArgumentGroup, command
from bot.grammar.outcomes import AnyOutcomeArg
from bot.grammar.trading import OrderArgs
from bot.grammar.types import Text, WholeNumber
from bot.market import wording
from bot.market.context import Context, MarketView, Participant, TradingSettings, request_id
from bot.market.quotes import OrderRequest, Shown, closed_for_trading, price_order, request_of
from bot.market.receipts import receipt
from bot.market.ticket_terms import other_body
from bot.words import members as words_members
from bot.words import shown_orders as words
from storage.keys import Scope
from storage.records import Member, Ticket, TicketStatus

_MOST = 10**15 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOrderArgs(OrderArgs):
    """One that is out is read, too: what was asked for while it was in is looked up all the same."""

    outcome: AnyOutcomeArg


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArgs(ArgumentGroup):
    """What was seen of an order: as its quote named it."""

    worst: Annotated[int, WholeNumber("worst price", high=_MOST, named=True)] | None = None
    most: Annotated[int, WholeNumber("size", high=_MOST, named=True)] | None = None
    read: Annotated[int, WholeNumber("moment", low=0, high=_MOST, named=True)] = 0
    loses: Annotated[bool, Flag(about="it was shown that the order can only lose")] = False
    body: Annotated[str, Text("hash", named=True)] = ""  # of what a program sent under its idempotency key


@command("ticket buy", role=Role.MEMBER, by_key=[Scope.TRADE], hidden=True)
async def buy_shown(
    ctx: Context,
    *,
    market: MarketView,
    participant: Participant,
    settings: TradingSettings,
    order: ShownOrderArgs,
    shown: ShownArgs,
) -> Reply:
    """Buy at the price that was shown, or not at all.

    worst: at market, the worst price a token that was shown, all in, in 10^-12 dollars
    most: at market, how many millionths of a token were shown
    read: up to when what decides the market was read, epoch milliseconds
    """
    request = request_of(order, replace(settings.kept, confirm=True), market, buy=True)
    return await _send_shown(ctx, market, participant.member, request, shown)


@command("ticket sell", role=Role.MEMBER, by_key=[Scope.TRADE], hidden=True, selling=True)
async def sell_shown(
    ctx: Context,
    *,
    market: MarketView,
    participant: Participant,
    settings: TradingSettings,
    order: ShownOrderArgs,
    shown: ShownArgs,
) -> Reply:
    """Sell at the price that was shown, or not at all.

    worst: at market, the worst price a token that was shown, all in, in 10^-12 dollars
    most: at market, how many millionths of a token were shown
    read: up to when what decides the market was read, epoch milliseconds
    """
    request = request_of(order, replace(settings.kept, confirm=True), market, buy=False)
    return await _send_shown(ctx, market, participant.member, request, shown)


async def _send_shown(
    ctx: Context, market: MarketView, member: Member, request: OrderRequest, shown: ShownArgs
) -> Reply:
    """One order a request: asked again, what has become of it, whatever holds by now."""
    sent = await _sent_before(ctx, shown)
    if sent is not None:
        return sent
    if request.limit is None:
        if shown.worst is None or shown.most is None:
            return words.show_first()
        request = replace(request, shown=Shown(worst_price=shown.worst, size=shown.most))
    shut = closed_for_trading(market)
    if shut is not None:
        return shut
    if request.buy and member.barred is not None:
        return words_members.barred(member.barred)
    priced = price_order(market, request, member)
    if isinstance(priced, Reply):
        return priced
    if priced.only_loses and not shown.loses:
        return words.only_loses(priced)
    async with ctx.db.writing() as uow:
        ticket = await open_ticket(ctx, uow, market, member, priced, shown.body)
        unsent = ticket.order is None and (ticket.status is not TicketStatus.OPEN or _other(ticket, market, priced))
        if unsent or other_body(ticket, shown.body):
            return words.asked_before()  # by another line, which this press does not confirm
        unread = [text for text in await wording.unread(uow, ticket) if text.ts_ms > shown.read]
        if unread:
            return words.read_first(unread)
        order = await send(ctx, uow, ticket, market.record)
        if isinstance(order, Reply):
            return order
        await uow.commit()
    _, reply = order
    return reply


def _other(ticket: Ticket, market: MarketView, priced: PricedOrder) -> bool:
    """Whether a ticket that was there is not of this order."""
    return (ticket.market, ticket.draft) != (market.id, priced.draft)


async def _sent_before(ctx: Context, shown: ShownArgs) -> Reply | None:
    async with ctx.db.reading() as uow:
        ticket = await uow.tickets.by_request(request_id(ctx.invocation))
        if ticket is not None and other_body(ticket, shown.body):
            return words.asked_before()
        order = None if ticket is None else await uow.orders.by_request(ticket.request_id)
        record = None if order is None else await uow.markets.get(order.market)
        return None if order is None or record is None else await receipt(uow, order, record)
