"""One's own orders: what waits, and taking it back."""

from __future__ import annotations

from bot.chat.permissions import Role
from bot.chat.reply import Reply
from bot.commands.account import try_line
from bot.grammar.book import OrderArg, OrderNumber
from bot.grammar.command import command
from bot.grammar.listed import OwnOrderArg
from bot.grammar.types import NumberArg
from bot.market.context import Context, MarketView, Participant, Snapshot
from bot.market.proof_files import proof_files
from bot.market.quotes import closed
from bot.words import keys as words_keys
from bot.words import orders as words
from bot.words import proofs as words_proofs
from bot.words.refusals import cannot_trade
from storage.keys import Scope
from storage.proofs.proving import Unproved
from storage.records import (
    OPEN_ORDERS,
    Declined,
    Market,
    Notice,
    NoticeAudience,
    OrderRow,
    OrderStatus,
    Payload,
)
from storage.unit_of_work import UnitOfWork

_SHOWN = 15
_WAITING = 200  # more than anybody keeps in the book


@command("cancel", role=Role.MEMBER, by_key=[Scope.TRADE], examples=("/cancel 7", "/cancel all"))
async def cancel_order(ctx: Context, *, market: MarketView, participant: Participant, order: OrderArg) -> Reply:
    """Take back an order that waits, or all of them.

    What has not traded comes back with the next tick, to the millionth. It works while trading is frozen, too.
    """
    async with ctx.db.writing() as uow:
        reply = await _cancel(ctx, uow, market.record, participant.member.person, order)
        await uow.commit()
    return reply


@command("orders", role=Role.MEMBER, any_rules=True, examples=("/orders",))
async def orders(ctx: Context, *, market: MarketView, participant: Participant, snapshot: Snapshot) -> Reply:
    """See your orders: those that wait, with what is set aside for them, and those that have run."""
    person, uow = participant.member.person, snapshot.uow
    waiting = await uow.orders.of(market.id, person, open_only=True, n=_WAITING)
    latest = await uow.orders.of(market.id, person, n=_SHOWN + len(waiting))
    recent = [order for order in latest if order.status not in OPEN_ORDERS][:_SHOWN]
    return words.orders(market.record.params, waiting, recent, ctx.person_id, try_line(market))


@command("receipt", role=Role.MEMBER, any_rules=True, heavy=True, examples=("/receipt 7",))
async def receipt(
    ctx: Context, *, market: MarketView, participant: Participant, snapshot: Snapshot, order: OwnOrderArg
) -> Reply:
    """Get the proof of an order of yours as a file that anybody can check without this bot.

    order: its number as /orders shows it
    """
    own = await snapshot.uow.orders.get(market.id, order)
    if own is None or own.person != participant.member.person:
        return words.not_yours(order)
    files = await proof_files(snapshot.uow, market.record, own)
    if isinstance(files, Unproved):
        return words_proofs.no_receipt(files, order)
    return words_proofs.receipt(order, files, undone=own.status is OrderStatus.CUT)


@command("order cancel", role=Role.OWNER, by_key=[Scope.TRADE], hidden=True)
async def press_cancel(ctx: Context, *, market: NumberArg, order: OrderArg) -> Reply:
    """Take back an order of one market, whichever the chat holds now.

    market: its number
    """
    async with ctx.db.writing() as uow:
        record = await uow.markets.get(market)
        member = await uow.members.get(market, ctx.person.id) if record and ctx.person else None
        if record is None or member is None:
            return words.not_yours(order.number) if order.number is not None else words.nothing_waits()
        reply = await _cancel(ctx, uow, record, member.person, order)
        await uow.commit()
    return reply


async def _cancel(ctx: Context, uow: UnitOfWork, market: Market, person: int, which: OrderNumber) -> Reply:
    """Orders no tick has run go at once; those in the book are asked for and go with the next tick. A program takes
    back its own alone."""
    key = ctx.invocation.key
    if which.number is not None:
        order = await uow.orders.get(market.id, which.number)
        if order is None or order.person != person:
            return words.not_yours(which.number)
        if key is not None and order.key != key:
            return words_keys.not_its_order(order)
        if order.status is OrderStatus.CANCELLED and order.tick is None:
            return words.taken_back(market.params, [order])
        if order.status not in OPEN_ORDERS:
            return words.gone(order)
        waiting = [order]
    else:
        every = await uow.orders.of(market.id, person, open_only=True, n=_WAITING)
        waiting = [order for order in every if key is None or order.key == key]
    if not waiting:
        return words.nothing_waits()
    withdrawn = await uow.orders.withdraw(market.id, person, which.number, key=key)
    await uow.outbox.add_many(market.id, [_on_its_ticket(order) for order in withdrawn if order.ticket], ctx.now_ms)
    resting = [order for order in waiting if order.status is OrderStatus.RESTING]
    if not resting:
        return words.taken_back(market.params, withdrawn)
    if isinstance(await _ask(ctx, uow, market, person, which, resting), Declined):
        return closed(market, await uow.markets.state(market.id)) or cannot_trade("over")
    return words.asked(market.params, resting, withdrawn, every=which.number is None)


def _on_its_ticket(order: OrderRow) -> Notice:
    """The message that said that the order runs with the next tick becomes its receipt."""
    return Notice(
        kind="order",
        audience=NoticeAudience.PERSON,
        payload={"order": order.number},
        person=order.person,
        ticket=order.ticket,
    )


async def _ask(
    ctx: Context, uow: UnitOfWork, market: Market, person: int, which: OrderNumber, resting: list[OrderRow]
) -> Declined | None:
    """Queue the cancel; asked twice before it has run, it is queued once."""
    every = which.number is None and ctx.invocation.key is None
    for number in [None] if every else [order.number for order in resting]:
        name = f"cancel:{market.id}:{person}:{market.tick}:{number or 'all'}"
        payload: Payload = {"user": person, "order": number}
        asked = await uow.actions.append(market.id, "cancel", payload, actor=person, request_id=name, now_ms=ctx.now_ms)
        if isinstance(asked, Declined):
            return asked
    return None
