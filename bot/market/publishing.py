"""`/admin set public`: whoever has a market's link may watch it, or nobody may any more."""

from __future__ import annotations

from bot.chat.reply import Reply
from bot.grammar.types import code_of
from bot.market.context import Context, MarketView
from bot.market.decisions import note
from bot.words import watching as words
from storage.records import Market, Member, Notice, NoticeAudience
from storage.unit_of_work import UnitOfWork

_ON, _OFF = frozenset({"on", "yes", "true"}), frozenset({"off", "no", "false"})


async def change(ctx: Context, market: MarketView, value: str | None, confirm: str | None) -> Reply:
    """What it would show is shown first; to end it asks nothing."""
    record, typed = market.record, (value or "").strip().casefold()
    if value is None:
        return words.asked(record)
    if typed not in _ON | _OFF:
        return words.not_a_switch(value)
    public = typed in _ON
    if public is record.public:
        return words.already(record, ctx.public_url)
    code = code_of("public", record.id, record.status.value)
    if public and confirm != code:
        async with ctx.db.reading() as uow:
            members = len(await _untold(uow, record))
        again = f"/admin set public on confirm={code}"
        return words.preview(record, members, ctx.public_url, again, ctx.person_id, stale=bool(confirm))
    return await _set(ctx, record, public=public)


async def _set(ctx: Context, record: Market, *, public: bool) -> Reply:
    async with ctx.db.writing() as uow:
        await ctx.known(uow)
        now = await uow.markets.lock(record.id)
        if now.public is public:
            return words.already(now, ctx.public_url)
        untold = await _untold(uow, record) if public else []
        await uow.watching.set_public(record.id, public=public)
        await note(ctx, uow, record, "set", {"public": _word(not public)}, {"public": _word(public)})
        notices = [Notice(kind="watched", audience=NoticeAudience.PERSON, payload={}, person=member.person)
                   for member in untold]  # fmt: skip
        if words.is_told_in_chats(record):
            payload = {"on": public, "address": ctx.public_url}
            notices.append(Notice(kind="public", audience=NoticeAudience.CHAT, payload=payload, key="public"))
        await uow.outbox.add_many(record.id, notices, ctx.now_ms)
        await uow.commit()
    return words.turned_on(now, ctx.public_url) if public else words.turned_off(now)


async def _untold(uow: UnitOfWork, record: Market) -> list[Member]:
    """Each member is told once: when it first becomes public, or as they join while it is."""
    changes = await uow.audit.of_action(record.id, "set")
    since = max((row.ts_ms for row in changes if row.after.get("public") == _word(False)), default=0)
    return [member for member in await uow.members.of(record.id) if member.joined_ms >= since]


def _word(on: bool) -> str:
    return "on" if on else "off"
