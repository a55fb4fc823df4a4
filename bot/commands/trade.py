"""Buying and selling: a line becomes one private ticket, Confirm makes it an order."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.facts import Amount
from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.grammar.book import AutofillArg, LimitArg
from bot.grammar.command import command
from bot.grammar.trading import AmountArg, OutcomeArg, SideArg, SlippageArg
from bot.grammar.types import NumberArg
from bot.market.context import Context, MarketView, Participant, TradingSettings, request_id
from bot.market.quotes import OrderRequest, closed, closed_for_trading, habitual, offer, offer_of, terms_of
from bot.market.receipts import receipt
from bot.text.numbers import typed_money
from bot.words import refusals as words
from bot.words import tickets as words_tickets
from storage.records import Declined, Market, OrderRow, Ticket, TicketStatus
from storage.unit_of_work import UnitOfWork


@command(
    "buy",
    role=Role.MEMBER,
    submit="Show the ticket",
    ready=closed_for_trading,
    examples=("/buy germany yes 100", "/buy 2 no $50 slippage 2%", '/buy "Costa Rica" yes 200 limit 15c autofill'),
)
async def buy(
    ctx: Context,
    *,
    market: MarketView,
    seat: Participant,
    habits: TradingSettings,
    outcome: OutcomeArg,
    side: SideArg,
    amount: AmountArg,
    limit: LimitArg | None = None,
    slippage: SlippageArg | None = None,
    autofill: AutofillArg | None = None,
) -> Reply:
    """Buy tokens that pay $1 each if you are right.

    You get a ticket first, seen by you alone: what it costs, what it pays, the most it can cost. Nothing is ordered
    until you press Confirm, unless your settings say so. With a limit, what does not trade at once waits in the book
    until it does or you cancel.

    limit: pay no more than this a token and wait in the book for it, such as 0.55 or 55c
    slippage: how far the price may run until your order's turn, 5% unless you say otherwise
    """
    wish = OrderRequest(
        outcome=outcome, side=side, buy=True, amount=amount, slippage=slippage, limit=limit, autofill=autofill
    )
    wish = habitual(wish, habits.kept, market)
    return await (_new_ticket if habits.kept.confirm else _order_at_once)(ctx, market, seat, wish)


@command(
    "sell",
    role=Role.MEMBER,
    selling=True,
    submit="Show the ticket",
    ready=closed_for_trading,
    examples=("/sell germany yes 40", "/sell brazil no all", "/sell 1 yes half limit 60c"),
)
async def sell(
    ctx: Context,
    *,
    market: MarketView,
    seat: Participant,
    habits: TradingSettings,
    outcome: OutcomeArg,
    side: SideArg,
    amount: AmountArg,
    limit: LimitArg | None = None,
    slippage: SlippageArg | None = None,
    autofill: AutofillArg | None = None,
) -> Reply:
    """Sell tokens you hold back to the market.

    You get a ticket first, seen by you alone: what you get, and the least you can get. Nothing is sold until you press
    Confirm, unless your settings say so. With a limit, what does not trade at once waits in the book until it does or
    you cancel.

    amount: 40 tokens, all, half or 25% of what you hold
    limit: take no less than this a token and wait in the book for it, such as 0.55 or 55c
    slippage: how far the price may fall until your order's turn, 5% unless you say otherwise
    """
    wish = OrderRequest(
        outcome=outcome, side=side, buy=False, amount=amount, slippage=slippage, limit=limit, autofill=autofill
    )
    wish = habitual(wish, habits.kept, market)
    return await (_new_ticket if habits.kept.confirm else _order_at_once)(ctx, market, seat, wish)


@command(
    "quote",
    role=Role.ANYONE,
    submit="Show the price",
    help_under=Role.MEMBER,
    ready=closed_for_trading,
    examples=("/quote germany yes 100", "/quote 2 no $500", "/quote germany yes 100 limit 45c"),
)
async def quote(
    ctx: Context,
    *,
    market: MarketView,
    habits: TradingSettings,
    outcome: OutcomeArg,
    side: SideArg,
    amount: AmountArg,
    limit: LimitArg | None = None,
    slippage: SlippageArg | None = None,
    autofill: AutofillArg | None = None,
) -> Reply:
    """See what buying would cost and do to every price, without an order.

    limit: pay no more than this a token, such as 0.55 or 55c
    slippage: how far the price may run, 5% unless you say otherwise
    """
    wish = OrderRequest(
        outcome=outcome, side=side, buy=True, amount=amount, slippage=slippage, limit=limit, autofill=autofill
    )
    found = offer(market, habitual(wish, replace(habits.kept, confirm=True), market), None)
    if isinstance(found, Reply):
        return found
    spend = None if amount.spend is None or limit is not None else typed_money(amount.spend)
    return words_tickets.estimate(found, words.order_line(found.params, found.draft, spend))


@command("ticket confirm", role=Role.OWNER, hidden=True)
async def confirm(ctx: Context, *, number: NumberArg) -> Reply:
    """Send the order of a ticket. Pressing twice sends it once.

    number: the ticket's
    """
    async with ctx.db.writing() as uow:
        found = await _own_ticket(ctx, uow, number)
        if isinstance(found, Reply):
            return found
        ticket, market = found
        if ticket.status is TicketStatus.CANCELLED:
            return words.already_cancelled(ticket.id, market.params, ticket.draft)
        if ticket.status is TicketStatus.REPLACED:
            return words.already_changed(ticket.id)
        sent = await _ordered(uow, ticket, market, ctx.now_ms)
        if isinstance(sent, Declined):
            return await _declined(uow, sent, market, ticket)
        _, reply = sent
        await uow.commit()
    return reply


@command("ticket cancel", role=Role.OWNER, hidden=True)
async def cancel(ctx: Context, *, number: NumberArg) -> Reply:
    """Throw a ticket away.

    number: the ticket's
    """
    async with ctx.db.writing() as uow:
        found = await _own_ticket(ctx, uow, number)
        if isinstance(found, Reply):
            return found
        ticket, market = found
        if ticket.status is TicketStatus.CONFIRMED:
            return words.too_late_to_cancel(ticket.order or 0, ticket.id)
        if ticket.status is TicketStatus.REPLACED:
            return words.already_changed(ticket.id)
        await uow.tickets.settle(ticket.id, TicketStatus.CANCELLED)
        await uow.commit()
    return words.cancelled(ticket.id, market.params, ticket.draft)


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
        found = await _own_ticket(ctx, uow, number)
        if isinstance(found, Reply):
            return found
        ticket, record = found
        if ticket.status is TicketStatus.CONFIRMED:
            return words.too_late_to_cancel(ticket.order or 0, ticket.id)
        if ticket.status is not TicketStatus.OPEN:
            return words.already_changed(ticket.id)
        old = offer_of(ticket, record.params)
        if (amount, limit, slippage, autofill) == (None, None, None, None):
            return words_tickets.change_form(number, ticket.draft, record.params, old.typed, old.slippage)
        member = await uow.members.account(record.id, ticket.person)
        state = await uow.markets.state(record.id)
    if member is None:
        raise LookupError(f"ticket {number} of somebody who is not in its market")
    view = MarketView(record=record, state=state, member=member, now_ms=ctx.now_ms)
    draft = ticket.draft
    price = draft.limit if limit is None else limit
    wish = OrderRequest(
        outcome=draft.outcome,
        side=draft.side,
        buy=draft.buy,
        amount=amount or Amount(tokens=draft.size),
        slippage=old.slippage if slippage is None and price is None else slippage,
        limit=price,
        autofill=draft.autofill if autofill is None else autofill,
    )
    return await _new_ticket(ctx, view, Participant(member=member), wish, instead_of=ticket)


async def _own_ticket(ctx: Context, uow: UnitOfWork, number: int) -> tuple[Ticket, Market] | Reply:
    """The ticket and its market, if it was made for the speaker; a press by anybody else tells her nothing."""
    ticket = await uow.tickets.get(number)
    if ticket is None or ctx.person is None or ticket.person not in await uow.people.all_ids(ctx.person.id):
        return words.not_your_ticket()
    market = await uow.markets.get(ticket.market)
    if market is None:
        raise LookupError(f"ticket {number} of a market that does not exist")
    return ticket, market


async def _new_ticket(
    ctx: Context, market: MarketView, seat: Participant, wish: OrderRequest, *, instead_of: Ticket | None = None
) -> Reply:
    shut = closed_for_trading(market)
    if shut is not None:
        return shut
    found = offer(market, wish, seat.member)
    if isinstance(found, Reply):
        return found
    reserve = found.most if wish.buy else found.quote.gas
    async with ctx.db.writing() as uow:
        if instead_of is not None and not await uow.tickets.settle(instead_of.id, TicketStatus.REPLACED):
            return words.already_changed(instead_of.id)
        ticket = await uow.tickets.create(
            market.id,
            seat.member.person,
            found.draft,
            reserve=reserve,
            terms=terms_of(found),
            request_id=request_id(ctx.invocation),
            now_ms=ctx.now_ms,
        )
        await uow.commit()
    return words_tickets.ticket(offer_of(ticket, market.record.params), ticket.id, ctx.person_id or ticket.person)


async def _order_at_once(ctx: Context, market: MarketView, seat: Participant, wish: OrderRequest) -> Reply:
    """A ticket and its Confirm in one: for people who have switched asking off. All that protects her stays."""
    found = offer(market, wish, seat.member)
    if isinstance(found, Reply):
        return found
    async with ctx.db.writing() as uow:
        ticket = await uow.tickets.create(
            market.id,
            seat.member.person,
            found.draft,
            reserve=found.most if wish.buy else found.quote.gas,
            terms=terms_of(found),
            request_id=request_id(ctx.invocation),
            now_ms=ctx.now_ms,
        )
        sent = await _ordered(uow, ticket, market.record, ctx.now_ms)
        if isinstance(sent, Declined):
            return await _declined(uow, sent, market.record, ticket)
        order, reply = sent
        await uow.commit()
    return words_tickets.unasked(reply, offer_of(ticket, market.record.params), order, ctx.person_id)


async def _ordered(uow: UnitOfWork, ticket: Ticket, market: Market, now_ms: int) -> tuple[OrderRow, Reply] | Declined:
    """The order a ticket becomes, once however often it is asked for, and what is said of it."""
    order = await uow.orders.append(
        ticket.market,
        ticket.person,
        ticket.draft,
        request_id=ticket.request_id,
        reserve=ticket.reserve,
        now_ms=now_ms,
        ticket=ticket.id,
    )
    if isinstance(order, Declined):
        return order
    if order.created:
        await uow.tickets.settle(ticket.id, TicketStatus.CONFIRMED, order.number)
    return order, await receipt(uow, order, market)


async def _declined(uow: UnitOfWork, why: Declined, market: Market, ticket: Ticket) -> Reply:
    if why.code == "no_cash":
        return words.no_cash_at_confirm(why.needed, why.available)
    if why.code == "no_tokens":
        return words.sold_already(market.params, ticket.draft, why.available, why.waiting)
    return closed(market, await uow.markets.state(market.id)) or words.cannot_trade("over")
