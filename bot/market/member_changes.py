"""What an admin changes about a member: their name, whether they may buy, whether they are ranked; told and logged."""

from __future__ import annotations

from bot.grammar.members import MemberChange
from bot.market.context import Context
from bot.market.decisions import note
from storage.records import BARRED, Json, Market, Member, Notice, NoticeAudience, OrderStatus, Payload
from storage.unit_of_work import UnitOfWork

ROOM = "room"
_WAITING = 1_000  # more than anybody keeps in the book


async def apply(ctx: Context, uow: UnitOfWork, market: Market, member: Member, change: MemberChange) -> None:
    """Make the change, in this unit: with the next tick nothing of who is barred waits any more."""
    await ctx.known(uow)
    if change.kind == "rename":
        await uow.people.lock(await uow.people.primary_id(member.person))
    await uow.markets.lock(market.id)
    before, after = _facts(member, change)
    if change.kind == "rename":
        await uow.members.rename(market.id, member.person, change.text)
        await _rename_in_room(uow, market, member.person, change.text)
    elif change.kind in {"bar", "unbar"}:
        await uow.members.set_barred(market.id, member.person, change.text if change.kind == "bar" else None)
    else:
        await uow.members.set_unranked(market.id, member.person, unranked=change.kind == "unranked")
    if change.kind == "bar":
        after = {**after, "orders": await _return_orders(ctx, uow, market, member.person)}
    reason = "" if change.kind == "rename" else change.text
    await note(ctx, uow, market, change.kind, before, after, reason)
    payload: Payload = {"change": change.kind, "text": change.text}
    notice = Notice(kind="account_changed", audience=NoticeAudience.PERSON, payload=payload, person=member.person)
    await uow.outbox.add(market.id, notice, ctx.now_ms)


def _facts(member: Member, change: MemberChange) -> tuple[Payload, Payload]:
    """What it was and what it is, for the log."""
    who: Payload = {"user": member.person}
    if change.kind == "rename":
        return {"name": member.name}, {**who, "name": change.text}
    if change.kind in {"bar", "unbar"}:
        return {"barred": member.barred is not None}, {**who, "barred": change.kind == "bar"}
    return {"unranked": member.unranked}, {**who, "unranked": change.kind == "unranked"}


async def _rename_in_room(uow: UnitOfWork, market: Market, person: int, name: str) -> None:
    """For who talks in a room of the market under that name."""
    rooms = [chat.external_id for chat in await uow.chats.of_market(market.id) if chat.platform == ROOM]
    if rooms and any(identity.platform == ROOM for identity in await uow.people.identities(person)):
        await uow.people.rename(person, name)
        for room in rooms:
            await uow.room.rename(room, await uow.people.all_ids(person), name)


async def _return_orders(ctx: Context, uow: UnitOfWork, market: Market, person: int) -> list[Json]:
    """Those on their way are refused at once, those in the book leave it with the next tick; all their numbers."""
    waiting = await uow.orders.of(market.id, person, open_only=True, n=_WAITING)
    await uow.orders.refuse_pending(market.id, BARRED, person)
    for order in waiting:
        if order.status is OrderStatus.PENDING:
            refused = Notice(
                kind="order",
                audience=NoticeAudience.PERSON,
                payload={"order": order.number},
                person=person,
                ticket=order.ticket,
            )
            await uow.outbox.add(market.id, refused, ctx.now_ms)
    if any(order.status is OrderStatus.RESTING for order in waiting):
        payload: Payload = {"user": person, "order": None}
        request = f"bar:{market.id}:{person}:{ctx.now_ms}"
        admin, _ = await ctx.known(uow)
        await uow.actions.append(market.id, "cancel", payload, actor=admin.id, request_id=request, now_ms=ctx.now_ms)
    numbers: list[Json] = [order.number for order in reversed(waiting)]
    return numbers
