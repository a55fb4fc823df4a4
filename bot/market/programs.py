"""Programs in a market: keys made and revoked, and how an admin has a market take what they do."""

from __future__ import annotations

from bot.chat.reply import Reply
from bot.market.context import Context, MarketView
from bot.market.decisions import note
from bot.words import keys as words
from storage.keys import Key
from storage.records import Declined, Json, Member, Notice, NoticeAudience, OrderStatus
from storage.unit_of_work import UnitOfWork

_WAITING = 1_000  # more than a key may have


async def switch(ctx: Context, market: MarketView, value: str | None) -> Reply:
    """`/admin set keys`: at once, in the log and told in the chats."""
    if value is None:
        return words.ask_switch(market.record)
    word = value.strip().casefold()
    if word not in words.SWITCH:
        return words.no_switch(value)
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        record = await uow.markets.lock(market.id)
        if record.keys == word:
            return words.switched_already(word)
        await uow.markets.set_keys(record.id, word)
        await note(ctx, uow, record, "set", {"keys": record.keys}, {"keys": word})
        if words.is_told(record):
            notice = Notice(kind="keys", audience=NoticeAudience.CHAT, payload={"keys": word}, key="keys")
            await uow.outbox.add(record.id, notice, ctx.now_ms)
        await uow.commit()
    return words.switched(record, word)


async def revoke(uow: UnitOfWork, key: Key, member: Member | None, actor: int, now_ms: int) -> int:
    """It is good for nothing any more, and its orders that wait are taken back: how many."""
    await uow.markets.lock(key.market)
    await uow.keys.revoke(key, now_ms)
    if member is None:
        return 0
    withdrawn = await uow.orders.withdraw(key.market, member.person, None, key=key.id)
    waiting = await uow.orders.of(key.market, member.person, open_only=True, n=_WAITING)
    resting = [order for order in waiting if order.key == key.id and order.status is OrderStatus.RESTING]
    for order in resting:
        payload: dict[str, Json] = {"user": member.person, "order": order.number}
        request = f"revoke:{key.market}:{order.number}"
        asked = await uow.actions.append(key.market, "cancel", payload, actor=actor, request_id=request, now_ms=now_ms)
        if isinstance(asked, Declined):  # the market is over: they have come back
            return len(withdrawn)
    return len(withdrawn) + len(resting)
