"""Buying and selling: a line becomes one private ticket, Confirm makes it an order."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.facts import PricedOrder
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.book import AutofillArg, LimitArg
from bot.grammar.command import command
from bot.grammar.trading import AmountArg, OrderArgs, SlippageArg
from bot.grammar.types import NumberArg
from bot.market import wording
from bot.market.context import Context, MarketView, Participant, TradingSettings, request_id
from bot.market.quick_amounts import quick_amounts
from bot.market.quotes import OrderRequest, closed, closed_for_trading, price_order, request_of
from bot.market.receipts import receipt
from bot.market.ticket_terms import price_ticket, terms_of
from bot.words import keys as words_keys
from bot.words import members as words_members
from bot.words import refusals as words
from bot.words import ticket_changes as words_changes
from bot.words import tickets as words_tickets
from bot.words import wording as words_wording
from storage.records import Declined, Market, Member, OrderRow, Ticket, TicketStatus
from storage.unit_of_work import UnitOfWork

ORDER = ("outcome", "side", "amount")  # what an order is made of


@command(
    "buy",
    role=Role.MEMBER,
    may_ask=ORDER,
    submit="Show the ticket",
    ready=closed_for_trading,
    examples=("/buy germany yes 100", "/buy 2 no $50 slippage 2%", '/buy "Costa Rica" yes 200 limit 15c autofill'),
)
async def buy(
    ctx: Context, *, market: MarketView, participant: Participant, settings: TradingSettings, order: OrderArgs
) -> Reply:
    """Buy tokens that pay $1 each if you are right.

    You get a ticket first, seen by you alone: what it costs, what it pays, the most it can cost. Nothing is ordered
    until you press Confirm, unless your settings say so. With a limit, what does not trade at once waits in the book
    until it does or you cancel.

    limit: pay no more than this a token and wait in the book for it, such as 0.55 or 55c
    slippage: how far the price may run until your order's turn, 5% unless you say otherwise
    """
    request = request_of(order, settings.kept, market, buy=True)
    return await _order(ctx, market, participant.member, request, confirm=settings.kept.confirm)


@command(
    "sell",
    role=Role.MEMBER,
    selling=True,
    may_ask=ORDER,
    submit="Show the ticket",
    ready=closed_for_trading,
    examples=("/sell germany yes 40", "/sell brazil no all", "/sell 1 yes half limit 60c"),
)
async def sell(
    ctx: Context, *, market: MarketView, participant: Participant, settings: TradingSettings, order: OrderArgs
) -> Reply:
    """Sell tokens you hold back to the market.

    You get a ticket first, seen by you alone: what you get, and the least you can get. Nothing is sold until you press
    Confirm, unless your settings say so. With a limit, what does not trade at once waits in the book until it does or
    you cancel.

    amount: 40 tokens, all, half or 25% of what you hold
    limit: take no less than this a token and wait in the book for it, such as 0.55 or 55c
    slippage: how far the price may fall until your order's turn, 5% unless you say otherwise
    """
    request = request_of(order, settings.kept, market, buy=False)
    return await _order(ctx, market, participant.member, request, confirm=settings.kept.confirm)


@command(
    "quote",
    role=Role.ANYONE,
    help_under=Role.MEMBER,
    may_ask=ORDER,
    submit="Show the price",
    ready=closed_for_trading,
    examples=("/quote germany yes 100", "/quote 2 no $500", "/quote germany yes 100 limit 45c"),
)
async def quote(ctx: Context, *, market: MarketView, settings: TradingSettings, order: OrderArgs) -> Reply:
    """See what buying would cost and do to every price, without an order.

    limit: pay no more than this a token, such as 0.55 or 55c
    slippage: how far the price may run, 5% unless you say otherwise
    """
    priced = price_order(market, request_of(order, replace(settings.kept, confirm=True), market, buy=True), None)
    if isinstance(priced, Reply):
        return priced
    return words_tickets.estimate(priced, barred=market.member is not None and market.member.barred is not None)


@command("ticket confirm", role=Role.OWNER, hidden=True)
async def confirm(ctx: Context, *, number: NumberArg) -> Reply:
    """Send the order of a ticket. Pressing twice sends it once.

    number: the ticket's
    """
    async with ctx.db.writing() as uow:
        own = await _own_ticket(ctx, uow, number)
        if isinstance(own, Reply):
            return own
        ticket, market = own
        if ticket.status is TicketStatus.CANCELLED:
            return words.already_cancelled(ticket.id, _typed(ticket, market))
        if ticket.status is TicketStatus.REPLACED:
            return words.already_changed(ticket.id, _typed(ticket, market))
        sent = await send(ctx, uow, ticket, market)
        if isinstance(sent, Reply):
            return sent
        await uow.commit()
    _, reply = sent
    return reply


@command("ticket cancel", role=Role.OWNER, hidden=True)
async def cancel(ctx: Context, *, number: NumberArg) -> Reply:
    """Throw a ticket away.

    number: the ticket's
    """
    async with ctx.db.writing() as uow:
        own = await _own_ticket(ctx, uow, number)
        if isinstance(own, Reply):
            return own
        ticket, market = own
        if ticket.status is TicketStatus.CONFIRMED:
            return words.too_late_to_cancel(ticket.order or 0, ticket.id)
        if ticket.status is TicketStatus.REPLACED:
            return words.already_changed(ticket.id, _typed(ticket, market))
        await uow.tickets.settle(ticket.id, TicketStatus.CANCELLED)
        await uow.commit()
    return words.cancelled(ticket.id, _typed(ticket, market))


@command("ticket change", role=Role.OWNER, hidden=True)
async def change(
    ctx: Context,
    *,
    number: NumberArg,
    amount: AmountArg | None = None,
    limit: LimitArg | None = None,
    slippage: SlippageArg | None = None,
    autofill: AutofillArg | None = None,
) -> Reply:
    """Ask for other numbers; a new ticket takes the old one's place.

    number: the ticket's
    limit: the price to trade at or better
    slippage: how far the price may run
    autofill: whether trades on other outcomes may fill it
    """
    async with ctx.db.reading() as uow:
        own = await _own_ticket(ctx, uow, number)
        if isinstance(own, Reply):
            return own
        ticket, record = own
        if ticket.status is TicketStatus.CONFIRMED:
            return words.too_late_to_cancel(ticket.order or 0, ticket.id)
        if ticket.status is TicketStatus.CANCELLED:
            return words.already_cancelled(ticket.id, _typed(ticket, record))
        if ticket.status is TicketStatus.REPLACED:
            return words.already_changed(ticket.id, _typed(ticket, record))
        before = price_ticket(ticket, record.params)
        if (amount, limit, slippage, autofill) == (None, None, None, None):
            return words_changes.change_form(number, before)
        member = await uow.members.account(record.id, ticket.person)
        state = await uow.markets.state(record.id)
    if member is None:
        raise LookupError(f"ticket {number} of somebody who is not in its market")
    market = MarketView(record=record, state=state, member=member, now_ms=ctx.now_ms)
    draft = ticket.draft
    price = draft.limit if limit is None else limit
    kept = before.slippage if before.own_slippage and price is None else None
    request = OrderRequest(
        outcome=draft.outcome,
        side=draft.side,
        buy=draft.buy,
        amount=amount or before.asked,
        slippage=kept if slippage is None else slippage,
        limit=price,
        autofill=draft.autofill if autofill is None else autofill,
    )
    return closed_for_trading(market) or await _order(ctx, market, member, request, confirm=True, instead_of=ticket)


def _typed(ticket: Ticket, market: Market) -> str:
    """The line that asked for a ticket."""
    return words.ticket_line(price_ticket(ticket, market.params))


async def _own_ticket(ctx: Context, uow: UnitOfWork, number: int) -> tuple[Ticket, Market] | Reply:
    """The ticket and its market, if it was made for the speaker; a press by anybody else tells them nothing."""
    ticket = await uow.tickets.get(number)
    if ticket is None or ctx.person is None or ticket.person not in await uow.people.all_ids(ctx.person.id):
        return words.not_your_ticket()
    market = await uow.markets.get(ticket.market)
    if market is None:
        raise LookupError(f"ticket {number} of a market that does not exist")
    return ticket, market


async def _order(
    ctx: Context,
    market: MarketView,
    member: Member,
    request: OrderRequest,
    *,
    confirm: bool,
    instead_of: Ticket | None = None,
) -> Reply:
    """A ticket; without `confirm` (for people who have switched asking off) it is sent at once, in the same unit, and
    all that protects them stays: what can only lose is asked about all the same, and so is the first order after
    something was written on what decides."""
    if request.buy and member.barred is not None:
        return words_members.barred(member.barred)
    priced = price_order(market, request, member)
    if isinstance(priced, Reply):
        return priced
    async with ctx.db.writing() as uow:
        ticket = await open_ticket(ctx, uow, market, member, priced)
        if instead_of is not None and not await uow.tickets.settle(instead_of.id, TicketStatus.REPLACED):
            return words.already_changed(instead_of.id, _typed(instead_of, market.record))
        unread = await wording.unread(uow, ticket)
        first = await _is_first(uow, ticket)
        confirm = confirm or priced.only_loses or bool(unread)
        sent = None if confirm else await send(ctx, uow, ticket, market.record)
        if isinstance(sent, Reply):
            return sent
        await uow.commit()
    shown = price_ticket(ticket, market.record.params)
    if sent is None:
        quick = quick_amounts(market, member, ticket.draft, shown.asked)
        reply = words_tickets.ticket(shown, ticket.id, ctx.person_id or ticket.person, quick=quick, explained=first)
        if instead_of is not None:
            changed = words_changes.changes(price_ticket(instead_of, market.record.params), shown)
            reply = replace(reply, blocks=(changed, *reply.blocks))
        return replace(reply, blocks=(*reply.blocks, *words_wording.on_ticket(unread))) if unread else reply
    order, reply = sent
    return words_tickets.unasked(reply, shown, order, ctx.person_id)


async def _is_first(uow: UnitOfWork, ticket: Ticket) -> bool:
    accounts = await uow.people.all_ids(ticket.person)
    return await uow.tickets.last_shown(ticket.market, accounts, before=ticket.id) is None


async def open_ticket(
    ctx: Context, uow: UnitOfWork, market: MarketView, member: Member, priced: PricedOrder, body: str = ""
) -> Ticket:
    """One ticket a request: asked again, it is the same. `body`: the hash of what a program sent, to tell another."""
    return await uow.tickets.create(
        market.id,
        member.person,
        priced.draft,
        reserve=priced.most if priced.draft.buy else priced.quote.gas,
        terms=terms_of(priced, body),
        request_id=request_id(ctx.invocation),
        now_ms=ctx.now_ms,
    )


async def send(ctx: Context, uow: UnitOfWork, ticket: Ticket, market: Market) -> tuple[OrderRow, Reply] | Reply:
    """The order a ticket becomes, once however often it is asked for, and what is said of it; or why there is none."""
    order = await uow.orders.append(
        ticket.market,
        ticket.person,
        ticket.draft,
        request_id=ticket.request_id,
        reserve=ticket.reserve,
        now_ms=ctx.now_ms,
        ticket=ticket.id,
        key=ctx.invocation.key,
    )
    if isinstance(order, Declined):
        return await _declined(uow, order, market, ticket)
    if order.created:
        await uow.tickets.settle(ticket.id, TicketStatus.CONFIRMED, order.number)
    return order, await receipt(uow, order, market)


async def _declined(uow: UnitOfWork, why: Declined, market: Market, ticket: Ticket) -> Reply:
    if why.code == "barred":
        return words_members.barred((await uow.members.get_one(ticket.market, ticket.person)).barred)
    if why.code == "no_cash":
        return words.no_cash_at_confirm(why.needed, why.available)
    if why.code == "no_tokens":
        return words.sold_already(market.params, ticket.draft, why.available, why.waiting)
    by_key = words_keys.declined(why, market, ticket.draft)
    if by_key is not None:
        return by_key
    return closed(market, await uow.markets.state(market.id)) or words.cannot_trade("over")
